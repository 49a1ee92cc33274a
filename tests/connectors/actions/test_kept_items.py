"""What a poll brought and the inbox refused is kept whole, and goes in once the cause is gone."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors import keeping
from connectors.actions import draining, replaying, syncing
from connectors.actions._runs import Synced
from connectors.actions._walking import Kept
from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    Attachment,
    AttachmentKind,
    Edited,
    InboundMessage,
    Malformed,
    MessageKind,
    Origin,
    Page,
    Party,
    ProfileSeen,
    Reacted,
    ReadUpTo,
    Standing,
    ThreadKind,
    Typing,
    Unsent,
)
from connectors.models import DeadItem, RunLine, SyncSchedule, Task
from connectors.platforms.instagram.connector import connector as instagram
from connectors.platforms.x.connector import connector as x
from inbox.actions import receiving
from inbox.models import Channel, ChannelState, Message
from tests.connectors import helpers
from tests.connectors.conftest import NOW, message_item

pytestmark = pytest.mark.django_db(transaction=True)
MARA = Party("mara", name="Mara", followers=7, verified=True)
EVENTS = [
    InboundMessage(
        "m1", "t1", NOW, MARA, "Hello", MessageKind.SHARE, ThreadKind.GROUP, True, Origin.AUTOMATION, "k1",
        (Attachment(AttachmentKind.IMAGE, "https://a.example/1", expires_at=NOW, storable=False),),
        card={"title": "T", "parts": [1, {"a": None}]}, counterpart=MARA, after="m0",
        standing=Standing(NOW, (("mara", "❤"), ("acc-1", "👍"))),
    ),
    Edited("m1", "Hi", NOW, 2), Unsent("m1", NOW), Reacted("m1", MARA, NOW, "❤️"), ReadUpTo("t1", NOW), Typing("t1", MARA, NOW),
    ProfileSeen(MARA), AccountChanged(AccountState.REVOKED, "Gone", NOW),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event):
    import json

    assert keeping.read(json.loads(json.dumps(keeping.written(event)))) == event


def test_an_event_of_another_version_is_malformed():
    with pytest.raises(Malformed):
        keeping.read({"parley_event": "Whistled", "fields": {}})


@pytest.fixture
def refused(channel, platform, clock, monkeypatch):
    """One polled message that the inbox could not hold."""
    Channel.objects.update(created_at=NOW - timedelta(days=1))
    platform.hears("I want my money back", at=clock())
    schedule = SyncSchedule.objects.create(channel=channel, task=Task.POLL, every_seconds=5, next_run_at=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "receive", lambda **_: 1 / 0)
        syncing.run(schedule_id=schedule.pk, clock=clock)
    schedule.refresh_from_db()
    assert schedule.cursor == platform.said[0].id
    return DeadItem.objects.get()


def test_a_polled_item_that_was_refused_keeps_its_words(refused):
    assert refused.payload["payload"]["fields"]["text"] == "I want my money back"


def test_a_polled_item_that_was_refused_goes_in_when_it_is_replayed(refused, clock):
    clock.passes(60)

    replayed = replaying.replay_polled_item(item_id=refused.pk, now=clock())

    assert (replayed.new_messages, replayed.dead) == (1, 0)
    message = Message.objects.get()
    assert (message.text, message.sent_at) == ("I want my money back", NOW)
    refused.refresh_from_db()
    assert refused.replayed_at == NOW + timedelta(seconds=60)


def test_a_replay_that_trips_says_why_and_waits(refused, clock):
    DeadItem.objects.update(payload={"payload": {"unreadable": 1}, "account_ids": []})

    replayed = replaying.replay_polled_item(item_id=refused.pk, now=clock())

    refused.refresh_from_db()
    assert (replayed.dead, refused.replayed_at, refused.reason) == (1, None, "KeyError")


def test_a_reason_is_not_lost_to_one_that_says_less(refused, clock):
    """Two things are not known of it: what was wrong, and what it is."""
    DeadItem.objects.update(
        payload={"payload": {"kind": "unheard-of"}, "account_ids": []}, reason="It has no author."
    )

    replayed = replaying.replay_polled_item(item_id=refused.pk, now=clock())

    refused.refresh_from_db()
    assert (replayed.dead, refused.replayed_at, refused.reason) == (1, None, "It has no author.")


@pytest.fixture
def walk(channel):
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW
    )


def test_what_the_inbox_refuses_again_and_again_waits_once(walk, platform, clock, monkeypatch):
    """Each walk asks at another moment and signs the picture's address anew."""
    platform.hears("I want my money back", at=NOW - timedelta(hours=1))
    history = platform.history

    def as_it_stands(ctx, cursor, thread_id=""):
        page = history(ctx, cursor, thread_id)
        address = f"https://cdn.example/1.png?signature={clock().timestamp()}"
        picture = Attachment(AttachmentKind.IMAGE, address)
        stand = [replace(event, standing=Standing(clock()), attachments=(picture,)) for event in page.events]
        return replace(page, events=tuple(stand))

    monkeypatch.setattr(platform, "history", as_it_stands)
    monkeypatch.setattr(receiving, "receive", lambda **_: 1 / 0)

    for _ in range(3):
        syncing.run(schedule_id=walk.pk, clock=clock)
        clock.passes(900)

    assert DeadItem.objects.count() == 1


def test_however_many_wait_already_none_is_written_twice(walk, platform, clock, monkeypatch):
    rows = tuple(({"id": number}, "It has no author.") for number in range(600))
    monkeypatch.setattr(platform, "history", lambda *_: Page((), failures=rows))

    for _ in range(2):
        syncing.run(schedule_id=walk.pk, clock=clock)

    assert DeadItem.objects.count() == 600


