"""Counters of saved views: they follow events and the clock, are never counted on request, and a nightly count finds what drifted."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.actions import (
    _saved_views,
    assigning,
    closing,
    closing_teams,
    counting,
    hours,
    merging,
    prioritising,
    recounting,
    saving,
    undoing,
)
from inbox.models import (
    BrandSequence,
    BusinessHours,
    Channel,
    Contact,
    ContactMerge,
    Conversation,
    CountedConversation,
    Event,
    EventKind,
    Person,
    SavedView,
    Team,
    ViewCount,
    ViewCursor,
    ViewDrift,
)
from inbox.queries import inbox_list, saved_views, view_counting, view_names
from inbox.rules.view_query import Query
from inbox.rules.view_reading import parse
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of
from tests.factories.teams import team

NOW = datetime.fromisoformat("2026-03-02T09:30:00+00:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


def saved(channel: Channel, text: str, *, owner: Person | None = None) -> SavedView:
    names = view_names.of(owner or agent_of(channel.brand), channel.brand)
    return saving.save(
        brand=channel.brand,
        owner=owner,
        name=text[:60] or "all",
        query=parse(text, names),
        by=owner or agent_of(channel.brand),
        now=NOW,
    )


def change(conversation: Conversation, **fields: Any) -> None:
    """As an action changes a row: with the number of an event."""
    last = Event.objects.filter(brand=conversation.brand).order_by("-seq").first()
    seq = (last.seq if last else 0) + 1
    Event.objects.create(
        brand=conversation.brand,
        seq=seq,
        kind=EventKind.TRIAGED,
        conversation=conversation,
        at=NOW,
    )
    Conversation.objects.filter(pk=conversation.pk).update(seq=seq, **fields)
    make.advance(conversation.channel, seq)


def settle(channel: Channel, *, now: datetime = NOW) -> list[counting.Counts]:
    """As the worker does it: follow, fill, and turn what is due."""
    done = []
    for step in (counting.follow, counting.fill):
        while True:
            counts = step(brand_id=channel.brand_id, now=now, limit=7)
            done.append(counts)
            if not counts.more:
                break
    while turned := view_counting.turned(now, limit=3):
        for brand_id, ids in turned.items():
            done.append(counting.turn(brand_id=brand_id, conversation_ids=ids, now=now))
    return done


def kept(view: SavedView, person: Person | None = None) -> tuple[int, int]:
    view.refresh_from_db()
    key = saved_views.key_for(view, person) if person else view.count_key
    row = ViewCount.objects.filter(brand=view.brand, view=key).first()
    return (row.total, row.unread) if row else (0, 0)


def really(view: SavedView, person: Person, *, now: datetime) -> tuple[int, int]:
    found = inbox_list.page(
        saved_views.view_of(view, person), person=person, brand=view.brand, now=now, limit=500
    )
    return len(found.rows), sum(row.conversation.unread_count > 0 for row in found.rows)


QUERIES = ["", "is:unread", "due<1h", "due<1h -tag:spam is:unread", "is:late", "waiting>10m", "tag:refund", "assignee:none tag:refund",
           "assignee:me", "is:snoozed,resolved", "updated<30m", "is:any priority:urgent"]  # fmt: skip


def test_counters_agree_with_the_lists_after_any_changes_and_at_any_time(
    channel: Channel, jo: Person
) -> None:
    dice = random.Random(5)
    made = make.conversations(channel, 30, last_message_at=NOW)
    views = [saved(channel, text, owner=jo) for text in QUERIES]
    settle(channel)
    now = NOW
    for _ in range(12):
        now += timedelta(seconds=dice.randint(1, 1500))
        for row in dice.sample(made, 5):
            state = dice.choice(["open", "open", "open", "snoozed", "resolved"])
            change(
                row, state=state, resolved_at=now if state == "resolved" else None, unread_count=dice.randint(0, 2),
                tags=dice.sample(["refund", "spam", "late"], dice.randint(0, 3)), assignee=dice.choice([None, jo]),
                due_at=dice.choice([None, now + dice.randint(-90, 150) * MINUTE]), priority=dice.randint(1, 4),
                waiting_since=dice.choice([None, now - dice.randint(0, 20) * MINUTE]), last_message_at=now,
            )  # fmt: skip
        settle(channel, now=now)

        told = {view.name: kept(view) for view in views}
        assert told == {view.name: really(view, jo, now=now) for view in views}


def test_counters_follow_a_mark_into_what_is_resolved(channel: Channel, jo: Person) -> None:
    mara, mara_too = (Contact.objects.create(brand=channel.brand, name=name) for name in ("Mara", "Mara K."))
    resolved = {"state": "resolved", "resolved_at": NOW, "waiting_since": None}
    make.conversations(channel, 3, contact=mara, **resolved)
    make.conversations(channel, 2, contact=mara_too, **resolved)
    make.conversation(channel, contact=mara)
    view = saved(channel, "is:any is:vip", owner=jo)
    settle(channel)

    prioritising.mark_vip(contact=mara, vip=True, by=jo, now=NOW)
    settle(channel)
    assert kept(view)[0] == 4

    merging.merge(kept=mara, absorbed=mara_too, by=jo, now=NOW)
    settle(channel)
    assert kept(view)[0] == 6

    merging.part(merge=ContactMerge.objects.get(), by=jo, now=NOW)
    settle(channel)
    assert kept(view)[0] == really(view, jo, now=NOW)[0]


def test_looking_twice_changes_nothing(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 5)
    view = saved(channel, "", owner=jo)
    settle(channel)
    before = kept(view)

    counting.turn(brand_id=channel.brand_id, conversation_ids=Conversation.objects.values_list("pk", flat=True), now=NOW)  # fmt: skip

    assert kept(view) == before == (5, 0)


def test_time_brings_a_conversation_in_and_takes_it_out(channel: Channel, jo: Person) -> None:
    make.conversation(channel, due_at=NOW + 90 * MINUTE, waiting_since=NOW)
    soon, patient = saved(channel, "due<1h", owner=jo), saved(channel, "waiting<10m", owner=jo)
    settle(channel)
    assert (kept(soon), kept(patient)) == ((0, 0), (1, 0))
    assert not view_counting.turned(NOW + 9 * MINUTE, limit=5)

    settle(channel, now=NOW + 10 * MINUTE)
    assert (kept(soon), kept(patient)) == ((0, 0), (0, 0))

    [told] = [counts for counts in settle(channel, now=NOW + 30 * MINUTE) if counts.changed]
    assert told.changed == {soon.count_key: (1, 0)}


def test_a_conversation_grows_as_old_as_a_view_asks(channel: Channel, jo: Person) -> None:
    make.conversation(channel)
    Conversation.objects.update(created_at=NOW - timedelta(days=1))
    old, young = saved(channel, "created>2d", owner=jo), saved(channel, "created<2d", owner=jo)
    settle(channel)
    assert (kept(old), kept(young)) == ((0, 0), (1, 0))
    assert not view_counting.turned(NOW + timedelta(days=1) - MINUTE, limit=5)

    settle(channel, now=NOW + timedelta(days=1))

    assert (kept(old), kept(young)) == ((1, 0), (0, 0))
    assert (kept(old), kept(young)) == tuple(
        really(view, jo, now=NOW + timedelta(days=1)) for view in (old, young)
    )
    assert recount(channel, now=NOW + timedelta(days=2)) == []


def test_views_are_counted_anew_where_days_begin_at_another_hour(channel: Channel, jo: Person) -> None:
    BrandSequence.objects.get_or_create(brand=channel.brand)
    late = datetime.fromisoformat("2026-03-02T23:30:00+00:00")
    make.conversation(channel, due_at=late, last_message_at=late)
    today, of_day, soon = (
        saved(channel, text, owner=jo) for text in ("due:today", "updated:2026-03-02", "due<1h")
    )
    settle(channel)
    assert [kept(view)[0] for view in (today, of_day, soon)] == [1, 1, 0]
    before = soon.count_key
    told: dict[str, Any] = {"name": "Shop", "week": {}, "holidays": [], "by": jo, "now": NOW}

    tokyo = hours.save(brand=channel.brand, hours=None, time_zone="Asia/Tokyo", **told)
    settle(channel)
    assert [kept(view)[0] for view in (today, of_day)] == [0, 0]
    settle(channel, now=NOW + timedelta(hours=5, minutes=30))  # midnight there
    assert [kept(view)[0] for view in (today, of_day)] == [1, 0]

    hours.save(brand=channel.brand, hours=tokyo, time_zone="Europe/London", **told)
    settle(channel)
    assert [kept(view)[0] for view in (today, of_day)] == [1, 1]

    hours.save(brand=channel.brand, hours=tokyo, time_zone="Asia/Tokyo", **told)
    hours.remove(hours=tokyo, by=jo, now=NOW)
    settle(channel)
    assert [kept(view)[0] for view in (today, of_day)] == [1, 1]
    soon.refresh_from_db()
    assert soon.count_key == before
    assert recount(channel) == []


def test_views_that_ask_for_a_team_are_counted_anew_when_it_goes(channel: Channel, jo: Person) -> None:
    BrandSequence.objects.get_or_create(brand=channel.brand)
    returns = team(channel.brand, jo, name="Returns")
    make.conversations(channel, 3, team=returns)
    make.conversations(channel, 2, team=returns, state="resolved", resolved_at=NOW, waiting_since=None)
    make.conversation(channel)
    theirs, nobodys, others = (
        saved(channel, text, owner=jo) for text in ("team:Returns", "is:any team:none", "is:open")
    )
    shared = saving.save(
        brand=channel.brand, owner=None, team=returns, name="Ours", query=Query(), by=jo, now=NOW
    )
    settle(channel)
    assert [kept(view)[0] for view in (theirs, nobodys, others, shared)] == [3, 1, 4, 4]
    told, before = ViewCursor.objects.get().told, others.count_key

    closing_teams.remove(team=returns, by=jo, now=NOW)

    assert ViewCursor.objects.get().told > told  # open pages ask which views there are
    settle(channel)
    assert [kept(view)[0] for view in (theirs, nobodys, others)] == [0, 6, 4]
    assert others.count_key == before
    assert not ViewCount.objects.filter(view__startswith=f"saved:{shared.pk}.").exists()
    assert recount(channel) == []


def test_a_shared_view_of_mine_has_a_counter_for_each(channel: Channel, jo: Person) -> None:
    ana = agent_of(channel.brand)
    make.conversations(channel, 3, assignee=jo)
    make.conversations(channel, 2, assignee=ana, unread_count=1)
    make.conversation(channel)
    view = saved(channel, "assignee:me")

    settle(channel)

    assert (kept(view, jo), kept(view, ana), kept(view, agent_of(channel.brand))) == ((3, 0), (2, 2), (0, 0))
    assert inbox_list.counted(saved_views.of(ana, channel.brand), channel.brand)[0].total == 2


def test_what_cannot_be_counted_says_so(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 2)
    not_mine = saved(channel, "-assignee:me")

    settle(channel)

    assert [view.count_key for view in saved_views.of(jo, channel.brand)] == [""]
    assert kept(not_mine) == (0, 0)
    assert not view_counting.behind()


def test_another_question_is_counted_anew(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 3, tags=["refund"])
    make.conversations(channel, 2, tags=["late"])
    view = saved(channel, "tag:refund", owner=jo)
    settle(channel)
    assert kept(view) == (3, 0)

    saving.change(
        view=view, query=parse("tag:late", view_names.of(jo, channel.brand)), sort="", by=jo, now=NOW
    )
    assert saved_views.of(jo, channel.brand)[0].filled is False
    settle(channel)

    assert kept(view) == (2, 0)
    saving.remove(view=view, by=jo, now=NOW)
    settle(channel)
    assert not ViewCount.objects.filter(view__startswith="saved:").exists()


@pytest.mark.parametrize("limits", [[4], [4, 20]], ids=["in the middle", "in the last step"])
def test_what_is_asked_anew_while_it_is_counted_is_counted_from_the_beginning(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch, limits: list[int]
) -> None:
    """Whoever changes the question waits for nobody who counts."""
    make.conversations(channel, 3, tags=["late"])
    make.conversations(channel, 6, tags=["refund"])
    view = saved(channel, "tag:refund,late", owner=jo)
    found, asked = counting._candidates, parse("tag:late", view_names.of(jo, channel.brand)).as_json()

    def changed_meanwhile(*given: Any) -> list[int]:
        ids = found(*given)
        _saved_views.ask(SavedView.objects.get(pk=view.pk), asked, "")
        return ids

    for limit in limits[:-1]:
        counting.fill(brand_id=channel.brand_id, now=NOW, limit=limit)
    monkeypatch.setattr(counting, "_candidates", changed_meanwhile)
    counting.fill(brand_id=channel.brand_id, now=NOW, limit=limits[-1])
    monkeypatch.setattr(counting, "_candidates", found)
    settle(channel)

    assert kept(view) == (3, 0)
    assert recount(channel) == []


def test_filling_one_view_leaves_the_others_right(channel: Channel, jo: Person) -> None:
    made = make.conversations(channel, 5, due_at=NOW + 61 * MINUTE)
    first = saved(channel, "is:open", owner=jo)
    settle(channel)
    Conversation.objects.filter(pk=made[0].pk).update(unread_count=1)  # its news is not followed yet

    second = saved(channel, "due<1h", owner=jo)
    counting.fill(brand_id=channel.brand_id, now=NOW)

    assert (kept(first), kept(second)) == ((5, 1), (0, 0))
    settle(channel, now=NOW + 2 * MINUTE)
    assert (kept(first), kept(second)) == ((5, 1), (5, 1))


def test_real_actions_move_the_counters(channel: Channel, jo: Person) -> None:
    row = make.conversation(channel)
    free, mine, done = (
        saved(channel, text, owner=jo) for text in ("assignee:none", "assignee:me", "is:resolved")
    )
    settle(channel)
    assert [kept(view)[0] for view in (free, mine, done)] == [1, 0, 0]

    assigning.assign(conversation=row, to=jo, by=jo, now=NOW)
    settle(channel)
    assert [kept(view)[0] for view in (free, mine, done)] == [0, 1, 0]

    closing.resolve(conversation=row, by=jo, now=NOW)
    settle(channel)
    assert [kept(view)[0] for view in (free, mine, done)] == [0, 0, 1]


def test_the_rail_reads_counters_by_key_however_many_there_are(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 40)
    for text in QUERIES:
        saved(channel, text, owner=jo)
    settle(channel)

    with CaptureQueriesContext(connection) as told:
        views = inbox_list.counted(saved_views.of(jo, channel.brand), channel.brand)

    assert len(told) == 2 and len(views) == len(QUERIES)
    assert not any("COUNT(" in each["sql"] or "inbox_conversation" in each["sql"] for each in told)
    assert [view.key for view in views[:10]] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", ""]


def recount(channel: Channel, *, now: datetime = NOW) -> list[recounting.Off]:
    while recounting.recount_batch(brand_id=channel.brand_id, now=now, limit=4):
        pass
    return recounting.compare(brand_id=channel.brand_id, now=now)


def test_a_spoilt_counter_is_reported_and_repaired(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 6, unread_count=1)
    view = saved(channel, "is:unread", owner=jo)
    settle(channel)
    assert recount(channel) == []
    ViewCount.objects.filter(view=view.count_key).update(total=9, unread=4)
    ViewCount.objects.filter(view="open").update(total=1)
    ViewCount.objects.filter(view="unassigned").delete()

    off = recount(channel)

    assert {(each.view, each.total, each.unread) for each in off} == {(view.count_key, 3, -2), ("open", -5, 0), ("unassigned", -6, -6)}  # fmt: skip
    assert kept(view) == (6, 6)
    assert ViewCount.objects.get(view="open").total == ViewCount.objects.get(view="unassigned").total == 6
    drifts = {drift.label: (drift.total, drift.unread) for drift in ViewDrift.objects.all()}
    assert drifts == {"is:unread": (3, -2), "open": (-5, 0), "unassigned": (-6, -6)}
    assert recount(channel) == []


def test_a_conversation_that_is_counted_where_it_does_not_belong_is_found(
    channel: Channel, jo: Person
) -> None:
    made = make.conversations(channel, 6, tags=["refund"])
    view = saved(channel, "tag:refund", owner=jo)
    settle(channel)
    Conversation.objects.filter(pk__in=[made[0].pk, made[1].pk]).update(tags=[])  # behind everybody's back

    assert recount(channel) == []
    assert kept(view) == (4, 0)
    assert ViewDrift.objects.get().total == 2


def test_what_is_only_on_its_way_is_no_drift(channel: Channel, jo: Person) -> None:
    made = make.conversations(channel, 4, due_at=NOW + 61 * MINUTE)
    saved(channel, "due<1h", owner=jo), saved(channel, "tag:refund", owner=jo)
    settle(channel)
    change(made[0], tags=["refund"])

    recount(channel, now=NOW + 2 * MINUTE)

    assert not ViewDrift.objects.exists()


def test_views_are_counted_anew_where_a_brand_without_hours_moves_its_days(
    channel: Channel, jo: Person
) -> None:
    BrandSequence.objects.get_or_create(brand=channel.brand)
    late = datetime.fromisoformat("2026-03-02T23:30:00+00:00")
    make.conversation(channel, due_at=late, last_message_at=late)
    of_day = saved(channel, "updated:2026-03-02", owner=jo)
    settle(channel)
    assert kept(of_day)[0] == 1

    assert hours.move_days(brand=channel.brand, time_zone="Asia/Tokyo")
    settle(channel)

    assert kept(of_day)[0] == 0
    assert not hours.move_days(brand=channel.brand, time_zone="Asia/Tokyo")


def test_the_night_is_the_brands_own(channel: Channel) -> None:
    BusinessHours.objects.create(brand=channel.brand, name="Tokyo", time_zone="Asia/Tokyo")
    night = datetime.fromisoformat("2026-03-02T18:30:00+00:00")  # 3:30 there

    assert recounting.due(now=night - MINUTE * 40) == []
    assert recounting.due(now=night - MINUTE * 40) == [] or recounting.due(now=night - MINUTE * 40) == []
    assert recounting.due(now=night) == [channel.brand_id]
    recount(channel, now=night)
    assert recounting.due(now=night + timedelta(hours=5)) == []
    assert recounting.due(now=night + timedelta(hours=24)) == [channel.brand_id]


def test_a_brand_without_views_is_left_alone(channel: Channel, jo: Person) -> None:
    make.advance(channel, 50)
    assert view_counting.behind() == []

    saved(channel, "", owner=jo)

    assert view_counting.behind() == [channel.brand_id]
    settle(channel)
    assert view_counting.behind() == []
    assert ViewCursor.objects.get().seq == 50
    assert CountedConversation.objects.count() == 0


def test_names_and_places_of_views(channel: Channel, jo: Person) -> None:
    first, second, third = (saved(channel, text, owner=jo) for text in ("tag:a", "tag:b", "tag:c"))
    with pytest.raises(saving.Refused, match="already"):
        saving.rename(view=first, name=" tag:b ", by=jo, now=NOW)

    saving.move(view=third, by=-2)
    saving.move(view=first, by=9)

    assert [view.saved for view in saved_views.of(jo, channel.brand)] == [third, second, first]
    assert saved_views.of(agent_of(channel.brand), channel.brand) == []


def test_a_view_that_somebody_removes_meanwhile_is_not_changed(channel: Channel, jo: Person) -> None:
    view, stale = saved(channel, "tag:refund"), SavedView.objects.get()
    saving.remove(view=view, by=jo, now=NOW)

    with pytest.raises(saving.Refused, match="is no more"):
        saving.change(view=stale, query=Query(), sort="", by=jo, now=NOW)
    with pytest.raises(saving.Refused, match="is no more"):
        saving.rename(view=stale, name="Money", by=jo, now=NOW)
    with pytest.raises(saving.Refused, match="is no more"):
        saving.move(view=stale, by=1)
    assert not SavedView.objects.exists()


def test_of_a_team_that_somebody_removes_meanwhile_no_view_is_kept_or_moved(
    channel: Channel, jo: Person
) -> None:
    returns = team(channel.brand, jo, name="Returns")
    kept = {"brand": channel.brand, "owner": None, "query": Query(), "by": jo, "now": NOW}
    view = saving.save(team=returns, name="Ours", **kept)
    looked, stale = Team.objects.get(), SavedView.objects.get(pk=view.pk)
    closing_teams.remove(team=returns, by=jo, now=NOW)

    with pytest.raises(saving.Refused, match="Returns is no more"):
        saving.save(team=looked, name="Late", **kept)
    with pytest.raises(saving.Refused, match="is no more"):
        saving.move(view=stale, by=1)


def undo(channel: Channel, by: Person) -> undoing.Undone:
    return undoing.undo(brand=channel.brand, by=by, now=NOW + MINUTE)


def test_a_view_that_was_removed_comes_back_with_its_address_and_is_counted(
    channel: Channel, jo: Person
) -> None:
    make.conversations(channel, 3, tags=["refund"])
    BrandSequence.objects.get_or_create(brand=channel.brand)
    view = saved(channel, "tag:refund", owner=jo)
    settle(channel)
    saving.remove(view=view, by=jo, now=NOW)

    undone = undo(channel, jo)

    assert (undone.sentence, undone.view) == (
        "Undone: removed the view tag:refund.",
        f"view-{view.public_id}",
    )
    back = SavedView.objects.get()
    assert (back.pk, back.public_id, back.name, back.owner) == (view.pk, view.public_id, view.name, jo)
    settle(channel)
    assert kept(back) == (3, 0)


def test_what_a_view_asked_and_was_called_comes_back_in_turn_and_then_it_goes(
    channel: Channel, jo: Person
) -> None:
    make.conversations(channel, 3, tags=["refund"])
    BrandSequence.objects.get_or_create(brand=channel.brand)
    view = saved(channel, "tag:refund", owner=jo)
    saving.change(
        view=view, query=parse("tag:late", view_names.of(jo, channel.brand)), sort="score", by=jo, now=NOW
    )
    saving.rename(view=view, name="Late", by=jo, now=NOW)

    undo(channel, jo)
    undo(channel, jo)

    view.refresh_from_db()
    assert (view.name, view.sort) == ("tag:refund", "")
    settle(channel)
    assert kept(view) == (3, 0)
    assert undo(channel, jo).view == "open"
    assert not SavedView.objects.exists()


def test_a_view_that_a_colleague_changed_since_stays(channel: Channel, jo: Person) -> None:
    BrandSequence.objects.get_or_create(brand=channel.brand)
    bea = agent_of(channel.brand, name="Bea")
    view = saved(channel, "tag:refund")
    saving.rename(view=view, name="Refunds", by=jo, now=NOW)
    saving.rename(view=view, name="Money", by=bea, now=NOW)

    assert "Bea has changed it since" in undo(channel, jo).sentence
    assert SavedView.objects.get().name == "Money"


def test_a_view_that_a_colleague_changed_and_changed_back_is_as_they_want_it(
    channel: Channel, jo: Person
) -> None:
    BrandSequence.objects.get_or_create(brand=channel.brand)
    bea = agent_of(channel.brand, name="Bea")
    view = saved(channel, "tag:refund")
    saving.rename(view=view, name="Refunds", by=jo, now=NOW)
    saving.rename(view=view, name="Money", by=bea, now=NOW)
    saving.rename(view=view, name="Refunds", by=bea, now=NOW)

    assert "Bea has changed it since" in undo(channel, jo).sentence
    assert SavedView.objects.get().name == "Refunds"


def test_what_happens_while_the_night_is_counted_is_no_drift(channel: Channel, jo: Person) -> None:
    [conversation] = make.conversations(channel, 1)
    view = saved(channel, "is:unread", owner=jo)
    settle(channel)
    cursor = ViewCursor.objects.get()
    counters = view_counting.of_brand(channel.brand, NOW)
    change(conversation, unread_count=1)  # after it was found to be settled

    moved = counting.look(counters, channel.brand_id, [conversation.pk], NOW, upto=cursor.seq)

    assert not moved.total
    settle(channel)
    assert kept(view) == (1, 1)
