"""Tags, language and mood: what messages set, what is only suggested, and what people decide for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from inbox import learning
from inbox.actions import _built_in_tags, receiving, tag_rules, tagging, tagging_work, triaging
from inbox.actions.receiving import Arrival
from inbox.actions.tagging_work import ModelSaid, Reading, Readings
from inbox.exchange import InboundMessage
from inbox.learning.languages import UNHEARD
from inbox.models import (
    Brand,
    BrandSequence,
    Channel,
    Conversation,
    ConversationTag,
    Event,
    EventKind,
    Example,
    LearnedModel,
    ModelKind,
    Person,
    SetBy,
    SlaPolicy,
    Tag,
    TagRule,
    TagState,
)
from inbox.queries import corrections
from inbox.queries import tag_rules as tag_rule_runs
from inbox.queries.tag_knowledge import KnownTag
from inbox.rules import tagging as tagging_rules
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)
needs_the_model = pytest.mark.skipif(
    not learning.MODEL_INSTALLED, reason="the group `learning` is not installed"
)
needs_languages = pytest.mark.skipif(
    not learning.LANGUAGES_INSTALLED, reason="the group `learning` is not installed"
)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    _built_in_tags.give(made.brand)
    return made


@pytest.fixture
def agent(channel: Channel) -> Person:
    return people.agent_of(channel.brand)


def say(channel: Channel, *texts: str, seconds: float = 0, **fields: Any) -> Conversation:
    """The customer writes, and triage looks at it."""
    for number, text in enumerate(texts):
        said = exchange.wrote(text, seconds=seconds + number, **fields)
        receiving.receive(arrivals=[Arrival(channel.pk, said)], now=said.sent_at + timedelta(seconds=1))
    look(channel, exchange.at(seconds + len(texts) + 1))
    return Conversation.objects.order_by("-pk").get(thread_key=fields.get("who", "mara"))


def look(channel: Channel, now: datetime) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=now)


def tag(channel: Channel, key: str) -> Tag:
    return Tag.objects.get(brand=channel.brand, key=key)


def states(conversation: Conversation) -> dict[str, tuple[str, str]]:
    rows = ConversationTag.objects.filter(conversation=conversation).select_related("tag")
    return {row.tag.key or row.tag.name: (row.state, row.set_by) for row in rows}


def test_a_rule_sets_its_tag_and_says_which_word_it_heard(channel: Channel) -> None:
    conversation = say(channel, "I want a refund, please")
    row = ConversationTag.objects.get(conversation=conversation, tag__key="refund")
    assert (row.state, row.set_by, row.rule.name, row.because) == (
        "set",
        "rule",
        "Words for refund",
        "refund*",
    )
    assert row.message.text == "I want a refund, please"
    assert "refund" in conversation.tags
    told = Event.objects.get(kind=EventKind.TAGGED, data__tag="refund")
    assert told.actor is None and told.data["by"] == "rule" and told.data["because"] == "refund*"


@needs_the_model
def test_a_model_without_corrections_suggests_and_sets_nothing(channel: Channel) -> None:
    TagRule.objects.all().delete()
    conversation = say(channel, "the parcel I ordered still has not come, where might it be")
    assert states(conversation)["order_status"] == (TagState.SUGGESTED, SetBy.MODEL)
    assert conversation.tags == [] and not Event.objects.filter(kind=EventKind.TAGGED).exists()
    row = ConversationTag.objects.get(conversation=conversation, tag__key="order_status")
    assert row.model_version == 0 and 0.35 <= row.confidence <= 1


@needs_the_model
def test_a_model_sets_what_it_is_sure_of(channel: Channel) -> None:
    from inbox.learning import encoder, lessons  # needs the packages

    TagRule.objects.all().delete()
    reads = encoder.installed()
    assert reads is not None
    LearnedModel.objects.create(
        brand=channel.brand, kind=ModelKind.TAGS, version=7, in_use=True, fitted_at=exchange.at(0), examples=0,
        report={"sure_above": {"order_status": 0.5}}, weights=lessons.first(ModelKind.TAGS, reads).dump(),
    )  # fmt: skip
    conversation = say(channel, "the parcel I ordered still has not come, where might it be")
    assert states(conversation)["order_status"] == (TagState.SET, SetBy.MODEL)
    told = Event.objects.get(kind=EventKind.TAGGED)
    assert told.data["by"] == "model" and told.data["version"] == 7 and told.data["confidence"] > 0.5


def test_the_same_words_again_change_nothing(channel: Channel) -> None:
    say(channel, "I want a refund")
    say(channel, "I said: a refund", seconds=60)
    assert Event.objects.filter(kind=EventKind.TAGGED, data__tag="refund").count() == 1


def test_what_a_person_took_off_is_never_set_again_by_itself(channel: Channel, agent: Person) -> None:
    conversation = say(channel, "I want a refund")
    tagging.undo_tag(conversation=conversation, tag=tag(channel, "refund"), by=agent, now=exchange.at(10))
    conversation = say(channel, "refund refund refund", seconds=60)
    assert states(conversation)["refund"][0] == TagState.UNDONE
    assert "refund" not in conversation.tags
    # A person may.
    tagging.set_tag(conversation=conversation, tag=tag(channel, "refund"), by=agent, now=exchange.at(100))
    conversation.refresh_from_db()
    assert conversation.tags == ["refund"] and states(conversation)["refund"] == (TagState.SET, SetBy.PERSON)


def test_each_decision_of_a_person_is_an_example(channel: Channel, agent: Person) -> None:
    conversation = say(channel, "I want a refund")
    refund, complaint = tag(channel, "refund"), tag(channel, "complaint")
    tagging.undo_tag(conversation=conversation, tag=refund, by=agent, now=exchange.at(10))
    tagging.set_tag(conversation=conversation, tag=complaint, by=agent, now=exchange.at(11))
    taught = Example.objects.order_by("pk")
    assert [(one.holds, one.fails, one.message.text) for one in taught] == [
        ([], ["refund"], "I want a refund"),
        (["complaint"], [], "I want a refund"),
    ]


def test_saying_it_twice_teaches_once(channel: Channel, agent: Person) -> None:
    conversation = say(channel, "hello there")
    for _ in range(2):
        tagging.set_tag(conversation=conversation, tag=tag(channel, "job"), by=agent, now=exchange.at(10))
    assert Example.objects.count() == 1
    assert Event.objects.filter(kind=EventKind.TAGGED, actor=agent).count() == 1


@needs_the_model
def test_a_suggestion_is_accepted_or_refused(channel: Channel, agent: Person) -> None:
    TagRule.objects.all().delete()
    conversation = say(channel, "the parcel I ordered still has not come, where might it be")
    tagging.set_tag(
        conversation=conversation, tag=tag(channel, "order_status"), by=agent, now=exchange.at(10)
    )
    assert Event.objects.get(kind=EventKind.TAGGED).data["accepted"] is True
    other = say(channel, "my package is lost, any news of the delivery?", who="tom")
    tagging.undo_tag(conversation=other, tag=tag(channel, "order_status"), by=agent, now=exchange.at(20))
    assert Event.objects.get(kind=EventKind.UNTAGGED).data["refused"] is True
    assert [(one.holds, one.fails) for one in Example.objects.order_by("pk")] == [
        (["order_status"], []),
        ([], ["order_status"]),
    ]


def test_another_brands_tag_is_refused(channel: Channel, agent: Person) -> None:
    elsewhere = people.ChannelFactory()
    _built_in_tags.give(elsewhere.brand)
    conversation = say(channel, "hello")
    with pytest.raises(tagging.NotThisBrandsTag):
        tagging.set_tag(
            conversation=conversation, tag=tag(elsewhere, "refund"), by=agent, now=exchange.at(10)
        )


def test_a_rule_that_was_switched_off_sets_nothing(channel: Channel) -> None:
    TagRule.objects.filter(tag__key="refund").update(is_active=False)
    assert "refund" not in say(channel, "I want a refund").tags


@pytest.mark.parametrize("how", ["removed", "switched off"])
def test_a_rule_that_goes_while_its_message_is_read_sets_nothing_and_keeps_nobody_waiting(
    how: str, channel: Channel, agent: Person
) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="Everybody", first_response=600)
    said = exchange.wrote("I want a refund")
    receiving.receive(arrivals=[Arrival(channel.pk, said)], now=exchange.at(1))
    batch = triaging.next_batch(channel.brand_id)
    readings = tagging_work.read(channel.brand, triaging.messages_of(batch))
    rule = TagRule.objects.get(tag__key="refund")
    if how == "removed":
        tag_rules.remove(rule=rule, by=agent, now=exchange.at(2))
    else:
        tag_rules.switch(rule=rule, active=False, by=agent, now=exchange.at(2))

    assert triaging.triage(batch, readings, now=exchange.at(3))

    conversation = Conversation.objects.get()
    assert conversation.tags == [] and not ConversationTag.objects.filter(set_by=SetBy.RULE).exists()
    assert conversation.due_at == exchange.at(600)


def test_what_was_read_and_cannot_be_kept_costs_tags_and_no_clock(channel: Channel) -> None:
    """A tag of which nobody knows any more: its row cannot be written."""
    SlaPolicy.objects.create(brand=channel.brand, name="Everybody", first_response=600)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote("Hello"))], now=exchange.at(1))
    batch = triaging.next_batch(channel.brand_id)
    [message] = triaging.messages_of(batch)
    said = ModelSaid(KnownTag(0, "gone", "gone"), confidence=0.9, version=1, sure=True)
    reading = Reading(message.pk, UNHEARD, words=1, rules=(), models=(said,), mood=None)

    assert triaging.triage(batch, Readings({message.conversation_id: [reading]}), now=exchange.at(3))

    assert Conversation.objects.get().due_at == exchange.at(600)


@needs_languages
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo bleibt meine Bestellung, ich warte seit zwei Wochen?", "de"),
        ("Bonjour, je voudrais savoir où est mon colis", "fr"),
        ("Vorrei sapere quando arriva il mio ordine", "it"),
        ("佐藤です。注文について質問があります", ""),
        ("👍", ""),
    ],
)
def test_the_language_is_one_of_the_brands_or_unknown(channel: Channel, text: str, language: str) -> None:
    assert say(channel, text).language == language


@needs_languages
@pytest.mark.parametrize("among", [["en", "de", "fr", "es", "it", "pt"], ["en", "de"]])
def test_words_that_any_language_could_be_tell_none_and_the_first_that_do_tell_it(
    channel: Channel, among: list[str]
) -> None:
    Brand.objects.filter(pk=channel.brand_id).update(languages=among)
    channel.brand.refresh_from_db()

    first = [
        say(channel, text, who=text).language
        for text in ("Hi", "ok", "no", "DM", "refund", "Order 1234 broken")
    ]
    told = say(channel, "Where is the lamp that I ordered?", who="Hi", seconds=60)

    assert (first, told.language) == ([""] * 6, "en")


@needs_languages
def test_a_rule_for_a_language_is_met_in_it_and_not_by_what_could_be_any(channel: Channel) -> None:
    TagRule.objects.create(
        brand=channel.brand, tag=tag(channel, "job"), name="Berlin", condition={"words": ["hi", "info"], "languages": ["de"]}
    )  # fmt: skip

    asked = say(channel, "Hi", "info")
    german = say(channel, "Guten Tag, ich habe noch eine Frage zu Ihnen", "info", who="tom")

    assert ("job" in states(asked), states(german)["job"]) == (False, (TagState.SET, SetBy.RULE))
    ran = tag_rule_runs.dry_run(
        channel.brand, tagging_rules.parse({"words": ["hi", "info"], "languages": ["de"]}), tag_name="job", now=exchange.at(60)
    )  # fmt: skip
    assert [(match.message.text, match.message.conversation) for match in ran.matches] == [("info", german)]


@needs_languages
def test_a_short_word_does_not_change_the_language_and_a_sentence_does(channel: Channel) -> None:
    say(channel, "Guten Tag, wann wird meine Bestellung endlich geliefert?")
    assert say(channel, "ok thanks", seconds=60).language == "de"
    changed = say(channel, "Sorry, may I write in English from now on? It is easier for me", seconds=120)
    assert changed.language == "en"


def test_a_clear_word_sets_the_mood_and_a_person_has_the_last_word(channel: Channel, agent: Person) -> None:
    conversation = say(channel, "This is absolutely unacceptable")
    assert (conversation.sentiment, conversation.sentiment_set_by) == ("negative", "rule")
    tagging.set_sentiment(conversation=conversation, sentiment="neutral", by=agent, now=exchange.at(10))
    conversation = say(channel, "unacceptable and horrible", seconds=60)
    assert (conversation.sentiment, conversation.sentiment_set_by) == ("neutral", "person")
    taught = Example.objects.get(kind=ModelKind.SENTIMENT)
    assert (taught.holds, taught.fails) == (["neutral"], ["negative"])


@needs_the_model
def test_a_later_guess_says_nothing_of_the_mood_that_is_set(channel: Channel) -> None:
    conversation = say(channel, "Hello")
    set_by_the_model = {
        "sentiment": "positive",
        "sentiment_set_by": "model",
        "sentiment_confidence": 0.97,
        "sentiment_version": 3,
    }
    Conversation.objects.filter(pk=conversation.pk).update(**set_by_the_model)

    conversation = say(
        channel, "you have been ignoring me for weeks and I am really upset with you", seconds=60
    )

    assert conversation.sentiment_suggested == "negative"
    assert {name: getattr(conversation, name) for name in set_by_the_model} == set_by_the_model


@needs_the_model
def test_a_mood_without_a_clear_word_is_only_suggested(channel: Channel) -> None:
    conversation = say(channel, "you have been ignoring me for weeks and I am really upset with you")
    assert conversation.sentiment == "" and conversation.sentiment_suggested == "negative"


def angry_then_glad(channel: Channel) -> tuple[InboundMessage, Conversation]:
    """The first message, and the conversation after the second."""
    angry = exchange.wrote("This is unacceptable")
    arrive(channel, angry)
    look(channel, exchange.at(2))
    assert Conversation.objects.get().sentiment == "negative"
    conversation = say(channel, "amazing, thank you so much!", seconds=60)
    assert conversation.sentiment == "positive"
    return angry, conversation


def arrive(channel: Channel, *events: Any, seconds: float = 1) -> None:
    arrivals = [Arrival(channel.pk, event) for event in events]
    receiving.receive(arrivals=arrivals, now=exchange.at(seconds))


@pytest.mark.parametrize("what", ["a heart", "an edit", "another that was written before"])
def test_the_mood_is_that_of_the_newest_words(what: str, channel: Channel) -> None:
    angry, conversation = angry_then_glad(channel)
    late = exchange.wrote("unacceptable and horrible", seconds=30)
    news = {"a heart": exchange.reacted(angry, seconds=90), "an edit": exchange.edited(angry, "Horrible!")}

    arrive(channel, news.get(what, late), seconds=100)
    look(channel, exchange.at(101))

    conversation.refresh_from_db()
    assert (conversation.sentiment, conversation.sentiment_set_by) == ("positive", "rule")


def test_the_mood_changes_with_the_newest_words_themselves(channel: Channel) -> None:
    angry_then_glad(channel)
    asked = exchange.wrote("Where is my parcel?", seconds=120)
    arrive(channel, asked, exchange.wrote("Hello", seconds=110), seconds=121)
    look(channel, exchange.at(122))
    assert Conversation.objects.get().sentiment == "positive"

    arrive(channel, exchange.edited(asked, "This is unacceptable", seconds=130), seconds=131)
    look(channel, exchange.at(132))

    assert Conversation.objects.get().sentiment == "negative"


def test_the_mood_of_a_conversation_that_has_none_is_taken_from_what_came_late(channel: Channel) -> None:
    say(channel, "#4711", seconds=60)
    Conversation.objects.update(sentiment="", sentiment_suggested="")

    say(channel, "This is unacceptable", seconds=0)

    assert Conversation.objects.get().sentiment == "negative"


@needs_languages
@pytest.mark.parametrize(
    ("language", "few", "many"),
    [
        ("ja", "はい", "注文した商品がまだ届いていません"),
        ("th", "ค่ะ", "ยังไม่ได้รับพัสดุเลยค่ะ"),
        ("zh", "好的", "我的包裹还没有到，请帮我查一下"),
    ],
)
def test_a_sentence_without_blanks_changes_the_language_too(
    channel: Channel, language: str, few: str, many: str
) -> None:
    Brand.objects.filter(pk=channel.brand_id).update(languages=["en", language])
    channel.brand.refresh_from_db()
    say(channel, "Hello, where is the lamp that I ordered?")
    assert say(channel, few, seconds=60).language == "en"
    assert say(channel, many, seconds=120).language == language


@needs_languages
def test_the_language_is_not_taken_back_by_an_older_sentence(channel: Channel) -> None:
    first = exchange.wrote("Guten Tag, wann wird meine Bestellung endlich geliefert?")
    arrive(channel, first)
    look(channel, exchange.at(2))
    assert (
        say(channel, "Sorry, may I write in English from now on? It is easier", seconds=60).language == "en"
    )

    late = exchange.wrote("Ich habe sie vor zwei Wochen bei Ihnen bestellt", seconds=30)
    arrive(channel, exchange.edited(first, "Guten Tag, wo bleibt denn meine Bestellung?"), late, seconds=100)
    look(channel, exchange.at(101))

    assert Conversation.objects.get().language == "en"


def test_a_rule_sets_nothing_by_what_is_only_done_to_an_older_message(channel: Channel) -> None:
    TagRule.objects.filter(tag__key="refund").update(is_active=False)
    asked = exchange.wrote("I want a refund")
    arrive(channel, asked)
    look(channel, exchange.at(2))
    TagRule.objects.filter(tag__key="refund").update(is_active=True)

    arrive(channel, exchange.reacted(asked, seconds=30), seconds=31)
    look(channel, exchange.at(32))
    assert "refund" not in Conversation.objects.get().tags

    arrive(channel, exchange.edited(asked, "I want a refund now", seconds=60), seconds=61)
    look(channel, exchange.at(62))
    assert "refund" in Conversation.objects.get().tags


def test_a_suggestion_is_told_to_open_pages_where_nothing_else_has_changed(channel: Channel) -> None:
    said = exchange.wrote("Hello")
    arrive(channel, said)
    look(channel, exchange.at(2))
    arrive(channel, exchange.edited(said, "Hello there", seconds=60), seconds=61)
    batch = triaging.next_batch(channel.brand_id)
    [message] = triaging.messages_of(batch)
    cancel = tag(channel, "cancel")
    guess = ModelSaid(KnownTag(cancel.pk, cancel.name, "cancel"), confidence=0.6, version=0, sure=False)
    reading = Reading(message.pk, UNHEARD, words=2, rules=(), models=(guess,), mood=None)
    before = Event.objects.filter(kind=EventKind.TRIAGED).count()

    triaging.triage(batch, Readings({message.conversation_id: [reading]}), now=exchange.at(62))

    assert states(Conversation.objects.get()) == {"cancel": (TagState.SUGGESTED, SetBy.MODEL)}
    [told] = Event.objects.filter(kind=EventKind.TRIAGED).order_by("seq")[before:]
    assert told.data["columns"] == ["tags"]


@needs_the_model
def test_a_yes_to_one_tag_says_nothing_against_those_that_stand_there(
    channel: Channel, agent: Person
) -> None:
    conversation = say(channel, "The lamp came broken, I want a refund")
    assert states(conversation)["refund"] == (TagState.SET, SetBy.RULE)

    tagging.set_tag(conversation=conversation, tag=tag(channel, "complaint"), by=agent, now=exchange.at(10))
    tagging.undo_tag(conversation=conversation, tag=tag(channel, "job"), by=agent, now=exchange.at(11))

    from inbox.learning import lessons  # needs the packages

    [learned] = lessons.merged(corrections.of(channel.brand_id, ModelKind.TAGS, limit=10)[1])
    assert (learned.holds, learned.beside) == ({"complaint"}, {"refund"})
    assert learned.judges("complaint") and learned.judges("praise") and not learned.judges("refund")


def test_without_the_learning_packages_rules_still_work(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.learning.MODEL_INSTALLED", False)
    monkeypatch.setattr("inbox.learning.LANGUAGES_INSTALLED", False)
    conversation = say(channel, "I want a refund")
    assert conversation.tags == ["refund"] and conversation.language == ""
    assert not ConversationTag.objects.filter(set_by=SetBy.MODEL).exists()


@needs_languages
def test_rules_work_where_none_of_the_brands_languages_is_known(channel: Channel) -> None:
    channel.brand.languages = ["gr", "ua"]
    channel.brand.save(update_fields=["languages"])

    conversation = say(channel, "I want a refund")

    assert (conversation.tags, conversation.language) == (["refund"], "")


def test_the_beginners_set_is_given_once_and_never_changes_what_is_there(channel: Channel) -> None:
    tag(channel, "job").delete()
    Tag.objects.filter(key="refund").update(name="money back", weight=99)
    _built_in_tags.give(channel.brand)
    assert Tag.objects.filter(brand=channel.brand).count() == 10
    assert Tag.objects.get(key="refund").weight == 99
    assert TagRule.objects.filter(tag__key="refund").count() == 1


def test_five_hundred_messages_are_read_and_tagged_with_a_handful_of_statements(
    channel: Channel, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        said = exchange.wrote("I want a refund", who=f"p{number}")
        receiving.receive(arrivals=[Arrival(channel.pk, said)], now=exchange.at(1))
    batch = triaging.next_batch(channel.brand_id)
    messages = triaging.messages_of(batch)
    with django_assert_max_num_queries(6):
        readings = tagging_work.read(channel.brand, messages)
    with django_assert_max_num_queries(30):
        assert triaging.triage(batch, readings, now=exchange.at(2))
    assert Conversation.objects.filter(tags__contains=["refund"]).count() == 30
