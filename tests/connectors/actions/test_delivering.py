from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from connectors import registry
from connectors.actions import _refused, budgets, delivering, draining
from connectors.contract import ConnectorError, Pace, Quota, RateNotice, ReceiveRules, Remedy, WindowRules
from connectors.models import ChannelHealth, Credential, DeliveryAttempt, RateBudget, Receipt, ReceiptState
from connectors.queries import runs
from connectors.rules import patience
from inbox import platforms
from inbox.actions import channels, receiving, replying, sending
from inbox.exchange import ThreadKind
from inbox.models import Channel, ChannelState, Conversation, Handle, Message, MessageState
from inbox.queries import outbox
from tests.connectors.conftest import message_item, queue, turns_are_taken_up_to_soon
from tests.factories import exchange as say
from tests.fakes.platform import manifest
from tests.inbox.actions.holding import locked
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(message, clock):
    outcome = delivering.deliver(
        message_id=message.pk, clock=clock, jitter=lambda low, high: high, pause=clock.passes
    )
    message.refresh_from_db()
    return outcome


def test_a_reply_goes_out_and_carries_the_platforms_id(queued_reply, platform, clock, channel):
    assert deliver(queued_reply, clock) == "sent"

    assert queued_reply.state == MessageState.SENT
    assert queued_reply.external_id == platform.said[-1].id
    [sent] = platform.sent
    assert (sent.text, sent.thread_id, sent.recipient_id) == ("On its way!", "mara", "mara")
    assert sent.client_id == str(queued_reply.client_id)
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.external_id) == ("sent", queued_reply.external_id)
    assert ChannelHealth.objects.get(channel=channel).last_sent_at == clock()


def test_two_workers_send_it_once(queued_reply, platform, clock):
    outcomes = in_threads(lambda: delivering.deliver(message_id=queued_reply.pk, clock=clock), times=2)

    assert sorted(outcomes) == ["", "sent"]
    assert len(platform.sent) == 1


def test_a_reply_refused_for_now_waits_and_is_tried_again(queued_reply, platform, clock):
    platform.refuses(Remedy.RETRY, "The platform is busy.")

    assert deliver(queued_reply, clock) == "retry"
    assert queued_reply.state == MessageState.QUEUED
    assert queued_reply.state_reason == "The platform is busy."
    assert deliver(queued_reply, clock) == ""  # not yet due

    clock.passes(1)
    assert deliver(queued_reply, clock) == "sent"


def test_a_reply_outlives_an_outage_of_some_minutes_and_says_that_it_waits(queued_reply, platform, clock):
    up_again = clock() + timedelta(minutes=12)
    while clock() < up_again:
        platform.refuses(Remedy.RETRY, "The platform could not be reached.", code="connect")
        assert deliver(queued_reply, clock) == "retry"
        assert (queued_reply.state, queued_reply.state_reason) == (
            MessageState.QUEUED,
            "The platform could not be reached.",
        )
        assert queued_reply.not_before - clock() <= timedelta(minutes=1)
        clock.now = queued_reply.not_before

    assert deliver(queued_reply, clock) == "sent"


@pytest.mark.parametrize("requires_human", [False, True])
def test_an_outage_that_lasts_is_told_at_last_and_says_why(requires_human, queued_reply, platform, clock):
    """A network that wants people to send is as patient: the fault is told, and not that a click grew old."""
    send = replace(platform.manifest.send, requires_human=requires_human)
    platforms.register(replace(platform.manifest, send=send))
    began, tries = clock(), 0
    while queued_reply.state == MessageState.QUEUED:
        platform.refuses(Remedy.RETRY, "The platform is busy.")
        deliver(queued_reply, clock)
        tries += 1
        clock.now = max(clock.now, queued_reply.not_before)

    assert timedelta(0) <= clock() - began - patience.PATIENCE <= timedelta(minutes=1)
    assert queued_reply.state == MessageState.FAILED
    assert queued_reply.state_reason == f"Tried {tries} times without success: The platform is busy."


def test_a_fault_that_names_a_time_hours_away_is_told_at_once(queued_reply, platform, clock):
    later = clock() + timedelta(hours=3)
    platform.refuses(Remedy.RETRY, "It is in trouble.", retry_at=later)

    assert deliver(queued_reply, clock) == "retry"

    assert queued_reply.state_reason == (
        f"It is in trouble. It may be sent again from {later:%d %b %H:%M} UTC. It waits until then; whoever cannot wait discards it and"
        " answers in another way."
    )


def test_a_reply_that_failed_says_until_when_the_platform_does_not_want_to_be_asked(
    queued_reply, platform, clock
):
    while queued_reply.state == MessageState.QUEUED:
        later = clock() + timedelta(hours=3)
        platform.refuses(Remedy.RETRY, "It is in trouble.", retry_at=later)
        deliver(queued_reply, clock)
        clock.now = max(clock.now, queued_reply.not_before)

    assert queued_reply.state_reason.endswith(
        f"It is in trouble. It may be sent again from {later:%d %b %H:%M} UTC."
    )


