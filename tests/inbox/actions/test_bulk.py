from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inbox import events
from inbox.actions import (
    _doing,
    assigning,
    bulk,
    closing,
    prioritising,
    reading,
    receiving,
    snoozing,
    tagging,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    BulkAct,
    BulkBatch,
    BulkRun,
    BulkState,
    Channel,
    Conversation,
    ConversationTag,
    Event,
    EventKind,
    Person,
    Priority,
    Tag,
    ViewCount,
)
from inbox.models.conversations import ConversationQuerySet
from inbox.queries import finding, inbox_list
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories import teams
from tests.factories.people import ChannelFactory, agent_of
from tests.threads import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def bea(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Bea")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 4)


def last(channel: Channel) -> int:
    return BrandSequence.objects.get(brand=channel.brand).last


def begin(channel: Channel, by: Person, act: BulkAct, **fields: Any) -> BulkRun:
    view = fields.pop("view", "open")
    fields.setdefault("seen", dict.fromkeys(fields.pop("ids", ()), last(channel)))
    found = finding.view(by, channel.brand, view, text=fields.pop("typed", "")) if view else None
    return bulk.begin(
        **{
            "brand": channel.brand, "by": by, "act": act, "words": act.label, "value": {}, "seen_seq": last(channel), "now": NOW,
            "view": found, **fields,
        }
    )  # fmt: skip


def finish(run: BulkRun, *, at: datetime = NOW) -> BulkRun:
    for _ in range(1000):
        run = bulk.work(run_id=run.pk, now=at)
        if run.state != BulkState.RUNNING:
            return run
    raise AssertionError("It never ends.")


def rows() -> list[dict[str, Any]]:
    hidden = ("seq", "public_seq")
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for row in Conversation.objects.order_by("pk").values()
    ]


def counts() -> list[tuple[str, int, int]]:
    return list(ViewCount.objects.exclude(total=0).order_by("view").values_list("view", "total", "unread"))


def test_a_whole_view_is_resolved_and_all_of_it_comes_back(
    channel: Channel, jo: Person, bea: Person, small_batches: None
) -> None:
    make.conversations(channel, 7, unread_count=2)
    make.conversations(channel, 3, assignee=bea, assignee_name="Bea")
    make.conversations(channel, 2, state="snoozed", snoozed_until=NOW + timedelta(days=1))
    before, counted = rows(), counts()

    run = finish(begin(channel, jo, BulkAct.RESOLVE))

    assert (run.total, run.done, run.skipped, run.state) == (10, 10, 0, "done")
    assert Conversation.objects.filter(state="resolved").count() == 10
    told = Event.objects.filter(kind=EventKind.RESOLVED)
    assert (told.count(), told.values("conversation").distinct().count()) == (10, 10)

    undone = undoing.undo(brand=channel.brand, by=jo, now=NOW + timedelta(minutes=9))
    assert undone.run is not None
    back = finish(undone.run, at=NOW + timedelta(minutes=9))

    assert (back.total, back.done, back.skipped) == (10, 10, 0)
    assert (rows(), counts()) == (before, counted)


def test_what_came_into_the_view_after_it_was_asked_for_is_left_alone(
    channel: Channel, jo: Person, small_batches: None
) -> None:
    make.conversations(channel, 6)
    run = begin(channel, jo, BulkAct.RESOLVE)
    newcomer = make.conversation(channel)

    assert finish(run).done == 6
    newcomer.refresh_from_db()
    assert newcomer.state == "open"


def test_what_left_the_view_meanwhile_is_skipped_and_said(
    channel: Channel, jo: Person, bea: Person, small_batches: None
) -> None:
    taken, *_ = make.conversations(channel, 6)
    run = begin(channel, jo, BulkAct.ASSIGN, view="unassigned", value={"person": jo.pk, "name": "Jo"})
    assigning.assign(conversation=taken, to=bea, by=bea, now=NOW)

    run = finish(run)

    assert (run.done, run.reasons) == (5, {"no longer in this view": 1})
    taken.refresh_from_db()
    assert taken.assignee == bea


def test_what_left_a_typed_view_meanwhile_is_skipped_and_time_alone_takes_nothing_out_of_it(
    channel: Channel, jo: Person, bea: Person, small_batches: None
) -> None:
    taken, *_ = make.conversations(channel, 6, due_at=NOW + timedelta(minutes=50))
    typed = "assignee:none due>40m"
    run = begin(
        channel, jo, BulkAct.ASSIGN, view=finding.TYPED, typed=typed, value={"person": jo.pk, "name": "Jo"}
    )
    assigning.assign(conversation=taken, to=bea, by=bea, now=NOW)

    run = finish(run, at=NOW + timedelta(minutes=30))

    assert (run.done, run.reasons) == (5, {"no longer in this view": 1})
    taken.refresh_from_db()
    assert taken.assignee == bea


