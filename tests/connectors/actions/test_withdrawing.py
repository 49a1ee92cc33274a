"""A message that history shows no more: withdrawn only where nothing else can explain it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.actions import _withdrawing, syncing
from connectors.contract import ConnectorError, InboundMessage, MessageKind, Remedy, Stretch
from connectors.models import SyncSchedule, Task
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
AN_HOUR_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def walk(channel, platform, clock, monkeypatch):
    """Reconciles; history lists what the platform has from its oldest message on, and says of one by its id whether it is gone."""
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    schedule = SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=5, next_run_at=NOW
    )
    history, asked = platform.history, []

    def listed(ctx, cursor, thread_id=""):
        page = history(ctx, cursor, thread_id)
        times = [event.sent_at for event in page.events if isinstance(event, InboundMessage)]
        return replace(page, stretch=Stretch(min(times), ctx.now - timedelta(minutes=2)) if times else None)

    def is_withdrawn(ctx, external_id):
        asked.append(external_id)
        return external_id not in {each.id for each in platform.said}

    monkeypatch.setattr(platform, "history", listed)
    platform.is_withdrawn = is_withdrawn

    def run():
        asked.clear()
        syncing.run(schedule_id=schedule.pk, clock=clock, pause=lambda seconds: None)
        clock.passes(900)
        return asked

    return run


@pytest.fixture
def three(platform):
    return [platform.hears(text, at=AN_HOUR_AGO + timedelta(minutes=n)) for n, text in enumerate("abc")]


def gone():
    return set(Message.objects.exclude(deleted_at=None).values_list("external_id", flat=True))


def test_an_unsend_nobody_told_is_found(walk, platform, three):
    walk()
    platform.said.remove(three[1])

    assert walk() == [three[1].id]

    assert gone() == {three[1].id}
    assert Message.objects.get(external_id=three[1].id).text == ""
    assert walk() == []


def test_the_newest_may_be_the_one_that_was_unsent(walk, platform, three):
    walk()
    platform.said.remove(three[2])
    walk()

    assert gone() == {three[2].id}


def test_a_message_that_is_older_than_what_the_page_lists_stays(walk, platform, three):
    walk()
    platform.said.remove(three[0])

    assert (walk(), gone()) == ([], set())


def test_a_message_that_the_platform_still_knows_by_its_id_stays(walk, platform, three):
    walk()
    platform.said.remove(three[1])
    platform.is_withdrawn = lambda ctx, external_id: False
    walk()

    assert gone() == set()


def test_a_thread_of_which_nothing_is_shown_any_more_stays(walk, platform, three):
    walk()
    platform.said.clear()
    platform.hears("elsewhere", thread="noor", at=AN_HOUR_AGO - timedelta(minutes=5))

    assert (walk(), gone()) == ([], set())


def test_a_message_that_is_too_new_for_a_list_that_may_be_behind_stays(walk, platform, three, clock):
    late = platform.hears("d", at=clock() + timedelta(minutes=14))
    walk()
    platform.said.remove(late)

    assert (walk(), gone()) == ([], set())


def test_without_a_connector_that_can_be_asked_nothing_is_concluded(walk, platform, three):
    walk()
    platform.said.remove(three[1])
    del platform.is_withdrawn
    walk()

    assert gone() == set()


@pytest.fixture
def few_shares(monkeypatch):
    """A walk for each: a day has too many for a test."""
    monkeypatch.setattr(_withdrawing, "SHARES", 11)


def test_a_public_post_that_its_author_deleted_goes_within_a_day(walk, platform, clock, few_shares):
    """Nobody tells of it and no list shows it: it is asked for when its turn comes."""
    kept, deleted = [platform.hears(text, at=AN_HOUR_AGO) for text in "ab"]
    walk()
    Message.objects.update(kind=MessageKind.MENTION)
    asked = []

    def survey(ctx, external_ids):
        asked.extend(external_ids)
        return {deleted.id} & set(external_ids)

    platform.surveyed_at_once, platform.gone = 100, survey
    for _ in range(_withdrawing.SHARES):
        walk()

    assert sorted(asked) == sorted([kept.id, deleted.id])
    assert gone() == {deleted.id}


def test_what_is_long_past_is_not_asked_for(walk, platform, clock, few_shares):
    """Platforms charge for each that is asked for."""
    asked = []
    platform.hears("a", at=AN_HOUR_AGO)
    walk()
    Message.objects.update(kind=MessageKind.MENTION)
    platform.surveyed_at_once, platform.gone = 100, lambda ctx, ids: asked.extend(ids) or []
    Message.objects.update(sent_at=clock() - timedelta(days=31))
    for _ in range(_withdrawing.SHARES):
        walk()

    assert asked == []


def test_a_comparison_is_whole_though_deleted_posts_could_not_be_asked_for(walk, platform, clock, few_shares):
    platform.hears("a", at=AN_HOUR_AGO)
    walk()
    Message.objects.update(kind=MessageKind.MENTION)

    def survey(ctx, external_ids):
        raise ConnectorError("X asks us to wait.", remedy=Remedy.TELL)

    platform.surveyed_at_once, platform.gone = 100, survey
    for _ in range(_withdrawing.SHARES):
        walk()

    assert SyncSchedule.objects.get().last_error == ""
    assert gone() == set()
