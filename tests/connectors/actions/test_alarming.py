"""What people are told of a channel: once, by the bell and by mail, and not again until it has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPAuthenticationError, SMTPRecipientsRefused
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from connectors import jobs, sealing
from connectors.actions import (
    alarming,
    backfilling,
    connecting,
    listening,
    parking,
    planning,
    refreshing,
    retiring,
    scheduling,
)
from connectors.contract import AccountChanged, AccountState, Remedy, Tokens
from connectors.models import (
    Alarm,
    ChannelHealth,
    Credential,
    DeliveryAttempt,
    Gap,
    HourOfArrivals,
    PlatformApp,
    SyncSchedule,
)
from inbox import platforms
from inbox.actions import channels, replying
from inbox.models import Brand, Channel, ChannelState, Message, Notification, Person, Role
from inbox.platforms import AuthRules, ReceiveRules
from tests.connectors.conftest import NOW
from tests.factories.people import BrandFactory, MembershipFactory
from tests.fakes.platform import FakePlatform, manifest
from tests.house.source import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ops(brand: Brand) -> Person:
    MembershipFactory(brand=brand, role=Role.AGENT)
    MembershipFactory(brand=BrandFactory(), role=Role.ADMINISTRATOR)
    return MembershipFactory(brand=brand, role=Role.OPERATIONS).person


def look(minutes: int = 0) -> int:
    now = NOW + timedelta(minutes=minutes)
    new = alarming.look(now=now)
    alarming.mail_due(now=now)
    return new


def connect_again(channel: Channel, platform: FakePlatform) -> None:
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")  # type: ignore[arg-type]
    app = Credential.objects.get(channel=channel).app
    connecting.connect(app=app, brand=channel.brand, grant=grant, now=NOW)


def test_the_operators_are_told_what_to_do_for_each_alarm() -> None:
    page = (Path(ROOT) / "docs" / "operations.md").read_text(encoding="utf-8")

    for said in alarming.WORDS.values():
        assert f"| *{said}* |" in page


def rung() -> list[tuple[int, int | None]]:
    return list(Notification.objects.order_by("pk").values_list("person_id", "channel_id"))


def test_a_permission_that_nobody_renews_is_told_of_a_week_before_it_ends(
    channel: Channel, ops: Person
) -> None:
    grant = Credential.objects.filter(channel=channel)
    grant.update(**refreshing.columns(Tokens("access-1", expires_at=NOW + timedelta(days=7, minutes=1)), NOW))

    assert [look(0), look(1), look(2)] == [0, 1, 0]

    [letter] = mail.outbox
    assert "must be connected again soon" in letter.subject and "13 August" in letter.body
    grant.update(**refreshing.columns(Tokens("access-2", expires_at=NOW + timedelta(days=60)), NOW))
    assert look(3) == 0
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_a_permission_that_is_renewed_without_a_person_rings_no_bell(channel: Channel, ops: Person) -> None:
    assert Credential.objects.get(channel=channel).expires_at < NOW + timedelta(days=7)

    assert look() == 0


def test_a_permission_that_no_renewal_prolongs_beyond_a_day_is_told_of_a_week_before_it(
    channel: Channel, ops: Person
) -> None:
    """LinkedIn's: each renewal gives two months, and all of them together a year from when somebody consented."""
    platforms.register(manifest(auth=AuthRules(refresh="fixed_end", refresh_before=timedelta(days=5))))
    last = NOW + timedelta(days=7, minutes=1)

    def renewed(*, ends: timedelta) -> None:
        tokens = Tokens("access-1", "refresh-1", NOW + ends, last)
        Credential.objects.filter(channel=channel).update(**refreshing.columns(tokens, NOW))

    renewed(ends=timedelta(days=6))  # in a day it is renewed once more, and what that gives reaches beyond
    assert look(1) == 0
    renewed(ends=timedelta(days=2))
    assert [look(0), look(1), look(2)] == [0, 1, 0]
    [letter] = mail.outbox
    assert "must be connected again soon" in letter.subject and "13 August" in letter.body

    renewed(ends=timedelta(days=60))  # for the last time: it outlives the right to renew it
    assert look(3) == 0
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert [look(53 * 24 * 60 - 1), look(53 * 24 * 60 + 1)] == [0, 1]