@pytest.mark.parametrize("act", [BulkAct.RESOLVE, BulkAct.READ])
def test_what_a_customer_wrote_meanwhile_is_not_buried(
    channel: Channel, jo: Person, small_batches: None, act: BulkAct
) -> None:
    for who in ("anna", "bo", "cy"):
        receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(who=who))], now=say.at(1))
    run = begin(channel, jo, act)
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Wait!", who="bo", seconds=9))], now=say.at(9))

    run = finish(run)

    assert (run.done, run.reasons) == (2, {"the customer has written since": 1})
    bo = Conversation.objects.get(thread_key="bo")
    assert (bo.state, bo.unread_count) == ("open", 2)


@pytest.mark.parametrize("act", [BulkAct.RESOLVE, BulkAct.SNOOZE, BulkAct.SPAM, BulkAct.READ])
def test_what_a_customer_wrote_after_it_was_selected_is_not_buried_though_the_page_has_heard_of_it(
    channel: Channel, jo: Person, act: BulkAct
) -> None:
    for who in ("anna", "bo", "cy"):
        receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(who=who))], now=say.at(1))
    selected = dict(Conversation.objects.values_list("public_id", "public_seq"))
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Wait!", who="bo", seconds=9))], now=say.at(9))

    run = begin(channel, jo, act, view="", seen=selected, value={"until": "2026-03-03T09:00:00+00:00"})
    assert (run.total, run.skipped) == (3, 1)
    run = finish(run)

    assert (run.done, run.reasons) == (2, {"the customer has written since": 1})
    assert Conversation.objects.get(thread_key="bo").unread_count == 2


def test_all_of_what_was_selected_may_have_been_written_to(channel: Channel, jo: Person) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(who="bo"))], now=say.at(1))
    [bo] = Conversation.objects.all()

    run = finish(begin(channel, jo, BulkAct.RESOLVE, view="", seen={bo.public_id: bo.public_seq - 1}))

    assert (run.state, run.done, run.reasons) == (BulkState.DONE, 0, {"the customer has written since": 1})


def test_undo_of_a_bulk_skips_what_others_changed_since(
    channel: Channel, jo: Person, bea: Person, small_batches: None
) -> None:
    theirs, *_ = make.conversations(channel, 6)
    finish(begin(channel, jo, BulkAct.ASSIGN, value={"person": jo.pk, "name": "Jo"}))
    assigning.assign(conversation=theirs, to=bea, by=bea, now=NOW)

    undone = undoing.undo(brand=channel.brand, by=jo, now=NOW)
    assert undone.run is not None
    back = finish(undone.run)

    assert (back.done, back.reasons) == (5, {"Bea has changed it since": 1})
    theirs.refresh_from_db()
    assert theirs.assignee == bea


def test_undo_in_the_middle_stops_the_rest_and_takes_back_what_was_done(
    channel: Channel, jo: Person, small_batches: None
) -> None:
    make.conversations(channel, 10)
    before = rows()
    run = begin(channel, jo, BulkAct.RESOLVE)
    bulk.work(run_id=run.pk, now=NOW)

    undone = undoing.undo(brand=channel.brand, by=jo, now=NOW)
    assert undone.run is not None

    assert bulk.work(run_id=run.pk, now=NOW).state == "cancelled"
    assert finish(undone.run).done == 4
    assert rows() == before


def test_one_that_is_stopped_keeps_what_was_done(channel: Channel, jo: Person, small_batches: None) -> None:
    make.conversations(channel, 10)
    run = begin(channel, jo, BulkAct.RESOLVE)
    bulk.work(run_id=run.pk, now=NOW)
    bulk.cancel(run=run, now=NOW)

    assert finish(run).state == "cancelled"
    assert Conversation.objects.filter(state="resolved").count() == 4