def test_what_was_read_again_and_fails_anew_is_written_anew(walk, platform, clock, monkeypatch):
    rows = (({"kind": "test"}, "It could not be read."),)
    monkeypatch.setattr(platform, "history", lambda *_: Page((), failures=rows))
    syncing.run(schedule_id=walk.pk, clock=clock)
    replaying.replay_polled_item(item_id=DeadItem.objects.get().pk, now=clock())

    syncing.run(schedule_id=walk.pk, clock=clock)

    assert list(DeadItem.objects.order_by("pk").values_list("replayed_at", flat=True)) == [clock(), None]


def test_what_a_platform_cannot_show_is_a_line_of_the_run_and_no_dead_item(
    walk, platform, clock, monkeypatch
):
    gone = tuple(f"Could not find user with ids: [{number}]." for number in range(5))
    monkeypatch.setattr(platform, "history", lambda *_: Page((), remarks=gone))

    syncing.run(schedule_id=walk.pk, clock=clock)

    assert not DeadItem.objects.exists()
    said = f"{gone[0]} {gone[1]} {gone[2]} And 2 more of the kind."
    assert RunLine.objects.filter(text=said).exists()


OF_X = {"id": "2080765901528535001", "event_type": "MessageCreate", "text": "Where is it?", "sender_id": "7",
        "dm_conversation_id": "2244994945-7"}  # fmt: skip
X_ANSWERS = {
    "/2/dm_events": {
        "data": [OF_X],
        "includes": {
            "users": [
                {"id": "7", "name": "Mara", "public_metrics": {"followers_count": 3}},
                {"id": "8", "name": "Noor"},
            ]
        },
        "errors": [{"detail": "Could not find user with ids: [9]."}],
    },
    "/2/users/2244994945/mentions": {
        "data": [{"id": "2080765901528535002", "text": "@acme hi", "author_id": "7"}]
    },
}
OF_INSTAGRAM = {"id": "aWdfZ1", "message": "Hi!", "from": {"id": "7", "username": "mara.k"},
                "to": {"data": [{"id": "178"}]}}  # fmt: skip
INSTAGRAM_ANSWERS = {
    "/v25.0/me/conversations": {"data": [{"id": "c1"}]},
    "/v25.0/c1/messages": {"data": [OF_INSTAGRAM]},
    "/v25.0/me/media": {"data": [{"id": "p1"}]},
    "/v25.0/p1/comments": {"data": [{"id": "17", "text": "Nice", "from": {"id": "7", "username": "mara.k"}}]},
}


@pytest.mark.parametrize(
    ("connector", "external_id", "answers", "time", "texts"),
    [
        (x, "2244994945", X_ANSWERS, "created_at", ["@acme hi", "Where is it?"]),
        (instagram, "178", INSTAGRAM_ANSWERS, "created_time", ["Hi!", "Nice"]),
    ],
    ids=["x", "instagram"],
)
def test_what_a_walk_could_not_read_is_read_from_what_was_kept_of_it(
    brand, clock, connector, external_id, answers, time, texts
):
    """No row says when it was written. The cause is mended, here by the time that is missing, and *Read again* brings the message."""
    key = connector.manifest.key
    channel = Channel.objects.create(brand=brand, platform=key, external_id=external_id, name="Acme")
    network = helpers.FakePlatform()
    for path, body in answers.items():
        network.on("GET", path, helpers.json_answer(body))
    schedule = SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW
    )
    cursor, more = "", True
    while more:
        page = connector.history(network.context(connector, Account(external_id)), cursor)
        cursor, more = page.cursor, page.more
        syncing.keep_page(schedule, None, Kept(page, cursor), Synced(), now=clock())
    items = list(DeadItem.objects.order_by("pk"))
    assert {item.reason for item in items} == {"The item has no readable time."} and len(items) == 2

    for item in items:
        assert replaying.replay_polled_item(item_id=item.pk, now=clock()).dead == 1
        item.refresh_from_db()
        assert (item.replayed_at, item.reason) == (None, "The item has no readable time.")
        payload = deepcopy(item.payload)
        payload["payload"][
            next(each for each in ("event", "element", "value") if each in payload["payload"])
        ][time] = "2026-08-06T10:23:44+0000"
        DeadItem.objects.filter(pk=item.pk).update(payload=payload)
        assert replaying.replay_polled_item(item_id=item.pk, now=clock()).new_messages == 1

    assert sorted(Message.objects.values_list("text", flat=True)) == texts
    if connector is x:
        assert set(Message.objects.values_list("author_handle__name", flat=True)) == {"Mara"}


@pytest.mark.parametrize("came_by", ["a poll", "a delivery"])
def test_what_waits_to_be_read_of_a_retired_channel_waits_until_it_is_connected_again(
    request, channel, clock, receipt, monkeypatch, came_by
):
    if came_by == "a poll":
        item = request.getfixturevalue("refused")
    else:
        receipt(message_item("m1"))
        with monkeypatch.context() as broken:
            broken.setattr(receiving, "receive", lambda **_: 1 / 0)
            draining.drain(now=clock())
        item = DeadItem.objects.get()
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.DISCONNECTED)

    done = replaying.replay_items(item_ids=[item.pk], now=clock(), brand=channel.brand)

    item.refresh_from_db()
    assert (done.items, done.dead, item.replayed_at, item.reason) == (1, 1, None, replaying.RETIRED)
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.CONNECTED)
    assert replaying.replay_items(item_ids=[item.pk], now=clock(), brand=channel.brand).new_messages == 1
    assert Message.objects.count() == 1