def test_a_disconnect_is_told_once_and_again_only_after_it_was_mended(channel: Channel, ops: Person) -> None:
    ChannelHealth.objects.create(channel=channel, complete_until=NOW - timedelta(minutes=10))
    assert look() == 0
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=NOW)

    assert [look(1), look(2), look(3)] == [1, 0, 0]

    assert rung() == [(ops.pk, channel.pk)]
    [letter] = mail.outbox
    assert letter.to == [ops.email]
    assert "is disconnected" in letter.subject and "The password was changed." in letter.body
    assert f"/channels/{channel.public_id}/" in letter.body
    gap = Gap.objects.get()
    assert (gap.cause, gap.since, gap.until) == ("disconnected", NOW - timedelta(minutes=10), None)

    channels.resume_sending(channel_id=channel.pk, now=NOW)
    look(4)
    assert Alarm.objects.get().cleared_at is not None
    channels.park_sending(channel_id=channel.pk, reason="The role was lost.", now=NOW)
    look(5)
    assert len(mail.outbox) == 2 and "The role was lost." in mail.outbox[1].body


def test_access_that_is_refused_each_time_it_is_tried_is_told_of_once(channel: Channel, ops: Person) -> None:
    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    def refused(minutes: int) -> None:
        parking.heed_refusal(
            channel_id=channel.pk, reason="The access has expired.", seen_version=1, now=at(minutes), of_access=True
        )  # fmt: skip

    def answered(minutes: int) -> ChannelState:
        parking.heed_answer(channel_id=channel.pk, used_version=1, now=at(minutes))
        return ChannelState(Channel.objects.get(pk=channel.pk).state)

    refused(0)
    assert look(1) == 1
    for tried, again in ((16, 18), (40, 41)):
        assert answered(tried) == ChannelState.CONNECTED
        assert look(tried) == 0
        refused(again)
        assert look(again) == 0
    assert len(mail.outbox) == 1

    assert answered(120) == ChannelState.CONNECTED
    ChannelHealth.objects.update(last_sent_at=at(121))  # a reply has left: the access is good
    assert look(122) == 0
    assert Alarm.objects.get().cleared_at == at(122)
    refused(130)
    assert look(131) == 1
    assert len(mail.outbox) == 2


def test_access_that_was_renewed_and_answers_ends_the_alarm_once_no_refused_reply_waits(
    channel: Channel, ops: Person, queued_reply: Message
) -> None:
    DeliveryAttempt.objects.create(message=queued_reply, started_at=NOW, ended_at=NOW, outcome=Remedy.REFRESH)
    parking.heed_refusal(
        channel_id=channel.pk, reason="The access has expired.", seen_version=1, now=NOW, of_access=True
    )
    assert look(1) == 1
    Credential.objects.filter(channel=channel).update(version=2)
    parking.heed_answer(channel_id=channel.pk, used_version=2, now=NOW + timedelta(minutes=2))

    look(3)
    assert Alarm.objects.get().cleared_at is None
    replying.discard(message=queued_reply, by=ops, now=NOW + timedelta(minutes=4))
    look(5)

    assert Alarm.objects.get().cleared_at == NOW + timedelta(minutes=5)


def test_a_restriction_is_told_as_one_and_a_grant_that_breaks_meanwhile_is_told_too(
    channel: Channel, ops: Person
) -> None:
    def refuse(reason: str, *, restricted: bool) -> None:
        parking.heed_refusal(
            channel_id=channel.pk, reason=reason, seen_version=1, now=NOW, restricted=restricted
        )

    refuse("Blocked. " * 40, restricted=True)
    assert [look(0), look(1)] == [1, 0]
    [letter] = mail.outbox
    assert (
        "is restricted by its platform" in letter.subject and "to connect again lifts nothing" in letter.body
    )
    assert "replies still wait, connect it again." in Alarm.objects.get().said

    refuse("The role was lost.", restricted=False)
    assert [look(2), look(3)] == [1, 0]
    assert "is disconnected" in mail.outbox[1].subject and "The role was lost." in mail.outbox[1].body
    assert [each.kind for each in Alarm.objects.filter(cleared_at=None)] == ["disconnected"]
    assert Gap.objects.count() == 1


