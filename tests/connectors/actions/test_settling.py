from dataclasses import replace
from datetime import timedelta
from math import ceil

import pytest
from cryptography.fernet import Fernet
from django.db.models import Min

from connectors.actions import _tracing, budgets, delivering, draining, settling
from connectors.contract import ConnectorError, Page, RateNotice, Remedy
from connectors.models import DeliveryAttempt
from connectors.rules import patience
from inbox import platforms
from inbox.actions import channels, replying, sending
from inbox.models import Message, MessageState
from inbox.queries import outbox
from tests.connectors.conftest import message_item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def uncertain(queued_reply, platform, clock):
    def make(*, delivered):
        platform.loses_the_answer(delivered=delivered)
        delivering.deliver(message_id=queued_reply.pk, clock=clock)
        queued_reply.refresh_from_db()
        return queued_reply

    return make


def look_for(message, clock, seconds):
    """Let time pass, and look in the first second in which a look is due."""
    outcomes = []
    while seconds > 0:
        following = Message.objects.filter(state=MessageState.UNCERTAIN).aggregate(at=Min("not_before"))["at"]
        pause = max(1, ceil((following - clock()).total_seconds())) if following else seconds
        clock.passes(min(pause, seconds))
        seconds -= pause
        for due in outbox.uncertain_replies(now=clock()):
            outcomes.append(settling.settle(message=due, clock=clock))
    message.refresh_from_db()
    return outcomes


def test_a_reply_that_arrived_is_found_in_the_platforms_history(uncertain, platform, clock):
    reply = uncertain(delivered=True)

    outcomes = look_for(reply, clock, 5)

    assert outcomes == ["sent"]
    assert (reply.state, reply.external_id) == (MessageState.SENT, platform.said[-1].id)
    assert Message.objects.filter(direction="out").count() == 1


def test_an_echo_settles_it_without_any_look(uncertain, platform, clock, receipt):
    reply = uncertain(delivered=True)
    echo = platform.said[-1]

    receipt(message_item(echo.id, echo.text, outbound=True, seconds=1))
    draining.drain(now=clock())

    reply.refresh_from_db()
    assert (reply.state, reply.external_id) == (MessageState.SENT, echo.id)
    assert look_for(reply, clock, 30) == []


def test_no_look_is_made_into_a_limit_that_is_used_up(uncertain, platform, clock, channel, monkeypatch):
    reply = uncertain(delivered=True)
    asked, history = [], platform.history
    monkeypatch.setattr(platform, "history", lambda *given: asked.append(given) or history(*given))
    spent = RateNotice("read", remaining=0, resets_at=clock() + timedelta(minutes=10))
    budgets.keep(channel_id=channel.pk, notices=[spent], now=clock())

    assert look_for(reply, clock, 599) == ["later"]
    assert asked == []
    assert look_for(reply, clock, 5) == ["sent"]


def test_a_reply_that_never_arrived_is_sent_again_once_that_is_sure(uncertain, platform, clock):
    reply = uncertain(delivered=False)

    assert look_for(reply, clock, 119) == ["later"] * 4
    outcomes = look_for(reply, clock, 30)

    assert outcomes == ["again"]
    assert reply.state == MessageState.QUEUED
    assert delivering.deliver(message_id=reply.pk, clock=clock) == "sent"
    assert len(platform.sent) == 1


def test_the_second_time_a_person_decides(uncertain, platform, clock):
    reply = uncertain(delivered=False)
    look_for(reply, clock, 120)
    platform.loses_the_answer(delivered=False)
    assert delivering.deliver(message_id=reply.pk, clock=clock) == "uncertain"

    outcomes = look_for(reply, clock, 120)

    assert outcomes[-1] == "failed"
    assert (reply.state, reply.state_reason) == (MessageState.FAILED, settling.UNCONFIRMED)


def test_as_long_as_a_server_says_that_it_is_in_trouble_it_is_looked_for_and_sent_again(
    queued_reply, platform, clock
):
    up_again = clock() + timedelta(minutes=10)
    while clock() < up_again:
        platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503")
        assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "uncertain"
        assert look_for(queued_reply, clock, 150)[-1] == "again"

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"
    assert len(platform.sent) == 1