def test_a_worker_that_died_has_done_a_batch_or_not_begun_it(
    channel: Channel, jo: Person, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.conversations(channel, 10)
    run = begin(channel, jo, BulkAct.RESOLVE)
    bulk.work(run_id=run.pk, now=NOW)

    class Killed(BaseException):
        """As the machine's kill: nothing of ours answers it."""

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(bulk, "_count", die)
        with pytest.raises(Killed):
            bulk.work(run_id=run.pk, now=NOW)
    assert Conversation.objects.filter(state="resolved").count() == 4

    run = finish(run)
    assert (run.done, run.skipped, Event.objects.filter(kind=EventKind.RESOLVED).count()) == (10, 0, 10)


def test_one_that_cannot_be_done_does_not_keep_the_others(
    channel: Channel, jo: Person, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *_ = make.conversations(channel, 6)
    work = _doing.do

    def stumble(ledger: Any, run: BulkRun, ids: list[int], now: datetime) -> _doing.Done:
        if bad.pk in ids:
            raise RuntimeError("a fault of ours")
        return work(ledger, run, ids, now)

    monkeypatch.setattr(_doing, "do", stumble)
    run = finish(begin(channel, jo, BulkAct.RESOLVE))

    assert (run.done, run.failed, run.state) == (5, 1, "done")


def test_a_batch_costs_the_same_however_many_it_holds(channel: Channel, jo: Person) -> None:
    def cost(count: int, act: BulkAct, **value: Any) -> int:
        made = make.conversations(channel, count)
        run = begin(channel, jo, act, view=None, ids=[each.public_id for each in made], value=value)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert bulk.work(run_id=run.pk, now=NOW).done == count
        return len(asked)

    tag = Tag.objects.create(brand=channel.brand, name="refund")
    for act, value in (
        (BulkAct.RESOLVE, {}),
        (BulkAct.ASSIGN, {"person": jo.pk, "name": "Jo"}),
        (BulkAct.TAG, {"tag": tag.pk}),
        (BulkAct.SNOOZE, {"until": (NOW + timedelta(days=1)).isoformat()}),
        (BulkAct.PRIORITY, {"priority": 1}),
    ):
        few, many = cost(3, act, **value), cost(120, act, **value)
        assert few == many <= 24, act


@pytest.fixture
def one(channel: Channel) -> Conversation:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote())], now=say.at(1))
    return Conversation.objects.get()


def test_many_are_given_to_a_team_and_come_back(
    channel: Channel, jo: Person, bea: Person, small_batches: None
) -> None:
    returns = teams.team(channel.brand, name="Returns")
    make.conversations(channel, 4, assignee=bea, assignee_name="Bea", assignee_set_by="person")
    before = rows()
    value = {"team": returns.pk, "name": "Returns"}

    assert finish(begin(channel, jo, BulkAct.ASSIGN, value=value)).done == 4
    given = Conversation.objects.filter(team=returns, team_by_hand=True, assignee=None, assignee_set_by="")
    assert given.count() == 4
    again = finish(begin(channel, jo, BulkAct.ASSIGN, value=value))
    assert again.reasons == {"given to Returns already": 4}

    undoing.undo(brand=channel.brand, by=jo, now=NOW)  # of nothing done
    undone = undoing.undo(brand=channel.brand, by=jo, now=NOW)
    assert undone.run is not None
    finish(undone.run)
    assert [row["assignee_id"] for row in rows()] == [row["assignee_id"] for row in before]
    assert not Conversation.objects.filter(team=returns).exists()


def test_one_that_takes_long_can_be_undone_while_it_runs(
    channel: Channel, jo: Person, small_batches: None
) -> None:
    make.conversations(channel, 7)
    run = begin(channel, jo, BulkAct.RESOLVE)
    bulk.work(run_id=run.pk, now=NOW)

    undone = undoing.undo(brand=channel.brand, by=jo, now=NOW + timedelta(minutes=45))

    assert undone.run is not None
    assert finish(undone.run, at=NOW + timedelta(minutes=45)).done == 4
    assert not Conversation.objects.filter(state="resolved").exists()


def test_what_somebody_began_stops_when_they_may_no_longer_come_in(
    channel: Channel, jo: Person, small_batches: None
) -> None:
    make.conversations(channel, 7)
    run = begin(channel, jo, BulkAct.RESOLVE)
    Person.objects.filter(pk=jo.pk).update(is_active=False)

    assert finish(run).state == "cancelled"
    assert Conversation.objects.filter(state="open").count() == 7