def test_a_connection_that_is_just_being_made_is_not_disconnected(channel: Channel, ops: Person) -> None:
    made = {"created_at": NOW, "state": ChannelState.NEEDS_RECONNECT}
    Channel.objects.update(state_reason=connecting.NOT_CONFIRMED, **made)

    assert [look(0), look(1)] == [0, 0]
    assert not Gap.objects.exists()

    assert look(3) == 1
    assert Alarm.objects.get().said == connecting.NOT_CONFIRMED


def test_what_a_look_found_before_a_channel_was_connected_again_is_no_alarm(
    channel: Channel, ops: Person, platform: FakePlatform
) -> None:
    ChannelHealth.objects.create(channel=channel, subscribed=False, subscription_said="Nothing is sent.")
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    look()
    connect_again(channel, platform)

    assert look(1) == 0


def test_what_is_not_delivered_to_is_told_once_also_where_connecting_again_mended_nothing(
    channel: Channel, ops: Person, platform: FakePlatform
) -> None:
    health = ChannelHealth.objects.create(
        channel=channel, subscribed=False, subscription_said="None is sent."
    )
    assert look() == 1
    connect_again(channel, platform)
    assert look(1) == 0  # before the comparison asks the platform

    ChannelHealth.objects.filter(pk=health.pk).update(subscribed=False)
    assert look(2) == 0

    ChannelHealth.objects.filter(pk=health.pk).update(subscribed=True)
    look(3)
    assert Alarm.objects.get().cleared_at is not None


def test_a_sync_that_fails_again_and_again_is_told_with_its_fix(channel: Channel, ops: Person) -> None:
    planning.give_defaults(channel, NOW)
    poll = SyncSchedule.objects.filter(channel=channel, task="poll")
    poll.update(failures=2, last_error="The platform is down.", last_remedy="retry")
    assert look() == 0

    poll.update(failures=3)
    look()

    assert "Poll for new messages: The platform is down. Nothing to do" in Alarm.objects.get().said


def fails(channel: Channel, *tasks: str, remedy: str, said: str = "It is refused.", **more: Any) -> None:
    """For the fifth time; it is tried again in a quarter of an hour."""
    wrong = {"failures": 5, "last_error": said, "last_remedy": remedy}
    later = {"next_run_at": NOW + timedelta(minutes=15)}
    SyncSchedule.objects.filter(channel=channel, task__in=tasks).update(**wrong, **later, **more)


def put_right(way: str, channel: Channel, platform: FakePlatform) -> None:
    match way:
        case "the account is connected again":
            connect_again(channel, platform)
        case "renewed access is answered":
            Credential.objects.filter(channel=channel).update(version=2)
            parking.heed_answer(channel_id=channel.pk, used_version=2, now=NOW)
        case "the app is registered again":
            app = Credential.objects.get(channel=channel).app
            held = sealing.unseal(app.sealed)
            connecting.register_app(platform="fake", client_id="c", secrets=held, origins={}, now=NOW)
        case "the restriction is lifted":
            lifted = AccountChanged(AccountState.CONNECTED, "", NOW)
            parking.apply(brand_id=channel.brand_id, changes=[(channel.pk, lifted)], now=NOW)


@pytest.mark.parametrize(
    ("way", "remedy"),
    [
        ("the account is connected again", "reconnect"), ("renewed access is answered", "of app"),
        ("the app is registered again", "of app"), ("the restriction is lifted", "restricted"),
    ],
)  # fmt: skip
def test_who_has_just_put_it_right_is_not_told_to_and_all_that_failed_is_tried_at_once(
    channel: Channel, ops: Person, platform: FakePlatform, way: str, remedy: str
) -> None:
    planning.give_defaults(channel, NOW)
    Credential.objects.filter(channel=channel).update(refresh_error="Refused." if remedy == "of app" else "")
    parking.heed_refusal(
        channel_id=channel.pk, reason="It is refused.", seen_version=1, now=NOW, of_access=remedy == "of app",
        restricted=remedy == "restricted",
    )  # fmt: skip
    fails(channel, "reconcile", "profiles", "tokens", "purge", remedy=remedy)
    assert look() == 1

    put_right(way, channel, platform)
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.CONNECTED)  # the app's: once it was asked

    assert look(1) == 0
    mine = SyncSchedule.objects.filter(channel=channel)
    assert {each.task for each in mine if each.failures} == set()
    assert {each.task for each in mine if each.next_run_at == NOW} >= {
        "reconcile",
        "profiles",
        "tokens",
        "purge",
    }