def test_what_waited_in_a_parked_channel_for_days_was_not_tried_for_a_day(
    queued_reply, platform, clock, channel
):
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=clock())
    clock.passes(timedelta(days=2).total_seconds())
    channels.resume_sending(channel_id=channel.pk, now=clock())
    platform.refuses(Remedy.RETRY, "It could not be reached.")

    assert deliver(queued_reply, clock) == "retry"


@pytest.mark.parametrize("details", [{}, {"throttled": True}], ids=["a fault", "a limit"])
def test_nor_was_what_waited_there_between_two_tries(queued_reply, platform, clock, channel, details):
    platform.refuses(Remedy.RETRY, "Not now.", **details)
    deliver(queued_reply, clock)
    for _ in range(2):
        clock.passes(timedelta(hours=1).total_seconds())
        channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=clock())
        clock.passes(timedelta(hours=12).total_seconds())
        channels.park_sending(channel_id=channel.pk, reason="The permission was withdrawn.", now=clock())
        clock.passes(timedelta(hours=12).total_seconds())
        channels.resume_sending(channel_id=channel.pk, now=clock())
    platform.refuses(Remedy.RETRY, "Not now.", **details)

    assert deliver(queued_reply, clock) in ("retry", "throttled")

    clock.passes(timedelta(hours=23).total_seconds())
    platform.refuses(Remedy.RETRY, "Not now.", throttled=True)
    assert deliver(queued_reply, clock) == "failed"
    assert queued_reply.state_reason == "Tried for a day without success: Not now."


@pytest.mark.parametrize("by", ["a parked channel", "a limit", "workers that are not ready"])
def test_what_held_a_reply_up_is_no_time_in_which_a_fault_lasted(
    queued_reply, platform, clock, channel, monkeypatch, by
):
    platform.refuses(Remedy.RETRY, "The platform is busy.")
    assert deliver(queued_reply, clock) == "retry"
    clock.now = queued_reply.not_before
    if by == "a parked channel":
        platform.refuses(Remedy.RECONNECT, "The password was changed.")
        assert deliver(queued_reply, clock) == "parked"
    elif by == "a limit":
        until = clock() + timedelta(hours=4)
        platform.refuses(Remedy.RETRY, "Slow down.", throttled=True, retry_at=until)
        assert deliver(queued_reply, clock) == "throttled"
    else:
        with monkeypatch.context() as here:
            here.setattr(registry, "get", _not_loaded)
            assert deliver(queued_reply, clock) == "not ready"
    clock.passes(timedelta(hours=4).total_seconds())
    channels.resume_sending(channel_id=channel.pk, now=clock())

    platform.refuses(Remedy.RETRY, "The platform is busy.")
    assert deliver(queued_reply, clock) == "retry"

    clock.now = queued_reply.not_before
    assert deliver(queued_reply, clock) == "sent"


def test_nothing_is_waited_for_once_the_reply_window_has_closed(queued_reply, platform, clock):
    windowed = WindowRules(standard=timedelta(hours=24), margin=timedelta(0))
    platforms.register(replace(platform.manifest, window=windowed))
    opened = clock() - timedelta(hours=24) + timedelta(seconds=30)
    Conversation.objects.filter(pk=queued_reply.conversation_id).update(window_opened_at=opened)
    platform.refuses(Remedy.RETRY, "The platform is busy.")
    assert deliver(queued_reply, clock) == "retry"

    clock.passes(40)
    platform.refuses(Remedy.RETRY, "The platform is busy.")

    assert deliver(queued_reply, clock) == "failed"
    assert queued_reply.state_reason == "The platform is busy. Meanwhile the reply window has closed."


def test_a_throttled_account_waits_as_a_whole_and_no_other_does(
    queued_reply, platform, clock, channel, connect, agent, receipt
):
    from connectors.actions import draining

    other = connect("acc-2")
    receipt(message_item("o1", thread="noor", account="acc-2"))
    draining.drain(now=clock())
    elsewhere = queue("Yes.", channel=other, agent=agent, now=clock(), thread="noor")
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock())
    until = clock() + timedelta(minutes=10)
    platform.refuses(Remedy.RETRY, "Too many messages.", throttled=True, retry_at=until)

    assert deliver(queued_reply, clock) == "throttled"

    assert outbox.due_replies(now=clock()) == [elsewhere.pk]
    assert deliver(behind, clock) == ""
    assert deliver(elsewhere, clock) == "sent"
    clock.passes(601)
    assert deliver(queued_reply, clock) == "sent"
    assert deliver(behind, clock) == "sent"


def test_a_pause_of_which_no_limit_was_named_is_shown_as_no_budget(queued_reply, platform, clock, channel):
    platform.rates = (RateNotice("send", 7, clock() + timedelta(minutes=5)),)
    until = clock() + timedelta(seconds=10)
    platform.refuses(Remedy.RETRY, "Too many messages.", throttled=True, retry_at=until)
    assert deliver(queued_reply, clock) == "throttled"
    assert RateBudget.objects.filter(bucket=RateBudget.UNNAMED, remaining=0).exists()
    clock.passes(11)
    assert deliver(queued_reply, clock) == "sent"

    shown = runs.budgets(channel.brand, now=clock())

    assert [(each.bucket, each.remaining) for _, each in shown] == [("send", 7)]