@pytest.mark.parametrize(
    "act", ["resolve", "reopen", "spam", "snooze", "assign", "tag", "untag", "priority", "unread"]
)
def test_each_conversation_becomes_what_the_action_on_one_would_make_of_it(
    act: str, one: Conversation, channel: Channel, jo: Person
) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(who="bo"))], now=say.at(1))
    twin = Conversation.objects.exclude(pk=one.pk).get()
    tag = Tag.objects.create(brand=channel.brand, name="refund")
    until = NOW + timedelta(days=1)
    for each in (one, twin):
        if act == "reopen":
            with_jo = Conversation.objects.filter(pk=each.pk)
            with_jo.update(
                assignee=jo, assignee_name="Jo", assignee_set_by="routing", assignee_set_at=say.at(0)
            )
            closing.resolve(conversation=each, by=jo, now=NOW)
        if act == "untag":
            tagging.set_tag(conversation=each, tag=tag, by=jo, now=NOW)
        if act == "unread":
            reading.mark_read(conversation=each, by=jo, up_to_seq=last(channel), now=NOW)
    alone = {
        "resolve": lambda: closing.resolve(conversation=one, by=jo, now=NOW),
        "reopen": lambda: closing.reopen(conversation=one, by=jo, now=NOW),
        "spam": lambda: closing.mark_spam(conversation=one, by=jo, now=NOW),
        "snooze": lambda: snoozing.snooze(conversation=one, until=until, by=jo, now=NOW),
        "assign": lambda: assigning.assign(conversation=one, to=jo, by=jo, now=NOW),
        "tag": lambda: tagging.set_tag(conversation=one, tag=tag, by=jo, now=NOW),
        "untag": lambda: tagging.undo_tag(conversation=one, tag=tag, by=jo, now=NOW),
        "priority": lambda: prioritising.pin(conversation=one, priority=Priority.URGENT, by=jo, now=NOW),
        "unread": lambda: reading.mark_unread(conversation=one, by=jo, now=NOW),
    }
    value = {
        "assign": {"person": jo.pk, "name": "Jo"},
        "snooze": {"until": until.isoformat()},
        "tag": {"tag": tag.pk},
        "untag": {"tag": tag.pk},
        "priority": {"priority": 1},
    }
    alone[act]()
    run = finish(begin(channel, jo, BulkAct(act), view=None, ids=[twin.public_id], value=value.get(act, {})))
    assert run.done == 1

    names = (
        "state", "resolved_at", "snoozed_until", "assignee_id", "assignee_name", "tags", "priority", "priority_pinned", "unread_count",
        "priority_score", "assignee_set_by", "assignee_set_at",
    )  # fmt: skip
    first, second = Conversation.objects.order_by("pk").values(*names)
    assert first == second
    kinds = [
        list(
            Event.objects.filter(conversation=each).exclude(kind="message.received").order_by("seq").values_list("kind", "actor")
        )
        for each in (one, twin)
    ]  # fmt: skip
    assert kinds[0] == kinds[1]
    tags = ConversationTag.objects.order_by("conversation").values_list("state", "set_by", "person")
    assert len(set(tags)) <= 1


@pytest.mark.parametrize("who", ["jo", "nobody"])
def test_what_they_have_already_is_a_persons_choice_from_then_on_as_on_one(
    who: str, one: Conversation, channel: Channel, jo: Person
) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(who="bo"))], now=say.at(1))
    twin = Conversation.objects.exclude(pk=one.pk).get()
    to = jo if who == "jo" else None
    given = {"assignee": to, "assignee_name": "Jo" if to else ""}
    Conversation.objects.update(**given, assignee_set_by="routing" if to else "", assignee_set_at=say.at(0))
    before = {row["id"]: row["seq"] for row in Conversation.objects.values("id", "seq")}

    assigning.assign(conversation=one, to=to, by=jo, now=NOW)
    value = {"person": to.pk, "name": "Jo"} if to else {"person": None, "name": "nobody"}
    run = finish(begin(channel, jo, BulkAct.ASSIGN, view=None, ids=[twin.public_id], value=value))

    assert (run.done, run.reasons) == (0, {f"assigned to {value['name']} already": 1})
    names = ("assignee_id", "assignee_name", "assignee_set_by", "assignee_set_at")
    first, second = Conversation.objects.order_by("pk").values(*names)
    assert first == second
    assert (second["assignee_set_by"], second["assignee_set_at"]) == ("person", NOW)
    assert {row["id"]: row["seq"] for row in Conversation.objects.values("id", "seq")} == before


def test_the_ids_are_written_down_with_one_statement_for_ten_thousand(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 2000)
    with CaptureQueriesContext(connection) as asked:
        run = begin(channel, jo, BulkAct.READ)
    assert (run.total, BulkBatch.objects.filter(run=run).count()) == (2000, 7)
    assert len(asked) <= 12


@pytest.mark.django_db(transaction=True)
def test_nobody_who_writes_waits_for_what_a_view_is_asked(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 3)
    BrandSequence.objects.get_or_create(brand=channel.brand)
    written: list[str] = []

    class SlowView(inbox_list.View):
        def conversations(self, *args: Any, **fields: Any) -> ConversationQuerySet:
            return super().conversations(*args, **fields).extra(where=["(SELECT pg_sleep(2) IS NOT NULL)"])

    def select_all() -> None:
        slow = SlowView("open", "All open", "open")
        run = bulk.begin(
            brand=channel.brand, by=jo, act=BulkAct.READ, words="Read", value={}, seen_seq=0, now=NOW, view=slow
        )  # fmt: skip
        written.append(f"all {run.total} selected")

    def write() -> None:
        until_it_sleeps()
        with transaction.atomic(), events.ledger(channel.brand_id):
            written.append("something was written")

    at_once(select_all, write)

    assert written == ["something was written", "all 3 selected"]


def until_it_sleeps() -> None:
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            )
            if cursor.fetchone() == (1,):
                return
        time.sleep(0.02)
    raise AssertionError("Nothing was asked for.")