def test_what_waits_for_a_limit_is_under_way_or_gave_up_is_not_tried_sooner_when_sending_goes_on(
    channel: Channel, ops: Person
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "reconcile", remedy="reconnect", lease_until=NOW + timedelta(seconds=60), lease_owner="o")
    fails(channel, "profiles", remedy="throttled", waits=4)
    fails(channel, "tokens", remedy="retry")
    fails(channel, "purge", remedy="tell")
    SyncSchedule.objects.filter(task="purge").update(next_run_at=NOW + timedelta(hours=1))  # at its plan
    fails(channel, "backfill", remedy="tell")
    SyncSchedule.objects.filter(task="backfill").update(next_run_at=None)  # it gave up: somebody asks again
    planned = dict(SyncSchedule.objects.values_list("task", "next_run_at"))

    scheduling.go_on(channel_ids=[channel.pk], now=NOW)

    assert dict(SyncSchedule.objects.values_list("task", "next_run_at")) == planned
    assert not SyncSchedule.objects.exclude(task="backfill").filter(failures__gt=0).exists()
    assert SyncSchedule.objects.get(task="profiles").waits == 4


def test_what_fails_on_after_its_account_was_connected_again_is_told_once(
    channel: Channel, ops: Person, platform: FakePlatform
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "profiles", remedy="tell")
    assert look() == 1

    connect_again(channel, platform)
    assert look(1) == 0
    fails(channel, "profiles", remedy="tell")

    assert [look(2), look(40)] == [0, 0]


def test_where_the_grant_breaks_while_our_app_is_refused_people_are_told_that_they_must_connect_after_all(
    channel: Channel, ops: Person
) -> None:
    Credential.objects.filter(channel=channel).update(refresh_error="It does not know this app's key.")
    parking.heed_refusal(
        channel_id=channel.pk, reason="It does not know this app's key.", seen_version=1, now=NOW, of_access=True
    )  # fmt: skip
    assert [look(), look(1)] == [1, 0]
    assert "no account need be connected again" in mail.outbox[0].body

    parking.heed_refusal(
        channel_id=channel.pk, reason="The grant is gone. Connect it again.", seen_version=0, now=NOW
    )
    assert [look(2), look(3), look(4), look(5), look(60)] == [0, 0, 1, 0, 0]

    assert len(mail.outbox) == 2 and "Connect it again." in mail.outbox[1].body
    [told] = Notification.objects.filter(person=ops, seen_at=None)
    assert "The grant is gone." in told.text
    assert [each.cleared_at for each in Alarm.objects.order_by("pk")] == [NOW + timedelta(minutes=4), None]
    assert Gap.objects.count() == 1


def test_where_our_app_is_refused_after_the_access_was_people_are_told_that_they_need_not_connect(
    channel: Channel, ops: Person
) -> None:
    parking.heed_refusal(
        channel_id=channel.pk, reason="The access has expired.", seen_version=1, now=NOW, of_access=True
    )
    assert look() == 1

    Credential.objects.filter(channel=channel).update(refresh_error="It does not know this app's key.")
    assert [look(1), look(3), look(4)] == [0, 1, 0]

    assert "no account need be connected again" in mail.outbox[1].body


def test_access_that_was_renewed_and_not_asked_with_yet_tells_nobody_to_connect(
    channel: Channel, ops: Person
) -> None:
    """The app was put right at the platform: the next comparison shows whether that is all."""
    Credential.objects.filter(channel=channel).update(refresh_error="It does not know this app's key.")
    parking.heed_refusal(
        channel_id=channel.pk, reason="It does not know this app's key.", seen_version=1, now=NOW, of_access=True
    )  # fmt: skip
    assert look() == 1

    Credential.objects.filter(channel=channel).update(refresh_error="", version=2)

    assert [look(1), look(5), look(15)] == [0, 0, 0]
    assert Alarm.objects.get().cleared_at is None