def test_a_limit_that_is_used_up_is_obeyed_before_it_is_broken(queued_reply, platform, clock, channel, agent):
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock())
    platform.rates = (RateNotice("send", 0, clock() + timedelta(seconds=90)),)

    assert deliver(queued_reply, clock) == "sent"
    assert deliver(behind, clock) == ""
    assert RateBudget.objects.get(channel=channel, bucket="send").remaining == 0

    clock.passes(91)
    assert deliver(behind, clock) == "sent"


def test_sends_that_have_a_pace_leave_at_it(queued_reply, platform, clock, channel, agent, monkeypatch):
    platforms.register(manifest(paces={"send": Pace(per_second=4, checked_on=clock().date())}))
    behind = [queue(f"And {number}.", channel=channel, agent=agent, now=clock()) for number in range(2)]
    taken = turns_are_taken_up_to_soon(channel, "send")
    send, waits = platform.send, []

    def in_turn(ctx, message):
        ctx.ahead("send")
        return send(ctx, message)

    monkeypatch.setattr(platform, "send", in_turn)
    for each in (queued_reply, *behind):
        assert delivering.deliver(message_id=each.pk, clock=clock, pause=waits.append) == "sent"

    assert [0 < each < 20 for each in waits] == [True] * 3
    assert RateBudget.objects.get().resets_at - taken == 3 * timedelta(seconds=0.25)


def test_sends_of_which_the_platform_tells_no_limit_are_counted_against_that_of_its_pages(
    queued_reply, platform, clock, channel, agent
):
    quota = Quota(calls=2, window=timedelta(minutes=15), checked_on=clock().date())
    platform.rates = (RateNotice("send", None, None, expected=quota),)
    behind = [queue(f"And {number}.", channel=channel, agent=agent, now=clock()) for number in range(2)]

    assert deliver(queued_reply, clock) == "sent"
    assert Channel.objects.get(pk=channel.pk).sends_resume_at is None
    assert deliver(behind[0], clock) == "sent"
    assert Channel.objects.get(pk=channel.pk).sends_resume_at == clock() + timedelta(minutes=15)
    assert deliver(behind[1], clock) == ""  # it is not claimed, and its page says for what it waits
    assert (behind[1].attempts, DeliveryAttempt.objects.count()) == (0, 2)

    clock.passes(15 * 60)
    assert deliver(behind[1], clock) == "sent"
    assert RateBudget.objects.get(channel=channel, bucket="send").remaining == 1


def test_what_the_platform_tells_of_a_limit_goes_before_what_its_pages_say(channel, clock):
    quota = Quota(calls=2, window=timedelta(minutes=15), checked_on=clock().date())
    untold = RateNotice("send", None, None, expected=quota)
    told = RateNotice("send", 98, clock() + timedelta(minutes=5), used_percent=1)

    budgets.keep(channel_id=channel.pk, notices=[untold, told, untold], now=clock())

    kept = RateBudget.objects.get(channel=channel, bucket="send")
    assert (kept.remaining, kept.resets_at) == (97, clock() + timedelta(minutes=5))


def test_a_token_that_ended_is_renewed_and_the_reply_goes_out(queued_reply, platform, clock, channel):
    platform.good_access = "access-0"  # ours is refused until it is renewed

    assert deliver(queued_reply, clock) == "sent"

    assert platform.sent_with == ["access-1", "access-2"]
    assert Credential.objects.get(channel=channel).version == 2
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "refresh",
        "sent",
    ]


@pytest.mark.parametrize("ended", ["by our clock", "by the platform's"])
def test_a_sign_in_that_is_down_is_a_fault_as_any_and_told_at_last(
    queued_reply, platform, clock, channel, ended
):
    platform.good_access = "access-0"
    platform.refresh_fails = ConnectorError("The sign-in is down.", remedy=Remedy.RETRY)
    if ended == "by our clock":
        Credential.objects.filter(channel=channel).update(expires_at=clock())

    began, pauses = clock(), []
    while deliver(queued_reply, clock) == "retry" and len(pauses) < 40:
        pauses.append((queued_reply.not_before - clock()).total_seconds())
        clock.now = queued_reply.not_before

    assert (pauses[:7], set(pauses[6:])) == ([1, 2, 4, 8, 16, 32, 60], {60})
    assert timedelta(0) <= clock() - began - patience.PATIENCE <= timedelta(minutes=1)
    words = f"Tried {len(pauses) + 1} times without success: The sign-in is down."
    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, words)
    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED


def test_a_broken_grant_parks_sending_and_keeps_the_reply(queued_reply, platform, clock, channel):
    platform.refuses(Remedy.RECONNECT, "The password was changed.")

    assert deliver(queued_reply, clock) == "parked"

    assert queued_reply.state == MessageState.QUEUED
    parked = Channel.objects.get(pk=channel.pk)
    assert (parked.state, parked.state_reason) == (ChannelState.NEEDS_RECONNECT, "The password was changed.")
    clock.passes(60)
    assert deliver(queued_reply, clock) == ""
    channels.resume_sending(channel_id=channel.pk, now=clock())
    assert deliver(queued_reply, clock) == "sent"


