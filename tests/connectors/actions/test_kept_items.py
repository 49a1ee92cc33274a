"""What a poll brought and the inbox refused is kept whole, and goes in once the cause is gone."""

from datetime import timedelta

import pytest

from connectors import keeping
from connectors.actions import replaying, syncing
from connectors.contract import (
    AccountChanged,
    AccountState,
    Attachment,
    AttachmentKind,
    Edited,
    InboundMessage,
    Malformed,
    MessageKind,
    Origin,
    Party,
    ProfileSeen,
    Reacted,
    ReadUpTo,
    Standing,
    ThreadKind,
    Typing,
    Unsent,
)
from connectors.models import DeadItem, SyncSchedule, Task
from inbox.actions import receiving
from inbox.models import Message
from tests.connectors.conftest import NOW

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