def test_a_server_in_trouble_is_not_believed_for_ever(queued_reply, platform, clock):
    began = clock()
    while queued_reply.state != MessageState.FAILED:
        platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503")
        delivering.deliver(message_id=queued_reply.pk, clock=clock)
        look_for(queued_reply, clock, 150)

    assert timedelta(0) <= clock() - began - patience.PATIENCE < timedelta(minutes=3)
    assert queued_reply.state_reason == settling.UNCONFIRMED


def test_while_its_channel_is_parked_no_server_is_in_trouble_with_a_reply(
    queued_reply, platform, clock, channel
):
    platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503")
    delivering.deliver(message_id=queued_reply.pk, clock=clock)
    look_for(queued_reply, clock, 150)
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=clock())
    clock.passes(timedelta(hours=4).total_seconds())
    channels.resume_sending(channel_id=channel.pk, now=clock())

    platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503")
    delivering.deliver(message_id=queued_reply.pk, clock=clock)

    assert look_for(queued_reply, clock, 150)[-1] == "again"


@pytest.mark.parametrize("status", [408, 504, 522, 524])
def test_what_a_gateway_gave_up_to_wait_for_is_a_lost_answer(queued_reply, platform, clock, status):
    outcomes = []
    for _ in range(2):
        platform.refuses(Remedy.UNKNOWN, "It did not say.", code=f"http {status}")
        delivering.deliver(message_id=queued_reply.pk, clock=clock)
        outcomes.append(look_for(queued_reply, clock, 150)[-1])

    assert outcomes == ["again", "failed"]


def test_what_is_sent_again_is_not_sent_before_a_server_in_trouble_wants_to_be_asked(
    queued_reply, platform, clock
):
    again_at = clock() + timedelta(minutes=10)
    platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503", retry_at=again_at)
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "uncertain"
    assert look_for(queued_reply, clock, 150)[-1] == "again"

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == ""
    clock.now = again_at
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"


def test_the_same_words_said_before_do_not_count(uncertain, platform, clock, channel):
    platform.hears("On its way!", at=clock(), outbound=True)
    earlier = platform.said[-1]
    from inbox.actions import receiving
    from inbox.actions.receiving import Arrival

    receiving.receive(arrivals=[Arrival(channel.pk, platform._inbound(earlier))], now=clock())
    reply = uncertain(delivered=False)

    outcomes = look_for(reply, clock, 40)

    assert set(outcomes) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


def test_while_the_platform_cannot_be_asked_nothing_is_decided(uncertain, platform, clock):
    reply = uncertain(delivered=True)
    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    assert set(look_for(reply, clock, 200)) == {"later"}
    platform.history_fails = None

    assert look_for(reply, clock, 120)[-1] == "sent"


def test_after_a_quarter_of_an_hour_in_the_dark_a_person_decides(uncertain, platform, clock):
    reply = uncertain(delivered=True)
    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    assert look_for(reply, clock, 1000)[-1] == "failed"
    assert reply.state_reason == settling.UNCONFIRMED


def test_a_platform_that_wants_to_be_asked_tomorrow_leaves_nobody_in_the_dark_until_then(
    uncertain, platform, clock
):
    reply = uncertain(delivered=True)
    tomorrow = clock() + timedelta(hours=20)
    platform.history_fails = ConnectorError("Not today.", remedy=Remedy.RETRY, retry_at=tomorrow)

    assert look_for(reply, clock, 1000)[-1:] == ["failed"]
    assert reply.state_reason == settling.UNCONFIRMED


def test_a_process_without_the_key_decides_nothing_however_long_it_lacks_it(
    uncertain, platform, clock, settings
):
    reply, keys = uncertain(delivered=True), settings.PARLEY_SEAL_KEYS
    settings.PARLEY_SEAL_KEYS = [Fernet.generate_key().decode()]

    assert set(look_for(reply, clock, 3600)) == {"later"}

    settings.PARLEY_SEAL_KEYS = keys
    assert look_for(reply, clock, 61) == ["sent"]


def seen_through(platform, monkeypatch, change):
    """What the platform tells of its history, changed on the way."""
    history = type(platform).history
    monkeypatch.setattr(
        type(platform), "history", lambda self, *asked: change(history(self, *asked)), raising=True
    )