@pytest.fixture
def polled(channel, platform, queued_reply, clock):
    """A channel whose messages are polled, and which was parked with a reply in it and is connected again."""
    platforms.register(manifest(receive=ReceiveRules(mode="poll")))
    ChannelHealth.objects.update_or_create(channel=channel, defaults={"polled_until": clock()})
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=clock())
    clock.passes(300)
    channels.resume_sending(channel_id=channel.pk, now=clock())
    return channel


def test_where_messages_are_polled_a_reply_that_was_parked_waits_until_they_are_read(
    queued_reply, polled, platform, clock
):
    assert deliver(queued_reply, clock) == "unread"
    assert (queued_reply.state, platform.sent) == (MessageState.QUEUED, [])
    assert (queued_reply.attempts, queued_reply.attempted_at) == (0, None)

    clock.passes(4)
    ChannelHealth.objects.update(polled_until=clock())
    assert deliver(queued_reply, clock) == "sent"


def test_what_is_read_then_stops_the_reply(queued_reply, polled, platform, clock, receipt):
    assert deliver(queued_reply, clock) == "unread"

    receipt(message_item("in-2", "Forget it", seconds=100))
    draining.drain(now=clock())
    clock.passes(4)
    ChannelHealth.objects.update(polled_until=clock())

    assert deliver(queued_reply, clock) == ""
    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, sending.OVERTAKEN)


def test_a_poll_that_does_not_come_is_waited_for_two_minutes(queued_reply, polled, platform, clock):
    clock.passes(119)
    assert deliver(queued_reply, clock) == "unread"
    clock.passes(4)
    assert deliver(queued_reply, clock) == "sent"


def held(message, now, receipt, *, came):
    """For five seconds; the customer's words are delivered `came` seconds after it was queued."""
    Message.objects.filter(pk=message.pk).update(not_before=now + timedelta(seconds=5))
    row = receipt(message_item("in-2", "Forget it", seconds=came))
    Receipt.objects.filter(pk=row.pk).update(received_at=now + timedelta(seconds=came))


def test_what_came_while_a_reply_was_held_is_read_before_it_leaves(queued_reply, platform, clock, receipt):
    """The worker was away: it finds the reply due and the delivery unread, and may take either first."""
    held(queued_reply, clock(), receipt, came=2)
    clock.passes(12)

    assert deliver(queued_reply, clock) == "unread"
    assert (queued_reply.state, queued_reply.attempts, platform.sent) == (MessageState.QUEUED, 0, [])

    draining.drain(now=clock())
    clock.passes(1)
    assert deliver(queued_reply, clock) == ""
    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, sending.OVERTAKEN)


def test_a_hold_is_cut_short_by_nothing_that_is_unread(queued_reply, platform, clock, receipt):
    held(queued_reply, clock(), receipt, came=1)
    due = clock() + timedelta(seconds=5)
    clock.passes(2)

    assert deliver(queued_reply, clock) == ""
    assert (queued_reply.state, queued_reply.not_before) == (MessageState.QUEUED, due)


@pytest.mark.parametrize(("came", "passed"), [(6, 7), (2, 16)], ids=["after it was due", "and nobody reads"])
def test_what_comes_later_or_is_not_read_for_long_holds_up_no_reply(
    queued_reply, platform, clock, receipt, came, passed
):
    held(queued_reply, clock(), receipt, came=came)
    clock.passes(passed)

    assert deliver(queued_reply, clock) == "sent"


def test_a_reply_that_was_not_held_leaves_at_once_whatever_others_write(
    queued_reply, platform, clock, receipt
):
    """Nor is it stopped by what its own customer says after the click."""
    receipt(message_item("s-1", "Hi", thread="stranger", seconds=-1))
    receipt(message_item("in-2", "And please hurry", seconds=0.2))
    draining.drain(now=clock())
    receipt(message_item("s-2", "Hi again", thread="stranger", seconds=-1))

    assert deliver(queued_reply, clock) == "sent"


def test_send_anyway_waits_for_nothing_that_is_unread_and_is_stopped_by_nothing_that_comes(
    queued_reply, platform, clock, receipt, agent
):
    held(queued_reply, clock(), receipt, came=2)
    draining.drain(now=clock())
    clock.passes(6)
    assert deliver(queued_reply, clock) == ""
    assert queued_reply.state_reason == sending.OVERTAKEN

    replying.retry(message=queued_reply, by=agent, now=clock())
    receipt(message_item("s-1", "Hi", thread="stranger", seconds=5.9))
    receipt(message_item("in-3", "Hello?", seconds=6.1))

    assert deliver(queued_reply, clock) == "sent"


