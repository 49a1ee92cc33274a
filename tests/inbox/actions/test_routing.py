"""Who gets what, through the doors of the product: on arrival, on resolving, when somebody comes, and by the sweep."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inbox import learning, tasks
from inbox.actions import (
    _by_brand,
    assigning,
    attending,
    bulk,
    closing,
    prioritising,
    receiving,
    replying,
    routing,
    running_macros,
    sending,
    snoozing,
    tagging_work,
    teaming,
    timing,
    triaging,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import Origin, ThreadKind
from inbox.models import (
    Brand,
    BrandSequence,
    BulkAct,
    BulkRun,
    Channel,
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Focus,
    FocusStanding,
    Macro,
    Outcome,
    Person,
    Presence,
    PresenceState,
    Priority,
    RoutingDecision,
    RoutingSettings,
    RoutingTicket,
    SlaPolicy,
)
from inbox.queries import routing_queue, routing_shown, sentences
from tests.factories import exchange, people, teams
from tests.inbox.actions.holding import held
from tests.threads import at_once

pytestmark = pytest.mark.django_db
really_commits = pytest.mark.django_db(transaction=True)
at = exchange.at


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    teams.routed(made.brand)
    return made


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def ada(brand: Brand) -> Person:
    return teams.person(brand, "Ada", seen=at(0))


@pytest.fixture
def jo(brand: Brand) -> Person:
    return teams.person(brand, "Jo", seen=at(0))


def write(
    channel: Channel,
    text: str = "Where is my parcel?",
    *,
    who: str = "mara",
    seconds: float = 0,
    reads: bool = False,
) -> Conversation:
    """A customer writes, and triage looks. `reads`: at the words, too."""
    receiving.receive(
        arrivals=[Arrival(channel.pk, exchange.wrote(text, who=who, seconds=seconds))], now=at(seconds + 1)
    )
    triage(channel, at(seconds + 1), reads=reads)
    return Conversation.objects.get(channel=channel, thread_key=who)


def triage(channel: Channel, now: datetime, *, reads: bool = False) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        readings = tagging_work.read(channel.brand, triaging.messages_of(batch)) if reads else None
        triaging.triage(batch, readings, now=now)


def route(brand: Brand, seconds: float = 2, *, keep: tuple[Person, ...] = ()) -> int:
    """What the task does. `keep`: whose pages are open still."""
    attending.hear(present=[(brand.pk, person.pk) for person in keep], now=at(seconds))
    found = routing.worth_a_look(brand_id=brand.pk, now=at(seconds))
    return routing.route(brand_id=brand.pk, conversation_ids=found, now=at(seconds)) if found else 0


def give_many(brand: Brand, by: Person, *conversations: Conversation, seconds: float) -> BulkRun:
    """All to nobody, as many at once."""
    run = bulk.begin(
        brand=brand, by=by, act=BulkAct.ASSIGN, words="Assigned to nobody", value={"person": None, "name": "nobody"},
        seen_seq=0, now=at(seconds), seen={each.public_id: 0 for each in conversations},
    )  # fmt: skip
    return bulk.work(run_id=run.pk, now=at(seconds))


def who_has(conversation: Conversation) -> str:
    conversation.refresh_from_db()
    return conversation.assignee_name


def told(conversation: Conversation) -> list[str]:
    """The lines of the thread about who has it."""
    found = Event.objects.filter(
        conversation=conversation, kind__in=[EventKind.ASSIGNED, EventKind.UNASSIGNED]
    )
    return [sentences.of(event) for event in found.select_related("actor").order_by("seq")]


def decision(conversation: Conversation) -> RoutingDecision:
    return conversation.routing_decisions.order_by("-pk")[0]


def reasons(conversation: Conversation) -> dict[str, str]:
    """Of whom the router chose, and those it passed over then."""
    return {each["name"]: each["why"] for each in decision(conversation).candidates}


def reasons_now(conversation: Conversation, seconds: float) -> dict[str, str]:
    """While it waits: what keeps everybody from it, as the pane beside the thread says it at that moment."""
    return {each.name: each.why for each in routing_shown.of(conversation, now=at(seconds)).candidates}


def test_a_new_conversation_goes_to_the_least_busy_and_says_why_the_others_were_passed_over(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    sam = teams.person(brand, "Sam", seen=at(0), state=PresenceState.AWAY)
    rosa = teams.person(brand, "Rosa", seen=at(0), languages=["es"])
    busy = [write(channel, who=f"before{n}") for n in range(2)]
    for each in busy:
        assigning.assign(conversation=each, to=jo, by=jo, now=at(1))
    support = teams.team(brand, ada, jo, sam, rosa)
    mara = write(channel, "Where is my parcel? I have been waiting for it since Monday.")
    Conversation.objects.filter(pk=mara.pk).update(language="en")

    assert route(brand) == 1

    assert who_has(mara) == "Ada"
    assert (mara.team, mara.assignee_set_by) == (support, "routing")
    assert told(mara) == ["Assigned to Ada by routing · the least work of 2, 0 of 8"]
    assert reasons(mara) == {
        "Ada": "the least work of 2, 0 of 8",
        "Jo": "has more to do: 2 of 8",
        "Sam": "away",
        "Rosa": "does not speak English",
    }
    assert not RoutingTicket.objects.exists()


def test_equally_busy_colleagues_take_turns(channel: Channel, brand: Brand, ada: Person, jo: Person) -> None:
    teams.team(brand, ada, jo)

    got = []
    for turn in range(4):
        conversation = write(channel, who=f"c{turn}", seconds=turn * 5)
        route(brand, turn * 5 + 2)
        got.append(who_has(conversation))
        closing.resolve(conversation=conversation, by=ada, now=at(turn * 5 + 3))

    assert got == ["Ada", "Jo", "Ada", "Jo"]


def test_a_burst_is_shared_out_in_one_pass_and_nobody_gets_more_than_they_can_take(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    small = teams.person(brand, "Small", seen=at(0), capacity=2)
    teams.team(brand, ada, small)
    conversations = [write(channel, who=f"c{n}") for n in range(12)]

    assert route(brand) == 10

    names = [who_has(each) for each in conversations]
    assert (names.count("Ada"), names.count("Small"), names.count("")) == (8, 2, 2)
    left = next(each for each in conversations if not each.assignee_id)
    assert decision(left).outcome == Outcome.NOBODY
    assert reasons_now(left, 2) == {"Ada": "full: 8 of 8", "Small": "full: 2 of 2"}


def test_what_nobody_can_take_stays_says_why_once_and_goes_to_the_first_who_resolves_something(
    channel: Channel, brand: Brand
) -> None:
    ada = teams.person(brand, "Ada", seen=at(0), capacity=1)
    teams.team(brand, ada)
    first, second = write(channel, who="first"), write(channel, who="second")
    route(brand)
    before = BrandSequence.objects.get(brand=brand).last

    assert routing.worth_a_look(brand_id=brand.pk, now=at(5)) == []
    assert BrandSequence.objects.get(brand=brand).last == before
    assert (who_has(first), who_has(second)) == ("Ada", "")
    closing.resolve(conversation=first, by=ada, now=at(6))
    assert route(brand, 7) == 1

    assert who_has(second) == "Ada"
    assert [each.outcome for each in second.routing_decisions.all()] == [Outcome.ASSIGNED]


@pytest.mark.parametrize("how", ["snooze", "unassign"])
def test_whoever_sets_work_aside_has_room_again(how: str, channel: Channel, brand: Brand) -> None:
    ada = teams.person(brand, "Ada", seen=at(0), capacity=1)
    teams.team(brand, ada)
    first, second = write(channel, who="first"), write(channel, who="second")
    route(brand)

    if how == "snooze":
        snoozing.snooze(conversation=first, until=at(9000), by=ada, now=at(5))
    else:
        assigning.assign(conversation=first, to=None, by=ada, now=at(5))
    route(brand, 6)

    assert who_has(second) == "Ada"


def test_somebody_who_comes_gets_what_waited(channel: Channel, brand: Brand) -> None:
    ada = people.agent_of(brand, name="Ada")
    teams.team(brand, ada)
    mara = write(channel)
    route(brand)
    assert (who_has(mara), decision(mara).why) == ("", "nobody in the team is there")

    assert attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=at(9))
    route(brand, 10)

    assert who_has(mara) == "Ada"


def test_skills_are_tags_that_somebody_has(channel: Channel, brand: Brand, ada: Person) -> None:
    expert = teams.person(brand, "Expert", seen=at(0), skills=["refund"])
    teams.team(brand, ada, expert)
    Conversation.objects.filter(pk=(mara := write(channel)).pk).update(tags=["refund", "angry"])

    route(brand)

    assert who_has(mara) == "Expert"
    assert reasons(mara)["Ada"] == "not skilled in refund"
    assert decision(mara).asked == {"language": mara.language, "skills": ["refund"], "weight": 1}


@pytest.mark.parametrize("how", ["the person", "the membership"])
def test_a_skill_of_somebody_who_has_left_is_asked_of_nobody(
    how: str, channel: Channel, brand: Brand, ada: Person
) -> None:
    expert = teams.person(brand, "Expert", seen=at(0), skills=["refund"])
    teams.team(brand, ada, expert)
    if how == "the person":
        Person.objects.filter(pk=expert.pk).update(is_active=False)
    else:
        expert.memberships.all().delete()
    Conversation.objects.filter(pk=(mara := write(channel)).pk).update(tags=["refund"])

    route(brand)

    assert who_has(mara) == "Ada"


def test_a_team_takes_only_what_it_is_for(channel: Channel, brand: Brand, ada: Person) -> None:
    other = people.ChannelFactory(brand=brand)
    teams.team(brand, ada, channels=[other.pk])

    mine, elsewhere = write(other, who="here"), write(channel, who="there")
    route(brand)

    assert (who_has(mine), who_has(elsewhere)) == ("Ada", "")
    assert elsewhere.team is None and not RoutingTicket.objects.exists()


def test_what_no_team_takes_any_more_is_no_teams_and_says_so(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    german = teams.team(brand, ada, name="German", languages=["de"])
    teams.team(brand, ada, name="Orders", tags=["order status"], position=1)
    mara = write(channel)
    Conversation.objects.filter(pk=mara.pk).update(language="de")
    mara = write(channel, "Hallo?", seconds=10)
    assert (mara.team, RoutingTicket.objects.get().team) == (german, german)

    Conversation.objects.filter(pk=mara.pk).update(language="en")
    mara = write(channel, "Is anybody there?", seconds=20)

    assert mara.team is None and not RoutingTicket.objects.exists()
    said = routing_shown.of(mara, now=at(21)).said
    assert said == "No team takes such a conversation, so it waits for whoever takes it."


def test_what_is_in_none_of_the_brands_alphabets_fits_no_team_that_asks_for_a_language(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    teams.team(brand, ada, name="German", languages=["de"])

    mara, tom = write(channel, "注文した商品がまだ届いていません"), write(channel, "Hi", who="tom")

    assert mara.team is None and RoutingTicket.objects.get().conversation == tom
    said = routing_shown.of(mara, now=at(3)).said
    assert said == "No team takes such a conversation, so it waits for whoever takes it."

    every = teams.team(brand, ada, name="Every language", position=1)
    assert write(channel, "まだですか", seconds=10).team == every


@pytest.mark.parametrize(
    "words", ["ok", "RB-4711-X", "iPhone 15", "pou einai i paraggelia mou", "ＯＫ", "𝓗𝓲", "ễ"]
)
@pytest.mark.parametrize("spoken", ["el", "de"])
def test_latin_letters_alone_are_foreign_to_no_brand(
    words: str, spoken: str, channel: Channel, brand: Brand, ada: Person
) -> None:
    Brand.objects.filter(pk=brand.pk).update(languages=[spoken])
    theirs = teams.team(brand, ada, name="Theirs", languages=[spoken])

    assert write(channel, words).team == theirs


def test_what_a_team_gets_to_be_read_on_is_not_said_to_fit_it(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    german = teams.team(brand, ada, name="German", languages=["de"])
    reads_on = (
        "Its language is not known yet and every such team asks for one, so the first in the order reads on."
    )

    mara = write(channel, "Hi")
    assert mara.team == german and reads_on in routing_shown.of(mara, now=at(2)).said
    route(brand)
    mara.refresh_from_db()
    assert routing_shown.of(mara, now=at(3)).said.startswith("Routing chose Ada")
    assert reads_on in routing_shown.of(mara, now=at(3)).said

    Conversation.objects.filter(pk=mara.pk).update(language="de")
    mara.refresh_from_db()
    assert reads_on not in routing_shown.of(mara, now=at(4)).said


@pytest.mark.skipif(not learning.LANGUAGES_INSTALLED, reason="the group `learning` is not installed")
def test_a_greeting_goes_to_whoever_is_there_and_on_to_who_speaks_the_language_that_follows(
    channel: Channel, brand: Brand
) -> None:
    ada = teams.person(brand, "Ada", seen=at(0), languages=["en"])
    teams.team(brand, ada, teams.person(brand, "Jo", seen=at(0), languages=["de"], capacity=2))
    mara, tom = write(channel, "Hi", reads=True), write(channel, "Hi", who="tom", seconds=1, reads=True)
    route(brand)
    assert (who_has(mara), who_has(tom)) == ("Ada", "Jo")

    write(channel, "Wo bleibt die Lampe, die ich bestellt habe?", seconds=10, reads=True)
    write(channel, "Wo bleibt die Lampe, die ich bestellt habe?", who="tom", seconds=11, reads=True)
    route(brand, 12)

    assert (who_has(mara), who_has(tom)) == ("Jo", "Jo")
    assert told(mara)[1] == "Taken from Ada, who does not speak German"


@pytest.mark.skipif(not learning.LANGUAGES_INSTALLED, reason="the group `learning` is not installed")
def test_a_greeting_that_goes_out_by_itself_is_no_answer_of_whoever_has_it(
    channel: Channel, brand: Brand
) -> None:
    ada = teams.person(brand, "Ada", seen=at(0), languages=["en"])
    teams.team(brand, ada, teams.person(brand, "Jo", seen=at(0), languages=["de"]))
    mara = write(channel, "Hi", reads=True)
    route(brand)
    assert who_has(mara) == "Ada"
    Channel.objects.update(other_apps_are_bots=True)
    greeting = replace(exchange.echoed("We are on it.", seconds=5), origin=Origin.AUTOMATION)
    receiving.receive(arrivals=[Arrival(channel.pk, greeting)], now=at(6))

    write(channel, "Wo bleibt die Lampe, die ich bestellt habe?", seconds=10, reads=True)

    assert who_has(mara) == ""


@pytest.mark.skipif(not learning.LANGUAGES_INSTALLED, reason="the group `learning` is not installed")
@pytest.mark.parametrize("why", ["answered", "before them", "by hand"])
def test_what_somebody_has_at_hand_stays_with_them_whatever_its_language(
    why: str, channel: Channel, brand: Brand
) -> None:
    ada = teams.person(brand, "Ada", seen=at(0), languages=["en"])
    teams.team(brand, ada)
    mara = write(channel, "Hi", reads=True)
    route(brand)
    match why:
        case "answered":
            replying.queue_reply(
                conversation=mara,
                by=ada,
                client_id=uuid4(),
                text="Hello!",
                written_against=mara.seq,
                now=at(5),
            )
        case "before them":
            Focus.objects.create(
                brand=brand, conversation=mara, person=ada, standing=FocusStanding.CURRENT, until=at(60)
            )
        case _:
            assigning.assign(conversation=mara, to=ada, by=ada, now=at(5))

    write(channel, "Wo bleibt die Lampe, die ich bestellt habe?", seconds=10, reads=True)

    assert who_has(mara) == "Ada" and mara.language == "de"


def test_switched_off_nothing_is_handed_out(channel: Channel, brand: Brand, ada: Person) -> None:
    brand.routing_settings.delete()
    teams.team(brand, ada)

    mara = write(channel)

    assert (route(brand), who_has(mara)) == (0, "")
    assert not RoutingTicket.objects.exists()


def test_switched_off_a_queue_is_forgotten_with_the_lock_for_some_at_a_time(
    channel: Channel, brand: Brand, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaming, "FORGOTTEN_AT_ONCE", 2)
    teams.team(brand)
    for number in range(5):
        write(channel, who=f"c{number}")
    route(brand)
    assert RoutingTicket.objects.count() == RoutingDecision.objects.count() == 5

    with CaptureQueriesContext(connection) as asked:
        teaming.save_routing(brand=brand, figures={"is_on": False}, by=jo, now=at(10))

    assert not RoutingTicket.objects.exists() and not RoutingDecision.objects.exists()
    locked = [each for each in asked if "inbox_brandsequence" in each["sql"] and "FOR UPDATE" in each["sql"]]
    assert len(locked) >= 4


# A person's choice


@pytest.mark.parametrize("to", ["a colleague", "nobody"])
def test_a_choice_by_hand_is_never_changed_by_routing(
    to: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo if to == "a colleague" else None, by=jo, now=at(2))

    write(channel, "Hello?", seconds=30)
    attending.choose(brand=brand, person=jo, away=True, now=at(31))
    route(brand, 32, keep=(ada,))

    assert who_has(mara) == ("Jo" if to == "a colleague" else "")


@pytest.mark.parametrize("how", ["many at once", "a macro"])
def test_what_is_kept_from_everybody_by_hand_is_given_to_nobody_when_there_is_room(
    how: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    assert RoutingTicket.objects.filter(pk=mara.pk).exists()

    if how == "a macro":
        macro = Macro.objects.create(brand=brand, name="For later", assigns="nobody")
        last = BrandSequence.objects.get(brand=brand).last
        lines = running_macros.preview(macro=macro, conversation=mara, by=jo, seen_seq=last, now=at(2))
        assert lines[0].done  # no page runs a macro that does nothing
        running_macros.run(
            macro=macro, conversation=mara, by=jo, client_id=uuid4(), seen_seq=last, expected=running_macros.mark(lines), now=at(2)
        )  # fmt: skip
    else:
        give_many(brand, jo, mara, seconds=2)
    write(channel, "Hello?", seconds=30)

    assert not RoutingTicket.objects.exists()
    assert (route(brand, 32, keep=(ada,)), who_has(mara)) == (0, "")


def test_a_macro_that_keeps_what_routing_gave_does_so_once_and_is_taken_back(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    assert (route(brand), who_has(mara)) == (1, "Ada")
    macro = Macro.objects.create(brand=brand, name="Mine", assigns="me")
    last = BrandSequence.objects.get(brand=brand).last

    def shown() -> list[running_macros.Line]:
        return running_macros.preview(macro=macro, conversation=mara, by=ada, seen_seq=last, now=at(3))

    lines = shown()
    assert [line.done for line in lines] == [True]
    running_macros.run(
        macro=macro, conversation=mara, by=ada, client_id=uuid4(), seen_seq=last, expected=running_macros.mark(lines), now=at(3)
    )  # fmt: skip

    mara.refresh_from_db()
    assert mara.assignee_set_by == "person"
    assert [(line.done, line.why) for line in shown()] == [(False, "assigned to Ada already")]
    assert undoing.undo(brand=brand, by=ada, now=at(4)).done == 1
    mara.refresh_from_db()
    assert (mara.assignee_name, mara.assignee_set_by) == ("Ada", "routing")


@pytest.mark.parametrize("how", ["on one", "many at once"])
def test_what_is_left_to_nobody_by_hand_waits_in_the_queue_again_once_that_is_taken_back(
    how: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    other, mara = write(channel, who="anna"), write(channel)
    prioritising.pin(conversation=other, priority=Priority.URGENT, by=jo, now=at(2))
    if how == "on one":
        assigning.assign(conversation=mara, to=None, by=jo, now=at(3))
    else:
        run = give_many(brand, jo, mara, seconds=3)
        assert (run.done, run.skipped) == (0, 1)
    assert list(RoutingTicket.objects.values_list("conversation", flat=True)) == [other.pk]
    before = list(Event.objects.values_list("pk", flat=True))

    undone = undoing.undo(brand=brand, by=jo, now=at(4))
    if undone.run:
        undone.run.refresh_from_db()
        assert undone.run.total == 1
        bulk.work(run_id=undone.run.pk, now=at(4))

    mara.refresh_from_db()
    assert (mara.assignee_set_by, mara.assignee_set_at) == ("", None)
    assert set(RoutingTicket.objects.values_list("conversation", flat=True)) == {other.pk, mara.pk}
    other.refresh_from_db()
    assert other.priority_pinned  # what was done before it is not touched
    told_since = Event.objects.exclude(pk__in=before).exclude(kind=EventKind.BULK_WORKED)
    assert not [event for event in told_since if "undoes" in event.data]
    assert (route(brand, 5), who_has(mara)) == (2, "Ada")


def test_a_choice_that_a_colleague_made_anew_is_not_taken_back(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand)
    mara = write(channel)
    assigning.assign(conversation=mara, to=None, by=jo, now=at(3))
    assigning.assign(conversation=mara, to=None, by=ada, now=at(4))

    undone = undoing.undo(brand=brand, by=jo, now=at(5))

    assert (undone.done, list(undone.skipped)) == (0, ["It has changed since"])
    mara.refresh_from_db()
    assert mara.assignee_set_by == "person"


def test_a_choice_by_hand_made_while_the_router_decides_wins(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    found = routing.worth_a_look(brand_id=brand.pk, now=at(2))

    assigning.assign(conversation=mara, to=jo, by=jo, now=at(2))
    given = routing.route(brand_id=brand.pk, conversation_ids=found, now=at(2))

    assert (given, who_has(mara)) == (0, "Jo")
    assert told(mara) == ["Jo took it"]


def test_a_choice_by_hand_overrules_what_routing_chose(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    route(brand)

    assigning.assign(conversation=mara, to=jo, by=jo, now=at(3))
    route(brand, 4)

    assert who_has(mara) == "Jo"


@pytest.mark.parametrize("began", ["by the brand", "in history"])
def test_a_choice_by_hand_holds_where_no_spell_had_begun(
    began: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    if began == "by the brand":
        first = exchange.echoed("Your parcel is back with us.", seconds=0)
    else:
        first = exchange.wrote("Hello?", seconds=-90 * 86400)
    receiving.receive(arrivals=[Arrival(channel.pk, first)], now=at(1), historical=began == "in history")
    triage(channel, at(1))
    mara = Conversation.objects.get()
    if mara.state != ConversationState.OPEN:
        closing.reopen(conversation=mara, by=jo, now=at(2))
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(3))

    later = 2 * 86400
    write(channel, "Then please send it again", seconds=later)
    route(brand, later + 2, keep=(ada, jo))

    assert who_has(mara) == "Jo"
    assert not RoutingTicket.objects.exists()


def test_a_choice_made_while_it_is_resolved_holds_when_the_customer_is_back(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    closing.resolve(conversation=mara, by=ada, now=at(5))
    assigning.assign(conversation=mara, to=jo, by=ada, now=at(6))

    write(channel, "One more thing", seconds=60)
    route(brand, 62)

    assert who_has(mara) == "Jo"


@pytest.mark.parametrize("to", ["a colleague", "nobody"])
def test_a_choice_by_hand_is_said_for_the_spell_that_it_was_made_for_and_not_for_the_next(
    to: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo if to == "a colleague" else None, by=jo, now=at(2))
    mara.refresh_from_db()
    assert "by hand, and routing leaves it so until it is resolved" in routing_shown.of(mara, now=at(2)).said

    closing.resolve(conversation=mara, by=jo, now=at(5))
    mara = write(channel, "One more thing", seconds=60)

    assert RoutingTicket.objects.filter(pk=mara.pk).exists()
    assert "by hand" not in routing_shown.of(mara, now=at(61)).said


def test_resolving_that_was_taken_back_ends_no_choice(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    closing.resolve(conversation=mara, by=jo, now=at(2))
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(3))
    closing.reopen(conversation=mara, by=jo, now=at(4))
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(5))
    closing.resolve(conversation=mara, by=jo, now=at(6))
    undoing.undo(brand=brand, by=jo, now=at(7))

    write(channel, "Hello?", seconds=60)
    route(brand, 62)

    assert who_has(mara) == "Jo"


def test_a_reopening_by_mistake_that_was_taken_back_is_no_choice(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    route(brand)
    closing.resolve(conversation=mara, by=ada, now=at(2))
    closing.reopen(conversation=mara, by=jo, now=at(4))
    undoing.undo(brand=brand, by=jo, now=at(5))
    teams.team(brand, jo, name="Evening", position=-1)
    go_home(brand, 300)

    write(channel, "Hello?", seconds=1000)
    route(brand, 1002, keep=(jo,))

    assert who_has(mara) == "Jo"


@pytest.mark.parametrize("opens", ["an answer", "a hand", "nobody"])
def test_what_somebody_opens_again_stays_with_whom_it_is(
    opens: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(2))
    closing.resolve(conversation=mara, by=jo, now=at(5))
    busy = write(channel, who="other", seconds=30)
    assigning.assign(conversation=busy, to=jo, by=jo, now=at(40))
    later = 2 * 86400
    attending.hear(present=[(brand.pk, ada.pk), (brand.pk, jo.pk)], now=at(later))

    if opens == "an answer":
        mara.refresh_from_db()
        replying.queue_reply(
            conversation=mara, by=jo, client_id=uuid4(), text="Back to you.", written_against=mara.seq, now=at(later),
            hold=timedelta(seconds=5),
        )  # fmt: skip
    elif opens == "a hand":
        closing.reopen(conversation=mara, by=jo, now=at(later))
    else:
        write(channel, "Hello?", seconds=later)
    triage(channel, at(later + 1))
    route(brand, later + 2, keep=(ada, jo))

    assert who_has(mara) == ("Ada" if opens == "nobody" else "Jo")


@pytest.mark.parametrize("is_there", [True, False])
def test_what_a_colleague_opens_with_an_answer_stays_with_whom_it_is_unless_they_went_home(
    is_there: bool, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    closing.resolve(conversation=mara, by=ada, now=at(5))
    here = (ada, jo) if is_there else (jo,)
    attending.hear(present=[(brand.pk, each.pk) for each in here], now=at(4000))
    attending.note_silence(now=at(4001))

    mara.refresh_from_db()
    replying.queue_reply(
        conversation=mara,
        by=jo,
        client_id=uuid4(),
        text="By the way…",
        written_against=mara.seq,
        now=at(4010),
    )
    assert who_has(mara) == "Ada"
    attending.hear(present=[(brand.pk, each.pk) for each in here], now=at(4990))
    write(channel, "Thanks, and when?", seconds=5000)
    route(brand, 5002, keep=here)

    assert who_has(mara) == ("Ada" if is_there else "Jo")


def test_given_to_a_team_by_hand_routing_finds_somebody_there(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, name="Support")
    returns = teams.team(brand, jo, name="Returns", tags=["refund"], position=1)
    mara = write(channel)
    route(brand)

    assigning.give_to_team(conversation=mara, team=returns, by=ada, now=at(5))
    route(brand, 6)

    assert who_has(mara) == "Jo"
    assert told(mara)[1:] == [
        "Ada gave it to the team Returns",
        "Assigned to Jo by routing · the only one who can take it now, with 0 of 8",
    ]
    write(channel, "Hello?", seconds=30)
    assert Conversation.objects.get().team == returns


def test_what_a_colleague_answered_without_taking_it_is_given_to_nobody(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("On its way.", seconds=20))], now=at(21))
    triage(channel, at(21))

    assert (route(brand, 22), who_has(mara)) == (0, "")


def test_what_a_colleague_has_in_focus_is_given_to_nobody_until_they_go_on(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    focus = Focus.objects.create(
        brand=brand, conversation=mara, person=jo, standing=FocusStanding.CURRENT, until=at(40)
    )

    assert (route(brand, 10), who_has(mara)) == (0, "")
    focus.delete()
    route(brand, 11)

    assert who_has(mara) == "Ada"


@pytest.mark.parametrize("kept_for", ["Ada", "Jo"])
def test_what_is_only_kept_ready_for_a_colleague_does_not_wait_for_them_and_is_kept_from_nobody(
    kept_for: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    person = ada if kept_for == "Ada" else jo
    Focus.objects.create(
        brand=brand, conversation=mara, person=person, standing=FocusStanding.NEXT, until=at(40)
    )

    route(brand, 10)

    assert who_has(mara) == "Ada"
    assert list(Focus.objects.values_list("person", flat=True)) == ([ada.pk] if kept_for == "Ada" else [])


@really_commits
def test_the_router_waits_for_no_page_that_takes_and_gives_back_what_it_keeps_ready(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    """A page that works through a view asks for what comes next while it has its leases, and that may take a while."""
    teams.team(brand, ada)
    mara = write(channel)
    ready = Focus.objects.create(
        brand=brand, conversation=mara, person=jo, standing=FocusStanding.NEXT, until=at(40)
    )
    taken, free = threading.Event(), threading.Event()

    def page() -> None:
        with transaction.atomic():
            Focus.objects.filter(pk=ready.pk).delete()
            taken.set()
            assert free.wait(timeout=20)

    def router() -> None:
        assert taken.wait(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        try:
            route(brand, 10)
        finally:
            free.set()

    at_once(page, router)

    assert who_has(mara) == "Ada" and not Focus.objects.exists()


# Sticky


def answered(channel: Channel, who: str, seconds: float) -> None:
    receiving.receive(
        arrivals=[Arrival(channel.pk, exchange.echoed("Here you are.", to=who, seconds=seconds))],
        now=at(seconds + 1),
    )
    triage(channel, at(seconds + 1))


@pytest.mark.parametrize(("hours", "who"), [(3, "Jo"), (30, "Ada")])
def test_whoever_answered_a_customer_gets_them_again_for_a_day(
    hours: int, who: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(5))
    answered(channel, "mara", 10)
    closing.resolve(conversation=mara, by=jo, now=at(20))
    busy = write(channel, who="other", seconds=30)
    assigning.assign(conversation=busy, to=jo, by=jo, now=at(40))

    later = hours * 3600 + 60
    attending.hear(present=[(brand.pk, ada.pk), (brand.pk, jo.pk)], now=at(later))
    write(channel, "One more thing", seconds=later)
    route(brand, later + 2)

    assert who_has(mara) == who
    if who == "Jo":
        assert told(mara)[-1] == "Back with Jo by routing · knows this customer: answered 3 h ago"
        assert reasons(mara)["Ada"] == "does not know this customer as Jo does"


@pytest.mark.parametrize("known", ["at once", "after the answer"])
def test_whoever_answered_in_a_group_gets_it_again(
    known: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    """It has no customer of whom another conversation could be."""
    Channel.objects.update(platform="linkedin")
    teams.team(brand, ada, jo)
    kind = ThreadKind.GROUP if known == "at once" else ThreadKind.DIRECT
    opened = exchange.wrote(thread_id="talk", thread_kind=kind)
    receiving.receive(arrivals=[Arrival(channel.pk, opened)], now=at(1))
    triage(channel, at(1))
    talk = Conversation.objects.get()
    assigning.assign(conversation=talk, to=jo, by=jo, now=at(5))
    replied(talk, jo, 10)
    closing.resolve(conversation=talk, by=jo, now=at(20))
    busy = write(channel, who="other", seconds=30)
    assigning.assign(conversation=busy, to=jo, by=jo, now=at(40))

    member = exchange.wrote("One more", who="noor", thread_id="talk", seconds=60, thread_kind=kind)
    receiving.receive(arrivals=[Arrival(channel.pk, member)], now=at(61))
    triage(channel, at(61))
    route(brand, 62, keep=(ada, jo))

    talk.refresh_from_db()
    assert (talk.kind, talk.contact, who_has(talk)) == ("group", None, "Jo")
    assert "knows this customer: answered" in told(talk)[-1]


def replied(conversation: Conversation, by: Person, seconds: float) -> None:
    """Written here, and taken by the platform."""
    conversation.refresh_from_db()
    [message] = replying.queue_reply(
        conversation=conversation, by=by, client_id=uuid4(), text="Here you are.", written_against=conversation.seq, now=at(seconds)
    )  # fmt: skip
    sending.claim_reply(message_id=message.pk, now=at(seconds))
    sending.mark_reply_sent(
        message_id=message.pk, external_id=f"sent-{message.pk}", at=at(seconds), now=at(seconds)
    )


@pytest.mark.parametrize("last", ["Ada", "Jo"])
def test_whoever_wrote_last_knows_the_customer_and_not_whoever_had_them(
    last: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(5))
    for seconds, by in enumerate([jo, ada] if last == "Ada" else [ada, jo]):
        replied(mara, by, 10 + seconds)
    closing.resolve(conversation=mara, by=jo, now=at(20))
    [knows] = [each for each in (ada, jo) if each.name == last]
    busy = write(channel, who="other", seconds=30)
    assigning.assign(conversation=busy, to=knows, by=knows, now=at(40))

    write(channel, "One more thing", seconds=60)
    route(brand, 62, keep=(ada, jo))

    assert who_has(mara) == last
    assert "knows this customer: answered" in told(mara)[-1]


def test_what_a_bot_wrote_last_makes_nobody_known(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(5))
    replied(mara, ada, 10)
    Channel.objects.update(other_apps_are_bots=True)
    bot = replace(exchange.echoed("We are on it.", seconds=12), origin=Origin.AUTOMATION)
    receiving.receive(arrivals=[Arrival(channel.pk, bot)], now=at(12))
    triage(channel, at(13))
    closing.resolve(conversation=mara, by=jo, now=at(20))

    write(channel, "One more thing", seconds=60)
    route(brand, 62, keep=(ada, jo))

    assert who_has(mara) == "Ada"


def test_whoever_knows_a_customer_but_is_away_is_passed_over(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=jo, by=jo, now=at(5))
    answered(channel, "mara", 10)
    closing.resolve(conversation=mara, by=jo, now=at(20))
    attending.choose(brand=brand, person=jo, away=True, now=at(25))

    write(channel, "One more thing", seconds=30)
    route(brand, 32)

    assert who_has(mara) == "Ada"
    assert reasons(mara)["Jo"] == "away"


@pytest.mark.parametrize("back", ["the page beats again", "a page is opened"])
def test_whoever_went_away_and_fell_silent_comes_back_as_away(
    back: str, channel: Channel, brand: Brand, ada: Person
) -> None:
    teams.team(brand, ada)
    mara = write(channel)
    attending.choose(brand=brand, person=ada, away=True, now=at(5))
    attending.note_silence(now=at(130))
    assert Presence.objects.get().state == PresenceState.OFFLINE

    if back == "a page is opened":
        assert attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=at(200))
    else:
        assert attending.hear(present=[(brand.pk, ada.pk)], now=at(200)) == [brand.pk]
    assert Presence.objects.get().state == PresenceState.AWAY
    assert (route(brand, 201), who_has(mara)) == (0, "")

    attending.choose(brand=brand, person=ada, away=False, now=at(210))
    route(brand, 211)
    assert who_has(mara) == "Ada"


# Going home


def go_home(brand: Brand, seconds: float) -> int:
    """Two sweeps: silence is noted, and later what waited is taken back."""
    attending.note_silence(now=at(seconds))
    return sum(
        attending.take_back(brand_id=b, person_id=p, now=at(seconds + 180))
        for b, p in attending.gone(now=at(seconds + 180))
    )


def test_what_waits_with_somebody_who_went_home_goes_to_the_next(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    waiting = write(channel, who="waiting")
    settled = write(channel, who="settled")
    for each in (waiting, settled):
        assigning.assign(conversation=each, to=ada, by=ada, now=at(2))
    answered(channel, "settled", 10)
    attending.hear(present=[(brand.pk, jo.pk)], now=at(121))

    assert go_home(brand, 121) == 1
    route(brand, 310, keep=(jo,))

    assert (who_has(waiting), who_has(settled)) == ("Jo", "Ada")
    assert told(waiting)[1:] == [
        "Taken from Ada, who is offline",
        "Assigned to Jo by routing · the only one who can take it now, with 0 of 8",
    ]
    assert reasons(waiting)["Ada"] == "offline"


def test_a_customer_who_writes_to_somebody_who_is_gone_does_not_wait_for_them(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    answered(channel, "mara", 10)
    go_home(brand, 121)

    write(channel, "Thanks, and when?", seconds=4000)
    route(brand, 4002, keep=(jo,))

    assert who_has(mara) == "Jo"


def test_whoever_is_back_within_the_grace_keeps_everything(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    attending.note_silence(now=at(121))

    assert attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=at(200))

    assert attending.gone(now=at(9000)) == [(brand.pk, jo.pk)]
    assert who_has(mara) == "Ada"


def test_what_is_given_on_purpose_to_somebody_offline_stays_with_them(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    mara = write(channel)
    attending.note_silence(now=at(121))
    assigning.assign(conversation=mara, to=ada, by=jo, now=at(150))

    assert [
        attending.take_back(brand_id=b, person_id=p, now=at(400)) for b, p in attending.gone(now=at(400))
    ] == [0, 0]

    assert who_has(mara) == "Ada"


def test_what_a_policy_gives_to_somebody_who_went_home_goes_to_who_is_there(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, reassigns_to=ada)
    teams.team(brand, ada, jo)
    attending.hear(present=[(brand.pk, jo.pk)], now=at(121))
    go_home(brand, 121)
    mara = write(channel, seconds=1000)

    timing.sweep(now=at(1061))
    route(brand, 1062, keep=(jo,))

    assert who_has(mara) == "Jo"
    assert "Taken from Ada, who is offline" in told(mara)


def test_what_a_policy_gives_to_somebody_who_has_never_been_there_goes_to_who_is(
    channel: Channel, brand: Brand, jo: Person
) -> None:
    kim = people.agent_of(brand, name="Kim")
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, reassigns_to=kim)
    teams.team(brand, kim, jo)
    mara = write(channel)
    assert who_has(mara) == ""

    timing.sweep(now=at(61))
    route(brand, 62, keep=(jo,))

    assert who_has(mara) == "Jo"
    assert "Taken from Kim, who is offline" in told(mara)


def test_what_a_colleague_gives_to_somebody_who_has_never_been_there_waits_for_them(
    channel: Channel, brand: Brand, jo: Person
) -> None:
    kim = people.agent_of(brand, name="Kim")
    teams.team(brand, jo)
    mara = write(channel)
    assigning.assign(conversation=mara, to=kim, by=jo, now=at(2))

    write(channel, "Hello?", seconds=60)
    route(brand, 62, keep=(jo,))

    assert who_has(mara) == "Kim"


def test_who_fell_silent_before_routing_was_switched_on_keeps_nothing(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    brand.routing_settings.delete()
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    attending.hear(present=[(brand.pk, jo.pk)], now=at(121))
    attending.note_silence(now=at(121))

    teaming.save_routing(brand=brand, figures={"is_on": True, "requeue_after": 180}, by=jo, now=at(200))

    assert attending.gone(now=at(300)) == []
    assert attending.gone(now=at(301)) == [(brand.pk, ada.pk)]
    assert attending.take_back(brand_id=brand.pk, person_id=ada.pk, now=at(301)) == 1
    assert who_has(mara) == ""


@pytest.mark.parametrize("told_in", ["the settings", "a moment in between"])
def test_a_longer_grace_holds_for_who_is_silent_already_and_ends(
    told_in: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    attending.hear(present=[(brand.pk, jo.pk)], now=at(121))
    attending.note_silence(now=at(121))
    if told_in == "the settings":
        teaming.save_routing(brand=brand, figures={"is_on": True, "requeue_after": 1800}, by=jo, now=at(200))
    else:  # silence was noted by the figures from before
        RoutingSettings.objects.update(requeue_after=1800)

    for seconds in (301, 1920):
        for brand_id, person_id in attending.gone(now=at(seconds)):
            attending.take_back(brand_id=brand_id, person_id=person_id, now=at(seconds))
        assert who_has(mara) == "Ada"
    assert attending.gone(now=at(1921)) == [(brand.pk, ada.pk)]
    assert attending.take_back(brand_id=brand.pk, person_id=ada.pk, now=at(1921)) == 1


def test_what_is_late_goes_back_where_the_one_who_would_get_it_went_home_and_nobody_else_is_there(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, reassigns_to=ada)
    teams.team(brand, ada, jo)
    attending.hear(present=[(brand.pk, jo.pk)], now=at(121))
    go_home(brand, 121)
    mara = write(channel, seconds=1000)
    route(brand, 1001, keep=(jo,))
    assert who_has(mara) == "Jo"

    timing.sweep(now=at(1061))
    route(brand, 1062, keep=(jo,))

    assert who_has(mara) == "Jo"
    assert "Taken from Ada, who is offline" in told(mara)


@really_commits
def test_a_brand_that_somebody_holds_does_not_keep_what_waits_elsewhere_with_those_who_left(
    channel: Channel, brand: Brand, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    elsewhere = people.ChannelFactory()
    teams.routed(elsewhere.brand)
    bea = teams.person(elsewhere.brand, "Bea", seen=at(0))
    found = []
    for place, person in ((channel, ada), (elsewhere, bea)):
        teams.team(place.brand, person)
        found.append(write(place))
        route(place.brand)
    attending.note_silence(now=at(200))

    with held(brand.pk):
        attending.take_back_from_gone(now=at(400))

    assert [who_has(each) for each in found] == ["Ada", ""]
    attending.take_back_from_gone(now=at(401))
    assert who_has(found[0]) == ""


def test_taken_back_is_undone_by_assigning_again(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    mara = write(channel)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(2))
    go_home(brand, 121)
    assert who_has(mara) == ""

    assigning.assign(conversation=mara, to=ada, by=jo, now=at(400))
    attending.take_back(brand_id=brand.pk, person_id=ada.pk, now=at(900))
    write(channel, "Hello?", seconds=1000)

    assert who_has(mara) == "Ada"


def test_what_was_taken_because_it_is_late_does_not_go_back(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, unassigns_late=True)
    teams.team(brand, ada, jo)
    mara = write(channel)
    route(brand)
    first = who_has(mara)

    timing.sweep(now=at(61))
    route(brand, 62, keep=(ada, jo))

    assert (first, who_has(mara)) == ("Ada", "Jo")
    assert reasons(mara)["Ada"] == "had it, and it was late"


def test_what_was_taken_because_it_is_late_goes_back_where_nobody_else_can_take_it(
    channel: Channel, brand: Brand, ada: Person
) -> None:
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, unassigns_late=True)
    teams.team(brand, ada)
    mara = write(channel)
    route(brand)

    timing.sweep(now=at(61))
    route(brand, 62, keep=(ada,))

    assert told(mara)[1:] == [
        "Taken from its assignee, because it is late",
        "Assigned to Ada by routing · the only one who can take it now, with 0 of 8",
    ]


def has_work(person: Person, channel: Channel) -> None:
    """More than whoever has none, and nothing that waits."""
    busy = write(channel, who="busy")
    assigning.assign(conversation=busy, to=person, by=person, now=at(1))
    answered(channel, "busy", 2)


@pytest.mark.parametrize(("is_answered", "who"), [(False, "Sam"), (True, "Ada")])
def test_what_was_taken_because_it_is_late_does_not_go_back_after_others_have_had_it(
    is_answered: bool, who: str, channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(
        brand=brand, name="Quick", first_response=60, next_response=3600, unassigns_late=True
    )
    sam = teams.person(brand, "Sam", seen=at(0))
    has_work(sam, channel)
    teams.team(brand, ada, jo, sam)
    mara = write(channel, seconds=5)
    route(brand, 7)
    timing.sweep(now=at(66))
    route(brand, 67, keep=(ada, jo, sam))
    if is_answered:  # that promise is over
        answered(channel, "mara", 100)
        write(channel, "One more thing", seconds=110)
    assert who_has(mara) == "Jo"
    attending.hear(present=[(brand.pk, ada.pk), (brand.pk, sam.pk)], now=at(200))
    go_home(brand, 200)

    route(brand, 381, keep=(ada, sam))

    assert who_has(mara) == who
    assert is_answered or reasons(mara)["Ada"] == "had it, and it was late"


def test_what_was_taken_because_it_is_late_may_go_back_once_the_promise_was_lengthened(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(brand=brand, name="Quick", first_response=60, unassigns_late=True)
    has_work(jo, channel)
    teams.team(brand, ada, jo)
    mara = write(channel, seconds=5)
    route(brand, 7)
    timing.sweep(now=at(66))
    assert who_has(mara) == ""

    SlaPolicy.objects.update(first_response=28800, version=2)
    write(channel, "One more thing", seconds=70)
    route(brand, 72, keep=(ada, jo))

    assert who_has(mara) == "Ada"


def test_a_broken_promise_that_took_it_from_nobody_keeps_it_from_nobody(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    SlaPolicy.objects.create(
        brand=brand, name="Quick", first_response=60, next_response=3600, resolution=30, unassigns_late=True
    )
    has_work(jo, channel)
    mara = write(channel)
    timing.sweep(now=at(31))  # late, and nobody has it
    teams.team(brand, ada, jo)
    assigning.assign(conversation=mara, to=ada, by=ada, now=at(40))
    timing.sweep(now=at(61))
    assert who_has(mara) == ""
    answered(channel, "mara", 70)
    write(channel, "One more thing", seconds=80)

    route(brand, 82, keep=(ada, jo))

    assert who_has(mara) == "Ada"


# Two at once


@really_commits
def test_two_routers_at_once_never_assign_twice(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada, jo)
    for number in range(14):
        write(channel, who=f"c{number}")
    found = routing.worth_a_look(brand_id=brand.pk, now=at(2))
    assert len(found) == 14

    def router() -> None:
        for begin in range(0, len(found), 3):
            routing.route(brand_id=brand.pk, conversation_ids=found[begin : begin + 3], now=at(2))

    at_once(router, router, router)

    assigned = Event.objects.filter(kind=EventKind.ASSIGNED).values_list("conversation_id", flat=True)
    assert sorted(assigned) == sorted(found)
    assert RoutingDecision.objects.filter(outcome=Outcome.ASSIGNED).count() == 14
    assert (
        Conversation.objects.filter(assignee=ada).count()
        == Conversation.objects.filter(assignee=jo).count()
        == 7
    )


@really_commits
def test_a_person_who_is_at_it_at_the_same_time_wins(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    conversations = [write(channel, who=f"c{number}") for number in range(8)]
    found = [each.pk for each in conversations]

    at_once(
        lambda: [routing.route(brand_id=brand.pk, conversation_ids=[pk], now=at(2)) for pk in found],
        lambda: [assigning.assign(conversation=each, to=jo, by=jo, now=at(2)) for each in conversations],
    )

    assert {who_has(each) for each in conversations} == {"Jo"}


# The doors


def test_the_task_hands_out_what_the_sweep_finds(channel: Channel, brand: Brand) -> None:
    ada = people.agent_of(brand, name="Ada")
    attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=datetime.now(tz=at(0).tzinfo))
    teams.team(brand, ada)
    mara = write(channel)

    assert routing.waiting() == [brand.pk]
    tasks.route_brand(brand_id=brand.pk)

    assert who_has(mara) == "Ada"
    assert routing.waiting() == []


@really_commits
def test_news_of_what_waits_wakes_the_router(
    channel: Channel, brand: Brand, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(tasks, "wake_routing", woken.append)
    teams.team(brand, ada)

    first = write(channel)
    assert woken == [brand.pk]
    route(brand)
    second = write(channel, who="second")
    woken.clear()
    closing.resolve(conversation=first, by=ada, now=at(5))

    assert woken == [brand.pk]
    assert second.routing_ticket


def test_routing_a_queue_takes_the_same_number_of_queries_however_long_it_is(
    channel: Channel, brand: Brand, ada: Person, jo: Person, django_assert_max_num_queries: Any
) -> None:
    teams.team(brand, ada, jo)
    for number in range(16):
        write(channel, who=f"c{number}")
    found = routing.worth_a_look(brand_id=brand.pk, now=at(2))

    with django_assert_max_num_queries(5):
        routing.worth_a_look(brand_id=brand.pk, now=at(2))
    with django_assert_max_num_queries(20):
        assert routing.route(brand_id=brand.pk, conversation_ids=found, now=at(2)) == 16


def test_what_nobody_can_take_keeps_nothing_else_waiting(
    channel: Channel, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing_queue, "LOOKED_AT", 2)
    nobody = teams.team(brand, name="Nobody yet")
    stuck = [write(channel, who=f"stuck{number}", seconds=number) for number in range(5)]
    Conversation.objects.filter(pk__in=[each.pk for each in stuck]).update(priority_score=90)
    RoutingTicket.objects.filter(conversation__in=stuck).update(team=nobody)
    for _ in range(3):  # each is told once why nobody can take it
        route(brand)
    ada = teams.person(brand, "Ada", seen=at(10))
    last = write(channel, who="last", seconds=11)
    RoutingTicket.objects.filter(conversation=last).update(team=teams.team(brand, ada, name="Ada's"))

    route(brand, seconds=12)

    last.refresh_from_db()
    assert last.assignee == ada


def test_what_is_to_be_told_of_many_keeps_nothing_waiting_that_somebody_can_take(
    channel: Channel, brand: Brand, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing_queue, "LOOKED_AT", 2)
    nobody = teams.team(brand, name="Nobody yet")
    stuck = [write(channel, who=f"stuck{number}", seconds=number) for number in range(5)]
    last = write(channel, who="last", seconds=9)
    Conversation.objects.filter(pk__in=[each.pk for each in stuck]).update(priority_score=90)
    RoutingTicket.objects.filter(conversation__in=stuck).update(team=nobody)
    RoutingTicket.objects.filter(conversation=last).update(team=teams.team(brand, ada, name="Ada's"))

    found = routing.worth_a_look(brand_id=brand.pk, now=at(10))
    given = routing.route(brand_id=brand.pk, conversation_ids=found, now=at(10))

    assert found == [last.pk, stuck[0].pk, stuck[1].pk]  # two of what is to be told at a time
    assert (given, who_has(last)) == (1, "Ada")


def test_why_nobody_can_take_it_is_told_with_another_reason_and_not_with_every_figure(
    channel: Channel, brand: Brand, ada: Person, jo: Person, django_assert_num_queries: Any
) -> None:
    """Each of these was told of each conversation that waits: nine events, rows and decisions a time here, 1,500 where so many wait."""
    teams.team(brand, ada, jo)
    for number in range(26):
        write(channel, who=f"c{number}")
    assert route(brand) == 16
    mine, *others = Conversation.objects.filter(assignee=None).order_by("pk")

    def takes_one_more() -> None:
        assigning.assign(conversation=mine, to=ada, by=ada, now=at(10))
        attending.hear(present=[(brand.pk, ada.pk), (brand.pk, jo.pk)], now=at(10))

    def falls_silent() -> None:
        attending.hear(present=[(brand.pk, ada.pk)], now=at(60))

    def goes_offline() -> None:
        attending.hear(present=[(brand.pk, ada.pk)], now=at(200))
        attending.note_silence(now=at(200))

    def nobody_is_left() -> None:
        attending.note_silence(now=at(400))

    told = []
    course = {10: takes_one_more, 60: falls_silent, 200: goes_offline, 400: nobody_is_left}
    for seconds, happens in course.items():
        happens()
        before, decisions = BrandSequence.objects.get(brand=brand).last, newest_decision()
        with django_assert_num_queries(5):  # figures, people, teams, skills, and the queue
            found = routing.worth_a_look(brand_id=brand.pk, now=at(seconds))
        routing.route(brand_id=brand.pk, conversation_ids=found, now=at(seconds))
        told.append((BrandSequence.objects.get(brand=brand).last - before, newest_decision() - decisions))

    assert told == [(0, 0), (0, 0), (0, 0), (9, 9)]
    assert {decision(each).why for each in others} == {"nobody in the team is there"}


def newest_decision() -> int:
    return RoutingDecision.objects.order_by("-pk")[0].pk


def test_who_cannot_take_it_is_read_as_it_is(
    channel: Channel, brand: Brand, ada: Person, jo: Person, django_assert_num_queries: Any
) -> None:
    teams.team(brand, ada, jo)
    for number in range(18):
        write(channel, who=f"c{number}")
    route(brand)
    mine, other = Conversation.objects.filter(assignee=None).order_by("pk")
    assigning.assign(conversation=mine, to=ada, by=ada, now=at(3))
    attending.choose(brand=brand, person=jo, away=True, now=at(4))

    with django_assert_num_queries(
        7
    ):  # the decision, the figures, people, teams, skills, its ticket, and what its team asks for
        shown = routing_shown.of(other, now=at(5))

    assert shown.said == "It waits for somebody in Support: nobody who is there can take it now."
    assert [(each.name, each.load, each.why, each.chosen) for each in shown.candidates] == [
        ("Ada", "9 of 8", "full: 9 of 8", False), ("Jo", "8 of 8", "away", False),
    ]  # fmt: skip
    assert shown.decided_at == at(5)


def test_what_a_colleague_has_in_focus_says_who_could_take_it(
    channel: Channel, brand: Brand, ada: Person, jo: Person
) -> None:
    teams.team(brand, ada)
    attending.choose(brand=brand, person=ada, away=True, now=at(1))
    mara = write(channel)
    route(brand)
    Focus.objects.create(
        brand=brand, conversation=mara, person=jo, standing=FocusStanding.CURRENT, until=at(50)
    )
    attending.choose(brand=brand, person=ada, away=False, now=at(5))

    assert route(brand, 6, keep=(ada,)) == 0
    shown = routing_shown.of(mara, now=at(6))

    assert shown.said == "It waits for somebody in Support: Ada could take it now."
    assert [(each.why, each.chosen) for each in shown.candidates] == [
        ("the only one who can take it now, with 0 of 8", False)
    ]