def test_a_history_that_could_not_be_read_whole_lets_nothing_be_sent_again(
    uncertain, platform, clock, monkeypatch
):
    reply = uncertain(delivered=True)
    unread = (({"id": platform.said[-1].id}, "It has no time."),)
    seen_through(platform, monkeypatch, lambda page: replace(page, events=(), failures=unread))

    assert set(look_for(reply, clock, 250)) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


def test_answers_told_oldest_first_are_looked_through_to_the_last(uncertain, platform, clock, monkeypatch):
    """As those under a comment are: the first page is of long ago."""
    for number in range(3):
        platform.hears(f"Long ago {number}", at=clock() - timedelta(days=1))
    reply = uncertain(delivered=True)
    platform.page_size = 3
    pages = [platform.said[:3], platform.said[3:]]

    def answers(*args, **options):
        cursor = int(args[2] or 0)
        events = tuple(platform._inbound(each) for each in pages[cursor])
        return Page(events, "1", more=cursor == 0, unordered=True)

    monkeypatch.setattr(type(platform), "history", answers)

    assert look_for(reply, clock, 5) == ["sent"]


def test_an_answer_further_on_than_a_look_reads_is_not_looked_for_each_minute(
    uncertain, platform, clock, monkeypatch
):
    """Under a comment with hundreds of answers the newest are told last. Its echo settles it, or a person."""
    reply = uncertain(delivered=True)
    asked = []

    def answers(self, context, cursor, *_):
        asked.append(cursor)
        return Page((), f"{cursor}+", more=True, unordered=True)

    monkeypatch.setattr(type(platform), "history", answers)

    assert look_for(reply, clock, 899) == ["later"]
    assert look_for(reply, clock, 61)[-1] == "failed"
    assert len(asked) <= 3 * _tracing.MAX_PAGES


def test_a_history_that_ends_before_the_attempt_lets_nothing_be_sent_again(
    uncertain, platform, clock, monkeypatch
):
    """The customer went on writing, and the platform tells the newest two only."""
    reply = uncertain(delivered=True)
    for number in range(2):
        platform.hears(f"hello? {number}", at=clock())
    manifest = platforms.get(reply.channel.platform)
    few = replace(manifest, history=replace(manifest.history, messages_per_thread=2))
    monkeypatch.setattr(platforms, "get", lambda key: few)
    seen_through(platform, monkeypatch, lambda page: replace(page, events=page.events[:2], more=False))

    assert set(look_for(reply, clock, 250)) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


def test_a_worker_killed_while_sending_leaves_an_uncertain_reply_that_is_found(queued_reply, platform, clock):
    sending.claim_reply(message_id=queued_reply.pk, now=clock())
    platform.hears(queued_reply.text, at=clock(), outbound=True)  # its bytes had left

    clock.passes(sending.LEASE.total_seconds() + 1)
    assert sending.expire_leases(now=clock()) == [queued_reply.pk]
    outcomes = look_for(queued_reply, clock, 10)

    assert outcomes == ["sent"]
    assert platform.sent == []
    assert DeliveryAttempt.objects.filter(outcome="sent").count() == 0


def test_a_public_answer_on_a_polled_platform_is_looked_for_in_its_own_history(
    uncertain, platform, clock, monkeypatch
):
    """The log that is polled holds no comments: not to be found there proves nothing."""
    reply = uncertain(delivered=True)
    reply.conversation.kind = "comment"
    asked = []
    monkeypatch.setattr(type(platform), "poll", lambda *_: asked.append("poll") or Page(()), raising=False)
    manifest = platforms.get(reply.channel.platform)
    polled = replace(manifest, receive=replace(manifest.receive, mode="poll"))
    monkeypatch.setattr(platforms, "get", lambda key: polled)

    assert settling.settle(message=reply, clock=clock) == "sent"
    assert asked == []


@pytest.fixture
def shown_with_other_words(uncertain, platform, receipt, clock):
    """The reply arrived, and the platform words it its own way."""

    def make(*, told):
        reply = uncertain(delivered=True)
        said = platform.said[-1]
        said.text = "On its way! https://short.example/x"
        if told:
            receipt(message_item(said.id, said.text, outbound=True, seconds=1))
            draining.drain(now=clock())
        return reply

    return make