def test_a_sync_of_which_something_else_is_to_be_done_for_a_while_is_told_of_again_in_both_directions(
    channel: Channel, ops: Person
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "reconcile", remedy="retry", said="The platform is down. " * 12)
    assert [look(), look(1)] == [1, 0]
    assert "Nothing to do" in mail.outbox[0].body  # however much the platform says

    fails(channel, "reconcile", remedy="tell", said="A scope is missing.")
    assert [look(2), look(21), look(22), look(23), look(90)] == [0, 0, 1, 0, 0]
    assert "A scope is missing. The platform refuses this for good" in mail.outbox[1].body

    fails(channel, "reconcile", remedy="retry")
    assert [look(91), look(111), look(112)] == [0, 1, 0]
    assert len(mail.outbox) == 3 and "Nothing to do" in mail.outbox[2].body


def test_a_sync_that_fails_now_of_this_and_now_of_that_is_told_of_once(channel: Channel, ops: Person) -> None:
    planning.give_defaults(channel, NOW)
    rung = []
    for turn in range(12):  # each after the longest pause between two
        fails(channel, "reconcile", remedy="tell" if turn % 2 else "retry")
        rung += [look(15 * turn + minute) for minute in (0, 7, 14)]

    assert rung == [1, *[0] * 35]
    assert len(mail.outbox) == 1


def test_what_else_is_to_be_done_has_not_lasted_where_it_was_not_found_in_between(
    channel: Channel, ops: Person
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "reconcile", remedy="retry")
    look()
    fails(channel, "reconcile", remedy="tell")
    look(1)
    fails(channel, "reconcile", remedy="throttled")
    look(2)

    fails(channel, "reconcile", remedy="tell")

    assert [look(200), look(219), look(220)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("before", "after"), [("reconnect", "refresh"), ("retry", "unknown"), ("fault", "bug")]
)
def test_another_fault_of_which_the_same_is_to_be_done_rings_nothing(
    channel: Channel, ops: Person, before: str, after: str
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "reconcile", remedy=before, said="503")
    assert look() == 1

    fails(channel, "reconcile", remedy=after, said="504")

    assert [look(1), look(40)] == [0, 0]


def test_an_alarm_from_before_its_remedy_was_kept_takes_what_is_to_be_done_now_as_told(
    channel: Channel, ops: Person
) -> None:
    planning.give_defaults(channel, NOW)
    fails(channel, "reconcile", remedy="retry")
    look()
    Alarm.objects.update(remedy="")
    assert [look(1), look(40)] == [0, 0]

    fails(channel, "reconcile", remedy="tell")

    assert [look(41), look(61)] == [0, 1]


def test_a_sync_that_fails_hides_no_other(channel: Channel, ops: Person) -> None:
    planning.give_defaults(channel, NOW)
    mine = SyncSchedule.objects.filter(channel=channel)
    wrong = {"failures": 3, "last_error": "The role was lost.", "last_remedy": "tell"}
    mine.filter(task="profiles").update(**wrong)
    assert [look(), look(1)] == [1, 0]

    mine.filter(task="poll").update(**wrong)
    assert [look(2), look(3)] == [1, 0]

    assert len(mail.outbox) == 2 and "Poll for new messages" in mail.outbox[1].body
    mine.filter(task="poll").update(failures=0, last_error="")
    look(4)
    assert Alarm.objects.get(cleared_at=None).task == "profiles"


def test_what_nobody_has_seen_in_the_bell_stands_there_beside_what_came_later(
    channel: Channel, ops: Person
) -> None:
    planning.give_defaults(channel, NOW)
    mine = SyncSchedule.objects.filter(channel=channel)
    wrong = {"failures": 3, "last_error": "The role was lost.", "last_remedy": "tell"}
    mine.filter(task="poll").update(**wrong)
    look()
    mine.filter(task="profiles").update(**wrong)
    look(1)
    ChannelHealth.objects.create(channel=channel, subscribed=False, subscription_said="Nothing is sent.")
    look(2)

    told = list(
        Notification.objects.filter(person=ops, seen_at=None).order_by("pk").values_list("text", flat=True)
    )

    assert [Counter(told)[each] for each in told] == [1, 1, 1]
    assert "Poll for new messages" in told[0] and "Nothing is sent." in told[2]