def test_what_comes_one_after_the_other_puts_a_reply_off_no_further_than_its_hold(
    queued_reply, platform, clock, receipt
):
    """In a backlog something is always unread: what came before the hold was over is read, and the reply leaves."""
    held(queued_reply, clock(), receipt, came=2)
    Receipt.objects.update(state=ReceiptState.DONE)
    row = receipt(message_item("s-1", "Hi", thread="stranger", seconds=4))
    Receipt.objects.filter(pk=row.pk).update(received_at=clock() + timedelta(seconds=4))
    due = clock() + timedelta(seconds=5)
    clock.passes(6)
    assert deliver(queued_reply, clock) == "unread"
    assert queued_reply.not_before == due

    draining.drain(now=clock())
    row = receipt(message_item("s-2", "Hi", thread="stranger", seconds=5.5))
    Receipt.objects.filter(pk=row.pk).update(received_at=clock() - timedelta(seconds=0.5))
    clock.passes(1)
    assert deliver(queued_reply, clock) == "sent"


def test_after_a_parking_what_came_before_the_channel_sent_again_is_read_first(
    queued_reply, platform, clock, receipt, channel
):
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=clock())
    clock.passes(3600)
    row = receipt(message_item("in-2", "Forget it", seconds=3590))
    Receipt.objects.filter(pk=row.pk).update(received_at=clock() - timedelta(seconds=10))
    channels.resume_sending(channel_id=channel.pk, now=clock())

    assert deliver(queued_reply, clock) == "unread"
    draining.drain(now=clock())
    assert deliver(queued_reply, clock) == ""
    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, sending.OVERTAKEN)


def test_a_token_refused_twice_is_a_broken_grant(queued_reply, platform, clock, channel):
    platform.refuses(Remedy.REFRESH, "Invalid token.")
    platform.refuses(Remedy.REFRESH, "Invalid token.")

    assert deliver(queued_reply, clock) == "parked"

    assert Channel.objects.get(pk=channel.pk).state == ChannelState.NEEDS_RECONNECT
    assert platform.refreshes == 1


@pytest.mark.parametrize("remedy", [Remedy.TELL, Remedy.BUG, Remedy.WAIT])
def test_a_final_refusal_tells_the_agent(queued_reply, platform, clock, remedy):
    platform.refuses(remedy, "The window has closed.")

    assert deliver(queued_reply, clock) == "failed"

    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, "The window has closed.")
    clock.passes(3600)
    assert deliver(queued_reply, clock) == ""


def test_a_window_that_closed_by_the_platforms_clock_is_closed_by_ours(queued_reply, platform, clock):
    rules = WindowRules(standard=timedelta(hours=24), human_agent=timedelta(days=7))
    platforms.register(manifest(window=rules))
    Conversation.objects.update(window_opened_at=clock())
    platform.refuses(Remedy.WAIT, "The window has closed.")

    assert deliver(queued_reply, clock) == "failed"

    assert queued_reply.state_reason.startswith("The window has closed. A person may still answer, until ")
    assert Conversation.objects.get().window_opened_at == clock() - timedelta(hours=24)


def test_somebody_who_cannot_be_written_to_is_remembered(queued_reply, platform, clock):
    platform.refuses(Remedy.TELL, "This person has blocked you.", contact_unavailable=True)

    deliver(queued_reply, clock)

    assert Handle.objects.get(external_id="mara").unavailable_reason == "This person has blocked you."


def test_whoever_takes_messages_again_is_shown_to_by_a_retry(queued_reply, platform, clock, agent):
    for _ in range(2):
        platform.refuses(Remedy.TELL, "You are not connected.", contact_unavailable=True)
        assert deliver(queued_reply, clock) == "failed"
        with pytest.raises(replying.ReplyRefused, match="You are not connected"):
            queue("Hello?", channel=queued_reply.channel, agent=agent, now=clock())
        replying.retry(message=queued_reply, by=agent, now=clock())

    assert deliver(queued_reply, clock) == "sent"
    assert Handle.objects.get(external_id="mara").unavailable_reason == ""


def test_a_lost_answer_is_uncertain_and_never_sent_again(queued_reply, platform, clock):
    platform.loses_the_answer(delivered=True)

    assert deliver(queued_reply, clock) == "uncertain"

    assert queued_reply.state == MessageState.UNCERTAIN
    clock.passes(3600)
    assert deliver(queued_reply, clock) == ""
    assert len([said for said in platform.said if said.outbound]) == 1


@pytest.mark.parametrize("ahead_of", ["its turn", "a request"])
def test_a_lock_that_is_not_given_ahead_of_a_request_is_a_fault_of_ours_and_nothing_was_sent(
    queued_reply, platform, clock, channel, monkeypatch, impatient, ahead_of
):
    platforms.register(manifest(paces={"send": Pace(per_second=100, checked_on=clock().date())}))
    RateBudget.objects.create(channel=channel, bucket=f"send{RateBudget.TURN}", seen_at=clock())
    rows = {"its turn": RateBudget.objects.all(), "a request": Message.objects.filter(pk=queued_reply.pk)}
    send = platform.send

    def held_up(ctx, message):
        with locked(lambda: nullcontext(list(rows[ahead_of].select_for_update()))):
            ctx.ahead("send")
            ctx.http.before(60.0)  # as the client does with each request
        return send(ctx, message)

    with monkeypatch.context() as here:
        here.setattr(platform, "send", held_up)
        assert deliver(queued_reply, clock) == "retry"
    assert queued_reply.state_reason == "Parley could not ask the platform (OperationalError)."

    clock.now = queued_reply.not_before
    assert deliver(queued_reply, clock) == "sent"
    outcomes = DeliveryAttempt.objects.order_by("pk").values_list("outcome", flat=True)
    assert (list(outcomes), len(platform.sent)) == (["retry", "sent"], 1)