@pytest.mark.parametrize("told", [True, False], ids=["by an echo", "by the history only"])
def test_an_answer_with_other_words_forbids_to_send_it_again_unasked(
    shown_with_other_words, platform, clock, told
):
    reply = shown_with_other_words(told=told)

    outcomes = look_for(reply, clock, 200)

    assert outcomes[-1] == "failed"
    assert (reply.state, reply.state_reason) == (MessageState.FAILED, sending.OTHER_WORDS)
    assert outbox.due_replies(now=clock()) == []
    assert len([said for said in platform.said if said.outbound]) == 1


def test_a_person_who_has_looked_may_send_it_again(shown_with_other_words, platform, clock, agent):
    reply = shown_with_other_words(told=True)
    look_for(reply, clock, 150)

    replying.retry(message=reply, by=agent, now=clock())

    assert delivering.deliver(message_id=reply.pk, clock=clock) == "sent"


def test_an_answer_with_other_words_that_comes_before_the_second_try_stops_it(
    uncertain, platform, clock, receipt
):
    reply = uncertain(delivered=False)
    assert look_for(reply, clock, 120)[-1] == "again"
    receipt(message_item("late", "On its way! https://short.example/x", outbound=True, seconds=80))
    draining.drain(now=clock())

    assert delivering.deliver(message_id=reply.pk, clock=clock) == ""

    reply.refresh_from_db()
    assert (reply.state, reply.state_reason) == (MessageState.FAILED, sending.OTHER_WORDS)
    assert platform.sent == []


def test_what_a_colleague_wrote_elsewhere_before_the_attempt_does_not_hold_it(
    queued_reply, platform, clock, receipt
):
    receipt(message_item("by-phone", "Let me look", outbound=True, seconds=-1))
    draining.drain(now=clock())
    clock.passes(1)
    platform.loses_the_answer(delivered=False)
    delivering.deliver(message_id=queued_reply.pk, clock=clock)

    assert look_for(queued_reply, clock, 120)[-1] == "again"


def test_a_thread_of_which_nothing_is_shown_is_not_told_at_all(uncertain, platform, clock, monkeypatch):
    """The list of conversations may be behind, or leave this one out: an empty page is no proof."""
    reply = uncertain(delivered=True)
    seen_through(platform, monkeypatch, lambda page: replace(page, events=()))

    assert set(look_for(reply, clock, 250)) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


@pytest.fixture
def polled(platform, monkeypatch):
    """The platform is read by its log, which has come as far as the test says."""
    told = {"until": None}
    known = platforms.get
    fake = platform.manifest
    log_read = replace(fake, receive=replace(fake.receive, mode="poll"))
    monkeypatch.setattr(platforms, "get", lambda key: log_read if key == "fake" else known(key))
    monkeypatch.setattr(
        type(platform),
        "poll",
        lambda self, ctx, cursor: Page((), "c", told_until=told["until"]),
        raising=True,
    )
    return told


def test_a_log_that_has_not_gone_past_the_attempt_proves_nothing(uncertain, platform, clock, polled):
    reply = uncertain(delivered=True)
    polled["until"] = reply.attempted_at + settling.PASSED

    assert set(look_for(reply, clock, 200)) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


def test_a_log_that_has_gone_past_the_attempt_without_the_reply_lets_it_be_sent_again(
    uncertain, platform, clock, polled
):
    reply = uncertain(delivered=False)
    polled["until"] = reply.attempted_at + settling.PASSED + timedelta(seconds=1)

    assert look_for(reply, clock, 150)[-1] == "again"


def test_a_log_that_has_gone_past_the_claim_alone_proves_nothing_of_a_send_that_took_minutes(
    queued_reply, platform, clock, polled
):
    slowly(platform, clock, seconds=150)
    platform.loses_the_answer(delivered=True)
    delivering.deliver(message_id=queued_reply.pk, clock=clock)
    queued_reply.refresh_from_db()
    polled["until"] = queued_reply.attempted_at + settling.PASSED + timedelta(seconds=1)

    assert set(look_for(queued_reply, clock, 200)) == {"later"}


def slowly(platform, clock, *, seconds):
    """Much is uploaded before the words leave."""
    send = platform.send

    def uploading(ctx, message):
        clock.passes(seconds)
        return send(ctx, message)

    platform.send = uploading