def test_a_backfill_that_ended_keeps_no_alarm(channel: Channel, ops: Person) -> None:
    planning.give_defaults(channel, NOW)
    asked = backfilling.ask(channel=channel, since=None, until=None, by=ops, now=NOW)
    mine = SyncSchedule.objects.filter(channel=channel, task="backfill")
    mine.update(failures=3, last_error="The platform is down.", last_remedy="retry")
    look()
    assert Alarm.objects.get().cleared_at is None

    backfilling.stop(run=asked, by=ops, now=NOW)
    look(1)

    assert Alarm.objects.get().cleared_at is not None
    assert mine.get().failures == 0


def test_a_mail_that_could_not_leave_is_tried_again(channel: Channel, ops: Person, monkeypatch: Any) -> None:
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    look()
    assert Alarm.objects.get().mailed_at is None
    monkeypatch.undo()
    look(1)

    assert len(mail.outbox) == 1


def test_a_wrong_password_of_the_mail_server_is_not_tried_every_few_seconds(
    channel: Channel, ops: Person, monkeypatch: Any
) -> None:
    tried = []

    def refuse(*_: object) -> None:
        tried.append(1)
        raise SMTPAuthenticationError(535, b"Authentication failed")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", refuse)
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    for minute in range(60):
        look(minute)
    assert len(tried) == 1

    look(61)
    assert len(tried) == 2
    monkeypatch.undo()
    look(122)

    assert [letter.to for letter in mail.outbox] == [[ops.email]]


def test_what_was_mended_before_it_could_be_mailed_is_not_mailed(
    channel: Channel, ops: Person, monkeypatch: Any
) -> None:
    """The mail server is away for two hours. Meanwhile the channel breaks, is connected again, and breaks once more."""
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    with monkeypatch.context() as away:
        away.setattr(
            "django.core.mail.EmailMessage.send", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError)
        )
        look()
        channels.resume_sending(channel_id=channel.pk, now=NOW)
        look(10)
    look(120)
    assert mail.outbox == []

    channels.park_sending(channel_id=channel.pk, reason="Gone again.", now=NOW)
    look(130)

    [letter] = mail.outbox
    assert "Gone again." in letter.body


def test_where_no_mail_can_leave_none_is_said_to_have_left(
    channel: Channel, ops: Person, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)

    look()

    assert rung() == [(ops.pk, channel.pk)]
    assert Alarm.objects.get().mailed_at is None


def test_one_address_that_is_refused_sends_nobody_else_theirs_again(
    brand: Brand, channel: Channel, connect: Callable[..., Channel], ops: Person, monkeypatch: Any
) -> None:
    others = [MembershipFactory(brand=brand, role=Role.OPERATIONS).person for _ in range(2)]
    letters: list[str] = []

    def send(letter: EmailMessage) -> None:
        if letter.to == [others[0].email] and refusing:
            raise SMTPRecipientsRefused({letter.to[0]: (550, b"No such user")})
        letters.extend(letter.to)

    refusing = True
    monkeypatch.setattr(EmailMessage, "send", send)
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    for minute in range(5):
        look(minute)
    channels.park_sending(channel_id=connect("acc-2").pk, reason="Gone, too.", now=NOW)
    for minute in range(5, 10):
        look(minute)
    assert Counter(letters) == {ops.email: 2, others[1].email: 2}

    refusing = False
    look(61)
    assert Counter(letters) == {ops.email: 2, others[0].email: 1, others[1].email: 2}
    look(70)
    look(140)

    assert Counter(letters) == {ops.email: 2, others[0].email: 2, others[1].email: 2}
    assert not Alarm.objects.filter(mailed_at=None).exists()


