"""A network's own rule is obeyed whatever is planned: comments of others go in time, with the deliveries that brought them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from connectors.actions import erasing, expiring, planning, syncing
from connectors.models import DeadItem, Receipt, ReceiptState, SyncSchedule, Task
from connectors.queries import doctor
from connectors.queries.findings import Finding
from inbox import platforms
from inbox.actions import contacts, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Edited, InboundMessage, MessageKind, Party, ThreadKind
from inbox.models import Amendment, Channel, ChannelState, Contact, Handle, Message
from tests.connectors.conftest import NOW, Moving
from tests.factories.people import ChannelFactory
from tests.fakes.platform import FakePlatform, manifest
from tests.inbox.actions.holding import held

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def limited(channel: Channel, platform: FakePlatform) -> Channel:
    """Of a network that lets comments be kept for two days and profiles for one."""
    platform.manifest = manifest(comments_kept=48 * HOUR, profile_cache=24 * HOUR)
    platforms.register(platform.manifest)
    return channel


def comment(channel: Channel) -> Message:
    told = InboundMessage(
        external_id="c1", thread_id="post", sent_at=NOW, author=Party("mara"), text="Lovely", kind=MessageKind.COMMENT,
        thread_kind=ThreadKind.COMMENT,
    )  # fmt: skip
    receiving.receive(arrivals=[Arrival(channel.pk, told)], now=NOW)
    return Message.objects.get(channel=channel)


def read(channel: Channel) -> Receipt:
    return Receipt.objects.create(channel=channel, received_at=NOW, body=b"{}", state=ReceiptState.DONE)


def test_comments_go_before_their_time_is_over_also_where_the_channel_is_disconnected(
    limited: Channel,
) -> None:
    comment(limited)
    read(limited)
    Channel.objects.update(state=ChannelState.NEEDS_RECONNECT)

    assert expiring.expire_words(now=NOW + 47 * HOUR) == 0
    assert Receipt.objects.count() == 1

    assert expiring.expire_words(now=NOW + 48 * HOUR - timedelta(minutes=10)) == 1
    assert Message.objects.get().text == ""
    assert not Receipt.objects.exists()
    assert erasing.erase_files() == 0


def test_an_edit_of_a_comment_from_before_the_channel_goes_in_time_as_well(limited: Channel) -> None:
    edited = Edited("before-us", "Their words", NOW, thread_id="post")
    receiving.receive(arrivals=[Arrival(limited.pk, edited)], now=NOW)

    def said() -> bool | None:
        found = doctor.examine(limited, now=NOW + 49 * HOUR).findings
        return next(each.ok for each in found if each.name == "Comments kept")

    assert said() is False
    expiring.expire_words(now=NOW + 47 * HOUR)
    assert Amendment.objects.get().text == "Their words"

    expiring.expire_words(now=NOW + 48 * HOUR - timedelta(minutes=10))

    assert not Amendment.objects.exists()
    assert said() is True


def test_a_network_without_such_a_rule_keeps_what_was_said(channel: Channel) -> None:
    comment(channel)
    read(channel)

    assert expiring.expire_words(now=NOW + 5000 * HOUR) == 0
    assert (Message.objects.get().text, Receipt.objects.count()) == ("Lovely", 1)


def test_a_delivery_with_an_item_that_waits_to_be_read_stays(limited: Channel) -> None:
    unread, replayed = read(limited), read(limited)
    common = {"channel": limited, "payload": {}, "reason": "It has no sender.", "created_at": NOW}
    waits = DeadItem.objects.create(receipt=unread, **common)
    DeadItem.objects.create(receipt=replayed, replayed_at=NOW, **common)

    expiring.expire_words(now=NOW + 49 * HOUR)

    assert list(Receipt.objects.all()) == [unread]
    assert list(DeadItem.objects.all()) == [waits]


@pytest.mark.django_db(transaction=True)
def test_a_brand_that_somebody_holds_keeps_nothing_of_the_others(
    limited: Channel, connect: Callable[..., Channel]
) -> None:
    elsewhere = connect("acc-2", brand=ChannelFactory().brand)
    said = [comment(channel) for channel in (limited, elsewhere)]
    Handle.objects.update(looked_up_at=NOW, name="Mara")

    with connection.cursor() as cursor, held(limited.brand_id):
        cursor.execute("SET lock_timeout = '20ms'")
        done = expiring.expire_words(now=NOW + 48 * HOUR), expiring.expire_profiles(now=NOW + 48 * HOUR)
        cursor.execute("RESET lock_timeout")

    assert done == (1, 1)
    assert [Message.objects.get(pk=each.pk).text for each in said] == ["Lovely", ""]
    assert Handle.objects.get(channel=elsewhere).name == ""


def test_linkedin_is_such_a_network() -> None:
    linkedin = platforms.get("linkedin")

    assert (linkedin.comments_kept, linkedin.profile_cache) == (48 * HOUR, 24 * HOUR)


def test_the_connection_page_says_whether_it_was_obeyed(limited: Channel) -> None:
    comment(limited)
    Handle.objects.update(looked_up_at=NOW)

    def lines(after: timedelta) -> dict[str, bool | None]:
        found = doctor.examine(limited, now=NOW + after).findings
        return {each.name: each.ok for each in found if each.name.endswith(" kept")}

    assert lines(23 * HOUR) == {"Comments kept": True, "Profiles kept": True}
    assert lines(25 * HOUR) == {"Comments kept": True, "Profiles kept": False}
    assert lines(49 * HOUR) == {"Comments kept": False, "Profiles kept": False}


def test_of_a_retired_channel_nothing_is_advised_that_would_be_refused(limited: Channel) -> None:
    """Nobody is asked for it any more; what may be kept no longer is taken away all the same."""
    comment(limited)
    Handle.objects.update(looked_up_at=NOW)
    Channel.objects.update(state=ChannelState.DISCONNECTED)
    limited.refresh_from_db()

    def told(after: timedelta) -> Finding:
        found = doctor.examine(limited, now=NOW + after).findings
        return next(each for each in found if each.name == "Profiles kept")

    in_time, late = told(23 * HOUR), told(25 * HOUR)

    assert (in_time.ok, in_time.fix, late.ok, late.button) == (True, "", False, "")
    assert "asked for anew" not in in_time.found and "a sweep takes them away" in late.fix


@pytest.mark.parametrize("is_nightly", [False, True])
def test_no_answer_about_a_person_grows_older_than_the_network_allows(
    limited: Channel, clock: Moving, is_nightly: bool
) -> None:
    """By the plan that a channel begins with, and by that of earlier versions."""
    comment(limited)
    Handle.objects.update(looked_up_at=NOW)
    planning.give_defaults(limited, NOW)
    schedule = SyncSchedule.objects.get(task=Task.PROFILES)
    if is_nightly:
        SyncSchedule.objects.filter(pk=schedule.pk).update(every_seconds=86400, cron="20 2 * * *")
    ages = []
    for _ in range(24 * 4):
        clock.passes(3600)
        ages.append(clock() - Handle.objects.get().looked_up_at)
        schedule.refresh_from_db()
        if schedule.next_run_at <= clock():
            syncing.run(schedule_id=schedule.pk, clock=clock)

    assert max(ages) <= 24 * HOUR
    assert sum(age == HOUR for age in ages) <= 6  # and nobody is asked for each hour


def test_whoever_is_asked_for_by_plan_is_never_forgotten_between_two_looks(
    limited: Channel, clock: Moving
) -> None:
    """The sweep comes every ten minutes, the plan every hour: the plan must be first."""
    comment(limited)
    Handle.objects.update(looked_up_at=NOW)
    planning.give_defaults(limited, NOW)
    schedule = SyncSchedule.objects.get(task=Task.PROFILES)
    forgotten = 0
    for _ in range(6 * 24 * 4):
        clock.passes(600)
        forgotten += expiring.expire_profiles(now=clock())
        schedule.refresh_from_db()
        if schedule.next_run_at <= clock():
            syncing.run(schedule_id=schedule.pk, clock=clock)

    assert forgotten == 0


@pytest.mark.django_db(transaction=True)
def test_who_was_asked_for_meanwhile_is_not_forgotten(limited: Channel) -> None:
    handle = known(limited)
    told = {"channel_id": limited.pk, "external_id": handle.external_id, "now": NOW + 24 * HOUR}
    Handle.objects.update(looked_up_at=NOW + 24 * HOUR)

    assert not contacts.forget_profile(before=NOW + 23 * HOUR, **told)

    handle.refresh_from_db()
    assert (handle.name, handle.looked_up_at) == ("Mara Kovač", NOW + 24 * HOUR)


def known(limited: Channel) -> Handle:
    comment(limited)
    mara = Party("mara", name="Mara Kovač", username="mara.k", avatar_url="https://media.example/1")
    contacts.update_profile(channel_id=limited.pk, party=mara, now=NOW)
    return Handle.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [ChannelState.CONNECTED, ChannelState.DISCONNECTED])
def test_a_profile_that_nobody_asked_for_again_in_time_goes(limited: Channel, state: str) -> None:
    handle = known(limited)
    Channel.objects.update(state=state)

    assert expiring.expire_profiles(now=NOW + 23 * HOUR) == 0
    assert expiring.expire_profiles(now=NOW + 24 * HOUR) == 1
    assert expiring.expire_profiles(now=NOW + 24 * HOUR) == 0

    handle.refresh_from_db()
    assert (handle.name, handle.username, handle.avatar_url, handle.looked_up_at) == ("", "", "", None)
    assert Contact.objects.get().name == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told", [Party("mara", name="Member"), None], ids=["hidden", "refused"])
def test_what_is_told_no_more_of_a_person_is_kept_no_longer(
    limited: Channel, platform: FakePlatform, clock: Moving, told: Party | None
) -> None:
    handle = known(limited)
    if told is not None:
        platform.profiles["mara"] = told
    clock.passes(25 * 3600)
    schedule = SyncSchedule.objects.create(
        channel=limited, task=Task.PROFILES, every_seconds=3600, next_run_at=clock()
    )

    syncing.run(schedule_id=schedule.pk, clock=clock, pause=lambda seconds: None)

    handle.refresh_from_db()
    assert (handle.name, handle.username, handle.avatar_url) == ("Member" if told else "", "", "")
    assert handle.looked_up_at == clock()


@pytest.mark.django_db(transaction=True)
def test_a_network_without_such_a_rule_keeps_what_is_known_of_people(channel: Channel) -> None:
    handle = known(channel)

    assert expiring.expire_profiles(now=NOW + 5000 * HOUR) == 0
    handle.refresh_from_db()
    assert handle.avatar_url