def test_a_bug_while_sending_is_uncertain_too(queued_reply, platform, clock):
    platform.breaks(ZeroDivisionError())

    assert deliver(queued_reply, clock) == "uncertain"


def test_a_channel_without_a_grant_is_parked_in_words(queued_reply, platform, clock, channel):
    Credential.objects.filter(channel=channel).delete()

    assert deliver(queued_reply, clock) == "parked"

    assert Channel.objects.get(pk=channel.pk).state_reason == "This channel has no grant; connect it again."


@pytest.mark.parametrize("lacks", ["the key", "the connector"])
def test_a_worker_that_lacks_something_parks_no_channel_and_another_sends(
    queued_reply, platform, clock, channel, settings, monkeypatch, lacks
):
    with monkeypatch.context() as here:
        if lacks == "the key":
            here.setattr(settings, "PARLEY_SEAL_KEYS", [Fernet.generate_key().decode()])
        else:
            here.setattr(registry, "get", _not_loaded)
        assert deliver(queued_reply, clock) == "not ready"

    assert queued_reply.state == MessageState.QUEUED
    assert ("PARLEY_SEAL_KEYS" if lacks == "the key" else "not installed") in queued_reply.state_reason
    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED

    clock.passes(delivering.NOT_READY_WAIT.total_seconds())
    assert deliver(queued_reply, clock) == "sent"


def _not_loaded(key):
    raise registry.NotLoaded(f"{key} is not installed")


def test_what_trips_before_anything_left_is_tried_again(queued_reply, platform, clock):
    platform.good_access, platform.refresh_fails = "another", ValueError("boom")

    assert deliver(queued_reply, clock) == "retry"
    assert (queued_reply.state, queued_reply.lease_until) == (MessageState.QUEUED, None)
    assert queued_reply.state_reason == "Sending could not begin (ValueError)."

    platform.refresh_fails = None
    clock.passes(5)
    assert deliver(queued_reply, clock) == "sent"
    assert len(platform.sent) == 1


def test_a_letter_that_cannot_be_written_is_given_up_after_as_long_as_any(
    queued_reply, platform, clock, monkeypatch
):
    monkeypatch.setattr(delivering, "outbound", lambda *_, **__: 1 / 0)

    outcomes = []
    while queued_reply.state == MessageState.QUEUED:
        outcomes.append(deliver(queued_reply, clock))
        clock.passes(180)

    assert outcomes == ["retry"] * 8 + ["failed"]  # two minutes of each pause count
    assert platform.sent == []


@pytest.mark.parametrize(
    ("bucket", "counts"),
    [("send", True), ("send day", True), ("send app day", True), ("account", True), ("app", True), ("read", False), ("read day", False)],
)  # fmt: skip
def test_every_limit_that_bounds_sending_is_obeyed(queued_reply, platform, clock, bucket, counts):
    platform.rates = (RateNotice(bucket, remaining=0, resets_at=clock() + timedelta(minutes=5)),)
    deliver(queued_reply, clock)

    queued_reply.channel.refresh_from_db()
    assert (queued_reply.channel.sends_resume_at == clock() + timedelta(minutes=5)) == counts


def in_public(text, *, channel, agent, clock):
    """An answer under a post, in the outbox."""
    said = say.wrote(thread_id="comment:7", thread_kind=ThreadKind.COMMENT)
    receiving.receive(arrivals=[receiving.Arrival(channel.pk, said)], now=clock())
    return queue(text, channel=channel, agent=agent, now=clock(), thread="comment:7")


def test_the_limit_of_posts_holds_up_no_message(queued_reply, platform, clock, channel, agent):
    first = in_public("Here it is.", channel=channel, agent=agent, clock=clock)
    tomorrow = clock() + timedelta(hours=20)
    spent = RateNotice("post day", 0, tomorrow)
    platform.refuses(Remedy.RETRY, "X asks us to wait.", retry_at=tomorrow, rates=[spent])

    assert deliver(first, clock) == "throttled"
    assert (first.state, first.not_before) == (MessageState.QUEUED, tomorrow)
    assert deliver(queued_reply, clock) == "sent"

    second = in_public("And more.", channel=channel, agent=agent, clock=clock)
    Message.objects.filter(pk=first.pk).update(state=MessageState.FAILED)  # the next one may go ahead of it
    assert deliver(second, clock) == "throttled"
    assert (len(platform.sent), second.not_before) == (1, tomorrow)
    clock.now = tomorrow + timedelta(seconds=1)
    assert deliver(second, clock) == "sent"


def test_the_limit_of_messages_holds_up_no_public_answer(queued_reply, platform, clock, channel, agent):
    answer = in_public("Here it is.", channel=channel, agent=agent, clock=clock)
    later = clock() + timedelta(minutes=15)
    platform.refuses(Remedy.RETRY, "X asks us to wait.", retry_at=later, rates=[RateNotice("send", 0, later)])

    assert deliver(queued_reply, clock) == "throttled"

    assert outbox.due_replies(now=clock()) == [answer.pk]
    assert deliver(answer, clock) == "sent"
    receiving.receive(arrivals=[receiving.Arrival(channel.pk, say.wrote(who="noor"))], now=clock())
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock(), thread="noor")
    assert behind.pk not in outbox.due_replies(now=clock()) and deliver(behind, clock) == ""