def test_a_mail_server_that_does_not_answer_is_waited_for_once_a_look(
    brand: Brand, channel: Channel, ops: Person, monkeypatch: Any
) -> None:
    for _ in range(3):
        MembershipFactory(brand=brand, role=Role.OPERATIONS)
    waits: list[object] = []

    def hang(*_: object) -> None:
        waits.append(None)
        raise TimeoutError

    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    with monkeypatch.context() as hanging:
        for step in ("open", "send_messages"):
            hanging.setattr(f"django.core.mail.backends.locmem.EmailBackend.{step}", hang)
        look()
    assert len(waits) == 1

    look(1)
    assert len(mail.outbox) == 4


def test_an_address_at_which_the_server_hangs_ends_the_look_and_keeps_nobody_from_theirs(
    brand: Brand, channel: Channel, ops: Person, monkeypatch: Any
) -> None:
    other = MembershipFactory(brand=brand, role=Role.OPERATIONS).person
    tried: list[str] = []

    def send(letter: EmailMessage) -> None:
        tried.extend(letter.to)
        if letter.to == [ops.email]:
            raise TimeoutError

    monkeypatch.setattr(EmailMessage, "send", send)
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    look()
    assert tried in ([ops.email], [other.email, ops.email])

    look(1)
    assert Counter(tried) == {ops.email: 1, other.email: 1}


def test_a_mail_whose_sender_died_is_sent_after_an_hour(
    channel: Channel, ops: Person, monkeypatch: Any
) -> None:
    def die(_: object) -> None:
        raise KeyboardInterrupt

    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    with monkeypatch.context() as dying:
        dying.setattr(EmailMessage, "send", die)
        with pytest.raises(KeyboardInterrupt):
            look()

    look(1)
    assert mail.outbox == [] and Alarm.objects.get().mailed_at is None
    look(61)
    look(122)

    assert len(mail.outbox) == 1 and Alarm.objects.get().mailed_at is not None


def test_a_look_mails_for_a_while_and_leaves_the_rest_to_the_next_one(channel: Channel, ops: Person) -> None:
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    alarming.look(now=NOW)

    assert alarming.mail_due(now=NOW, seconds=-1) == 0
    assert alarming.mail_due(now=NOW) == 1


def test_one_watch_at_a_time_waits_for_the_mail_server(brand: Brand, monkeypatch: Any) -> None:
    mailing: list[datetime] = []

    def mail_due(*, now: datetime) -> None:
        mailing.append(now)
        jobs.watch_channels()  # another one, meanwhile

    monkeypatch.setattr(alarming, "mail_due", mail_due)
    jobs.watch_channels()
    assert len(mailing) == 1

    jobs.watch_channels()
    assert len(mailing) == 2


def usual_weeks(channel: Channel, each_hour: int) -> None:
    hours = [NOW.replace(minute=0) - timedelta(hours=number) for number in range(3, 3 * 7 * 24)]
    HourOfArrivals.objects.bulk_create(
        HourOfArrivals(channel=channel, hour=hour, messages=each_hour) for hour in hours
    )


def test_a_channel_that_falls_silent_is_told_and_a_quiet_one_is_not(
    channel: Channel, connect: Callable[..., Channel], ops: Person
) -> None:
    usual_weeks(channel, 9)
    usual_weeks(connect("acc-2"), 1)

    look()

    alarm = Alarm.objects.get()
    assert (alarm.channel, alarm.kind) == (channel, "silent")
    assert "about 18 messages were to be expected" in alarm.said


def test_no_silence_ends_by_lasting(channel: Channel, ops: Person) -> None:
    usual_weeks(channel, 9)

    week = 7 * 24 * 60
    assert [look(week * number) for number in range(12)] == [1, *[0] * 11]

    assert Alarm.objects.get().cleared_at is None
    wrote = NOW + timedelta(weeks=12)
    HourOfArrivals.objects.create(channel=channel, hour=wrote - timedelta(hours=1), messages=1)
    look(week * 12)
    assert Alarm.objects.get().cleared_at is not None


def test_a_channel_of_few_messages_is_silent_when_ten_are_missing_since_the_last_outage(
    channel: Channel, ops: Person
) -> None:
    hours = [NOW.replace(minute=0) - timedelta(hours=1 + 18 * number) for number in range(8 * 9)]
    HourOfArrivals.objects.bulk_create(
        HourOfArrivals(channel=channel, hour=hour, messages=1) for hour in hours
    )
    day, outage = 24 * 60, {"kind": "restricted", "said": "Blocked.", "raised_at": NOW}
    assert look(7 * day) == 0
    Alarm.objects.create(
        channel=channel, **outage, cleared_at=NOW + timedelta(days=10), mailed_at=NOW + timedelta(days=10)
    )

    assert [look(17 * day), look(18 * day)] == [0, 1]

    assert "about 11 messages were to be expected" in Alarm.objects.get(kind="silent").said