def test_what_left_late_is_missing_late(queued_reply, platform, clock):
    """Its claim is old already when the last request leaves; the platform's list may not hold it for two minutes more."""
    slowly(platform, clock, seconds=100)
    platform.loses_the_answer(delivered=False)
    delivering.deliver(message_id=queued_reply.pk, clock=clock)

    assert set(look_for(queued_reply, clock, 119)) == {"later"}
    assert look_for(queued_reply, clock, 2) == ["again"]


@pytest.fixture
def loads_files(queued_reply, platform):
    """The platform loads the reply's file itself, and takes up to 75 seconds."""
    fetching = replace(platform.manifest.send, fetches_for=timedelta(seconds=75))
    platforms.register(replace(platform.manifest, send=fetching))
    Message.objects.filter(pk=queued_reply.pk).update(attachment_count=1)


def test_a_file_that_the_platform_may_still_be_loading_is_not_sent_again(loads_files, uncertain, clock):
    reply = uncertain(delivered=False)

    assert set(look_for(reply, clock, 194)) == {"later"}
    assert look_for(reply, clock, 2) == ["again"]


def test_a_dead_worker_may_have_sent_when_its_claim_was_last_renewed(loads_files, queued_reply, clock):
    message = sending.claim_reply(message_id=queued_reply.pk, now=clock())
    clock.passes(100)
    assert sending.keep_claim(message_id=message.pk, attempt=message.attempts, now=clock())

    clock.passes(sending.LEASE.total_seconds() + 1)
    assert sending.expire_leases(now=clock()) == [queued_reply.pk]

    assert set(look_for(queued_reply, clock, 73)) == {"later"}
    assert look_for(queued_reply, clock, 3) == ["again"]


def while_it_looks(platform, monkeypatch, meanwhile):
    """What happens between the question to the platform and its answer, once."""
    history, pending = type(platform).history, [meanwhile]

    def slow(self, *asked):
        page = history(self, *asked)
        if pending:
            pending.pop()()
        return page

    monkeypatch.setattr(type(platform), "history", slow, raising=True)


@pytest.mark.parametrize("ends", ["without finding it", "without an answer"])
def test_a_look_that_another_overtook_leaves_the_new_attempt_alone(
    uncertain, platform, clock, monkeypatch, ends
):
    reply, down = uncertain(delivered=False), ConnectorError("The platform is down.", remedy=Remedy.RETRY)
    platform.history_fails = down if ends == "without an answer" else None
    look_for(reply, clock, 119 if ends == "without finding it" else 860)
    [read_before] = Message.objects.filter(pk=reply.pk).select_related("conversation", "channel")
    platform.history_fails = None

    def others_look_and_it_is_sent_again():
        while settling.settle(message=reply, clock=clock) != "again":
            clock.passes(30)
        clock.passes(1)
        assert sending.claim_reply(message_id=reply.pk, now=clock())
        clock.passes(30)
        if ends == "without an answer":
            raise down

    while_it_looks(platform, monkeypatch, others_look_and_it_is_sent_again)

    assert settling.settle(message=read_before, clock=clock) == "overtaken"

    reply.refresh_from_db()
    assert (reply.state, reply.attempts) == (MessageState.SENDING, 2)
    absences = DeliveryAttempt.objects.filter(message=reply, outcome=settling.ABSENT)
    assert not absences.filter(started_at__gte=reply.attempted_at).exists()


def test_a_look_from_a_host_whose_clock_is_behind_is_one_of_the_attempt(uncertain, platform, clock):
    reply = uncertain(delivered=False)
    clock.passes(-10)

    assert settling.settle(message=reply, clock=clock) == "later"

    assert DeliveryAttempt.objects.get(outcome=settling.ABSENT).started_at == reply.attempted_at


def test_what_a_slow_look_did_not_find_is_missing_since_it_began(uncertain, platform, clock, monkeypatch):
    """It asked when the platform could still show it later, and had its answer only when that was over."""
    reply = uncertain(delivered=False)
    look_for(reply, clock, 70)
    clock.passes(30)
    while_it_looks(platform, monkeypatch, lambda: clock.passes(60))

    assert settling.settle(message=reply, clock=clock) == "later"

    reply.refresh_from_db()
    assert reply.state == MessageState.UNCERTAIN