@pytest.mark.parametrize("rates", [[], [RateNotice("app", None, None, used_percent=100)]])
def test_a_limit_of_more_than_messages_holds_up_public_answers_too(
    queued_reply, platform, clock, channel, agent, rates
):
    answer = in_public("Here it is.", channel=channel, agent=agent, clock=clock)
    soon = clock() + timedelta(seconds=20)
    platform.refuses(Remedy.RETRY, "Slow down.", retry_at=soon, throttled=True, rates=rates)

    assert deliver(queued_reply, clock) == "throttled"
    assert deliver(answer, clock) == "throttled"
    assert (answer.not_before, platform.sent) == (soon, [])
    clock.now = soon
    assert deliver(answer, clock) == "sent"


def test_a_limit_of_the_account_holds_up_all_of_it(queued_reply, platform, clock, channel, agent):
    answer = in_public("Here it is.", channel=channel, agent=agent, clock=clock)
    soon = clock() + timedelta(minutes=5)
    spent = RateNotice("account", None, soon, used_percent=100)
    platform.refuses(Remedy.RETRY, "Slow down.", retry_at=soon, rates=[spent])

    assert deliver(answer, clock) == "throttled"
    assert deliver(queued_reply, clock) == ""


def test_a_reply_that_is_refused_like_this_again_lets_the_others_go(
    queued_reply, platform, clock, channel, agent
):
    for outcome in ("parked", "failed"):
        platform.refuses(Remedy.RECONNECT, "A role is missing.")
        assert deliver(queued_reply, clock) == outcome
        clock.passes(60)
        channels.resume_sending(channel_id=channel.pk, now=clock())

    assert queued_reply.state_reason.startswith("A role is missing. The platform said so before")
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock())
    assert deliver(behind, clock) == "sent"


def test_a_reply_that_alone_is_refused_as_restricted_parks_its_channel_once(
    queued_reply, platform, clock, channel, agent
):
    def refuse(reason, **details):
        platform.refuses(Remedy.RECONNECT, reason, **details)
        outcome = deliver(queued_reply, clock)
        clock.passes(60)
        channels.resume_sending(channel_id=channel.pk, now=clock())
        return outcome, queued_reply.state_reason

    waits = "The platform has to lift its restriction."
    assert refuse("Messaging is blocked.", restricted=True) == ("parked", waits)
    assert refuse("The password was changed.")[0] == "parked"  # for the first time
    outcome, words = refuse("Messaging is blocked.", restricted=True)

    assert (outcome, words) == ("failed", f"Messaging is blocked. {_refused.SAID_BEFORE}")
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock())
    assert deliver(behind, clock) == "sent"


def test_where_it_is_the_account_that_is_restricted_the_next_reply_parks_it(
    queued_reply, platform, clock, channel, agent
):
    for outcome in ("parked", "failed"):
        platform.refuses(Remedy.RECONNECT, "Messaging is blocked.", restricted=True)
        assert deliver(queued_reply, clock) == outcome
        clock.passes(60)
        channels.resume_sending(channel_id=channel.pk, now=clock())
    behind = queue("And one more thing.", channel=channel, agent=agent, now=clock())
    platform.refuses(Remedy.RECONNECT, "Messaging is blocked.", restricted=True)

    assert deliver(behind, clock) == "parked"
    channel.refresh_from_db()
    assert (channel.state, channel.health.is_restriction) == (ChannelState.NEEDS_RECONNECT, True)


def test_a_limit_that_is_used_up_without_a_reset_is_a_short_pause(queued_reply, platform, clock, channel):
    notice = RateNotice("app", remaining=None, resets_at=None, used_percent=100)
    budgets.keep(channel_id=channel.pk, notices=[notice], now=clock())

    assert deliver(queued_reply, clock) == "throttled"
    clock.passes(budgets.A_WHILE.total_seconds() + 1)
    assert deliver(queued_reply, clock) == "sent"


def test_a_throttle_that_names_no_end_is_waited_for_and_never_fails_a_reply(
    queued_reply, platform, clock, channel
):
    pauses = []
    for _ in range(12):
        platform.refuses(Remedy.RETRY, "Slow down.", throttled=True)
        assert deliver(queued_reply, clock) == "throttled"
        channel.refresh_from_db()
        assert channel.sends_resume_at == queued_reply.not_before  # the others of this channel wait with it
        pauses.append((queued_reply.not_before - clock()).total_seconds())
        clock.now = queued_reply.not_before

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert deliver(queued_reply, clock) == "sent"


def test_throttles_are_no_tries_of_a_fault(queued_reply, platform, clock):
    while clock() - queued_reply.created_at < 2 * patience.PATIENCE:
        platform.refuses(Remedy.RETRY, "Slow down.", throttled=True)
        deliver(queued_reply, clock)
        clock.now = queued_reply.not_before

    platform.refuses(Remedy.RETRY, "A fault.")

    assert deliver(queued_reply, clock) == "retry"