def test_a_channel_that_nobody_connected_again_is_not_silent(channel: Channel, ops: Person) -> None:
    usual_weeks(channel, 6)
    Channel.objects.update(state=ChannelState.DISCONNECTED)

    assert look() == 0


def polls(platform: FakePlatform, *, comments: bool) -> None:
    platforms.register(manifest(receive=ReceiveRules(mode="poll", comments=comments)))


@pytest.mark.parametrize("comments", [True, False])
def test_a_log_that_is_being_read_from_its_oldest_entry_on_is_no_silence(
    channel: Channel, ops: Person, platform: FakePlatform, comments: bool
) -> None:
    polls(platform, comments=comments)
    oldest = NOW.replace(minute=0) - timedelta(days=28)
    HourOfArrivals.objects.bulk_create(
        HourOfArrivals(channel=channel, hour=oldest + timedelta(hours=hour), messages=1) for hour in range(24)
    )
    assert look() == 0

    # An outage of a day: what was read before it says nothing of the time since.
    column = "polled_until" if comments else "complete_until"
    ChannelHealth.objects.create(channel=channel, **{column: oldest + timedelta(days=1, minutes=10)})
    assert look() == 0


def test_what_is_polled_is_silent_where_it_was_read_to_the_end_and_held_nothing(
    channel: Channel, ops: Person, platform: FakePlatform
) -> None:
    polls(platform, comments=True)
    usual_weeks(channel, 9)
    ChannelHealth.objects.create(channel=channel, polled_until=NOW)

    look()

    assert Alarm.objects.get().kind == "silent"


def test_nobody_is_silent_for_the_time_in_which_the_channel_was_disconnected(
    channel: Channel, ops: Person
) -> None:
    usual_weeks(channel, 9)
    channels.park_sending(channel_id=channel.pk, reason="Gone.", now=NOW)
    look()
    channels.resume_sending(channel_id=channel.pk, now=NOW)

    assert [look(1), look(30)] == [0, 0]
    look(120)

    assert [each.kind for each in Alarm.objects.filter(cleared_at=None)] == ["silent"]


def test_nobody_is_silent_for_the_time_in_which_the_channel_was_retired(
    channel: Channel, app: PlatformApp, platform: FakePlatform, brand: Brand, ops: Person
) -> None:
    usual_weeks(channel, 9)
    retiring.retire(channel=channel, by=ops, now=NOW)
    again = NOW + timedelta(days=3)
    grant = platform.exchange(SimpleNamespace(now=again), "good-code", "", "kept-verifier")

    connecting.connect(app=app, brand=brand, grant=grant, now=again)

    days = 3 * 24 * 60
    assert [look(days + 1), look(days + 30)] == [0, 0]
    gap = Gap.objects.get()
    assert (gap.cause, gap.since, gap.until, gap.healed_at) == ("disconnected", NOW, again, None)
    look(days + 120)
    assert [each.kind for each in Alarm.objects.filter(cleared_at=None)] == ["silent"]


def test_arrivals_are_counted_once_by_the_hour_in_which_they_were_written(
    channel: Channel, receipt: Callable[..., Any]
) -> None:
    from connectors.actions import draining
    from tests.connectors.conftest import message_item

    receipt(
        message_item("m1", seconds=-7200),
        message_item("m2", seconds=-7100),
        message_item("m3"),
        message_item("m4", outbound=True),
        message_item("m5"),
    )
    draining.drain(now=NOW)
    Message.objects.filter(external_id="m5").update(kind="system")  # somebody joined: nobody wrote

    while listening.count_arrivals():
        pass
    listening.count_arrivals()

    assert list(HourOfArrivals.objects.order_by("hour").values_list("hour", "messages")) == [
        (NOW - timedelta(hours=2), 2),
        (NOW, 1),
    ]