def test_a_fault_that_lasts_is_told_after_as_many_tries_as_its_rule_allows(queued_reply, platform, clock):
    outcomes, pauses = [], []
    for _ in range(4):
        platform.refuses(Remedy.RETRY, "A fault.", most_tries=4)
        outcomes.append(deliver(queued_reply, clock))
        pauses.append(round((queued_reply.not_before - clock()).total_seconds()))
        clock.now = max(clock.now, queued_reply.not_before)

    assert outcomes == ["retry", "retry", "retry", "failed"]
    assert pauses[:3] == [7, 45, 300]  # spread, so that they outlive an outage too


def test_a_limit_larger_than_any_number_we_keep_is_kept_as_the_largest(channel, clock):
    notice = RateNotice("send", remaining=10**12, resets_at=None, used_percent=-(10**12))

    budgets.keep(channel_id=channel.pk, notices=[notice], now=clock())

    kept = channel.budgets.get()
    assert (kept.remaining, kept.used_percent) == (2**31 - 1, 1 - 2**31)


def test_a_public_answer_that_is_not_granted_stops_no_message(queued_reply, platform, clock, channel, agent):
    refused = in_public("Here it is.", channel=channel, agent=agent, clock=clock)
    platform.refuses(Remedy.TELL, "It may not be answered.", of_public=True)

    assert deliver(refused, clock) == "failed"
    channel.refresh_from_db()
    assert (channel.state, channel.health.public_unanswered) == (
        ChannelState.CONNECTED,
        "It may not be answered.",
    )
    assert deliver(queued_reply, clock) == "sent"
    channel.health.refresh_from_db()
    assert channel.health.public_unanswered

    assert deliver(in_public("Again.", channel=channel, agent=agent, clock=clock), clock) == "sent"
    channel.health.refresh_from_db()
    assert channel.health.public_unanswered == ""


@pytest.mark.parametrize(
    ("remedy", "outcome"), [(Remedy.RETRY, MessageState.QUEUED), (Remedy.UNKNOWN, MessageState.UNCERTAIN)]
)
def test_a_server_in_trouble_that_names_a_time_holds_up_that_reply_alone(
    queued_reply, platform, clock, channel, agent, remedy, outcome
):
    receiving.receive(arrivals=[receiving.Arrival(channel.pk, say.wrote(who="noor"))], now=clock())
    other = queue("And you?", channel=channel, agent=agent, now=clock(), thread="noor")
    later = clock() + timedelta(hours=1)
    platform.refuses(remedy, "It is in trouble.", code="http 503", retry_at=later)

    deliver(queued_reply, clock)

    channel.refresh_from_db()
    assert (queued_reply.state, channel.sends_resume_at) == (outcome, None)
    assert queued_reply.attempt_rows.get().retry_at == later
    assert remedy is Remedy.UNKNOWN or queued_reply.not_before == later
    assert deliver(other, clock) == "sent"


@pytest.mark.parametrize("most", [None, 4])
def test_a_fault_that_names_a_time_is_a_fault_as_any(queued_reply, platform, clock, most):
    began, tries, outcomes = clock(), 0, []
    while queued_reply.state == MessageState.QUEUED and tries < 100:
        soon = clock() + timedelta(seconds=1)
        platform.refuses(Remedy.RETRY, "Over capacity.", code="130", retry_at=soon, most_tries=most)
        outcomes.append(deliver(queued_reply, clock))
        tries += 1
        clock.now = max(clock.now, queued_reply.not_before)

    assert outcomes == ["retry"] * (tries - 1) + ["failed"]
    assert clock() - began <= patience.PATIENCE + timedelta(minutes=1)
    assert tries == most or (most is None and tries < 30)


def test_a_fault_that_names_a_time_keeps_no_reply_beyond_its_window(queued_reply, platform, clock):
    windowed = WindowRules(standard=timedelta(hours=24), margin=timedelta(0))
    platforms.register(replace(platform.manifest, window=windowed))
    opened = clock() - timedelta(hours=24, seconds=1)
    Conversation.objects.filter(pk=queued_reply.conversation_id).update(window_opened_at=opened)
    platform.refuses(Remedy.RETRY, "It is busy.", retry_at=clock() + timedelta(hours=1))

    assert deliver(queued_reply, clock) == "failed"


def test_a_rule_counts_the_tries_that_met_its_own_fault_alone(queued_reply, platform, clock):
    for _ in range(3):
        platform.refuses(Remedy.RETRY, "It could not be reached.", code="connect")
        assert deliver(queued_reply, clock) == "retry"
        clock.now = queued_reply.not_before

    outcomes = []
    for _ in range(4):
        platform.refuses(Remedy.RETRY, "A fault.", code="2", most_tries=4)
        outcomes.append(deliver(queued_reply, clock))
        clock.now = max(clock.now, queued_reply.not_before)

    assert outcomes == ["retry", "retry", "retry", "failed"]
    assert queued_reply.state_reason == "Tried 7 times without success: A fault."
