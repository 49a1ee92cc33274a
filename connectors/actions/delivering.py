"""A queued reply goes out. Claimed in one transaction, sent with none open, and the outcome told as it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseFailure

from connectors import contexts
from connectors.actions import _attempts, _public, budgets, parking, refreshing
from connectors.clock import Clock
from connectors.contract import ConnectorError, Context, RateNotice, Remedy, Sent
from connectors.models import ChannelHealth, DeliveryAttempt, RateBudget
from connectors.outgoing import outbound
from connectors.rules import patience
from connectors.rules.patience import Jitter
from inbox.actions import channels, contacts, sending
from inbox.models import ConversationKind, Message
from inbox.queries import outbox

log = structlog.get_logger(__name__)
GIVE_UP_AFTER = timedelta(hours=24)  # where a platform says when, or that it is asked too often
THROTTLED = "throttled"
REFRESH_WITHIN = timedelta(minutes=10)
FIRST_LOOK = timedelta(seconds=3)
PARKED_WAIT = timedelta(seconds=1)
NOT_READY_WAIT = timedelta(minutes=1)
SEND_BUCKETS = budgets.limits_of("send")
PUBLIC_BUCKETS = budgets.limits_of("post") | budgets.limits_of("comment") | {RateBudget.UNNAMED}
UPLOAD_BUCKETS = budgets.limits_of("upload")


def deliver(*, message_id: int, clock: Clock, jitter: Jitter = random.uniform) -> str:
    """Send one reply, if it is this worker's to send. The outcome in one word, "" when there was nothing to do."""
    message = sending.claim_reply(message_id=message_id, now=clock())
    if message is None:
        return ""
    return _Delivery(message, clock, jitter).run()


class LostClaim(Exception):
    """The claim ran out while this worker was at it; the reply is being settled elsewhere."""


class _Delivery:
    def __init__(self, message: Message, clock: Clock, jitter: Jitter) -> None:
        self.message = message
        self.clock = clock
        self.jitter = jitter
        self.may_have_left = False
        self.untold: DeliveryAttempt | None = None  # an attempt of which nothing is written yet
        self.version = 0  # of the grant that the platform is asked with
        self.public = message.conversation.kind == ConversationKind.COMMENT

    def run(self) -> str:
        try:
            return self._run()
        except contexts.NotReady as not_ready:
            log.error("process_not_ready", message=self.message.pk, reason=str(not_ready))
            return self._put_back(str(not_ready), self.clock() + NOT_READY_WAIT, "not ready")
        except contexts.NotConnected as not_connected:
            return self._reconnect(str(not_connected))
        except DatabaseFailure:
            raise  # what became of it is not known to us; its claim runs out and it is looked for
        except Exception as error:
            if self.may_have_left:
                raise
            # Our fault, and nothing has left the house.
            log.exception("sending_not_begun", message=self.message.pk)
            words = f"Sending could not begin ({type(error).__name__})."
            if self.untold is None:
                self.untold = _attempts.open_(message_id=self.message.pk, now=self.clock())
            _attempts.close(self.untold, outcome=Remedy.RETRY, reason=words, now=self.clock())
            return self._decide(ConnectorError(words, remedy=Remedy.RETRY))

    def _run(self) -> str:
        message, now = self.message, self.clock()
        for buckets in self._limits():
            if until := budgets.closed_until(channel_id=message.channel_id, buckets=buckets, now=now):
                if buckets is SEND_BUCKETS:
                    self._all_wait(until)
                return self._put_back("The platform's limit is used up for now.", until, THROTTLED)
        connector, context, credential = contexts.of_channel(message.channel, now=now)
        self.version = credential.version
        if refreshing.is_due_before_use(credential, now=now):
            refused, context = self._refreshed(context)
            if refused is not None:
                return self._decide(refused)
        try:
            error = self._send_with_fresh_token(connector.send, context)
        except LostClaim:
            log.warning("claim_lost", message=message.pk)
            return "lost"
        return "sent" if error is None else self._decide(error)

    def _limits(self) -> tuple[frozenset[str], ...]:
        """What bounds this reply: messages, posts and uploads have limits of their own, which hold up nothing else."""
        if self.public:
            return (PUBLIC_BUCKETS,)
        return (SEND_BUCKETS, UPLOAD_BUCKETS) if self.message.attachment_count else (SEND_BUCKETS,)

    def _send_with_fresh_token(self, send: Callable[..., Sent], context: Context) -> ConnectorError | None:
        error = self._try(send, context)
        if error is None or error.remedy is not Remedy.REFRESH:
            return error
        refused, context = self._refreshed(context)
        return refused or self._try(send, context)

    def _still_ours(self) -> None:
        """Ahead of each request of a send: a claim that ran out belongs to whoever settles it, and nothing more may leave."""
        if not sending.keep_claim(
            message_id=self.message.pk, attempt=self.message.attempts, now=self.clock()
        ):
            raise LostClaim

    def _refreshed(self, context: Context) -> tuple[ConnectorError | None, Context]:
        try:
            tokens = refreshing.refresh(
                channel_id=self.message.channel_id, seen_version=self.version, clock=self.clock
            )
        except ConnectorError as error:
            late = error.retry_at is not None and error.retry_at > self.clock() + REFRESH_WITHIN
            if error.remedy is Remedy.RETRY and late:
                # The access we have is refused already, and a new one comes too late for whoever waits for an answer.
                words = f"{error.reason} Connect the channel again."
                return ConnectorError(words, remedy=Remedy.REFRESH, code=error.code), context
            if error.remedy is Remedy.RETRY:  # a fault as any that a send meets
                attempt = _attempts.open_(message_id=self.message.pk, now=self.clock())
                self._close(attempt, error)
            return error, context
        self.version += 1
        return None, replace(context, tokens=tokens)

    def _try(self, send: Callable[..., Sent], context: Context) -> ConnectorError | None:
        self._still_ours()
        attempt = _attempts.open_(message_id=self.message.pk, now=self.clock())
        self.untold = attempt
        watched = replace(context, now=self.clock(), http=context.http.watched(self._still_ours))
        letter = outbound(self.message, now=self.clock())
        self.untold, self.may_have_left = None, True
        try:
            sent = send(watched, letter)
            external_id = sent.external_ids[0]
        except LostClaim:
            _attempts.close(attempt, outcome="lost", reason="Another worker took over.", now=self.clock())
            raise
        except ConnectorError as error:
            self._close(attempt, error)
            budgets.keep(channel_id=self.message.channel_id, notices=error.rates, now=self.clock())
            self.may_have_left = error.remedy is Remedy.UNKNOWN or bool(error.sent)
            return error
        except Exception as error:
            # Our fault, but whether the bytes had left nobody knows.
            log.exception("send_failed", message=self.message.pk, platform=self.message.channel.platform)
            words = f"Sending broke off ({type(error).__name__})."
            _attempts.close(attempt, outcome=Remedy.UNKNOWN, code="", reason=words, now=self.clock())
            return ConnectorError(words, remedy=Remedy.UNKNOWN)
        self._sent(sent, external_id, attempt)
        return None

    def _close(self, attempt: DeliveryAttempt, error: ConnectorError) -> None:
        outcome = THROTTLED if _is_throttle(error) else error.remedy
        _attempts.close(
            attempt, outcome=outcome, code=error.code, reason=error.reason, now=self.clock(), retry_at=error.retry_at
        )  # fmt: skip

    def _sent(self, sent: Sent, external_id: str, attempt: DeliveryAttempt) -> None:
        now, channel_id = self.clock(), self.message.channel_id
        sending.mark_reply_sent(message_id=self.message.pk, external_id=external_id, at=sent.at, now=now)
        _attempts.close(attempt, outcome="sent", external_id=external_id, now=now)
        health = {"last_sent_at": now} | ({"public_unanswered": ""} if self.public else {})
        ChannelHealth.objects.update_or_create(channel_id=channel_id, defaults=health)
        budgets.keep(channel_id=channel_id, notices=sent.rates, now=now)
        if until := budgets.used_up_until(sent.rates, buckets=SEND_BUCKETS, now=now):
            channels.delay_sends(channel_id=channel_id, until=until, now=now)
        log.info("reply_sent", message=self.message.pk, channel=channel_id)

    def _decide(self, error: ConnectorError) -> str:
        log.info("reply_not_sent", message=self.message.pk, remedy=error.remedy.value, code=error.code)
        if error.sent:
            return self._fail(f"Only a part of it was sent: {error.reason}")
        match error.remedy:
            case Remedy.RETRY:
                return self._retry(error)
            case Remedy.RECONNECT if self._was_refused_so_before():
                return self._fail(
                    f"{error.reason} The platform said so before the channel was connected again, too."
                )
            case Remedy.RECONNECT:
                return self._reconnect(error.reason, restricted=error.restricted)
            case Remedy.REFRESH:
                # New access was refused as well, or cannot be had in time. Polls go on, and may show later that it is good again.
                return self._reconnect(error.reason, of_access=True)
            case Remedy.UNKNOWN:
                now = self.clock()
                sending.mark_reply_uncertain(
                    message_id=self.message.pk,
                    reason=error.reason,
                    now=now,
                    look_at=now + FIRST_LOOK,
                    attempt=self.message.attempts,
                )
                return "uncertain"
            case Remedy.WAIT if error.retry_at:
                return self._fail(
                    f"{error.reason} It may be sent again from {error.retry_at:%d %b %H:%M} UTC."
                )
            case Remedy.WAIT:
                return self._fail(error.reason, sending.mark_reply_too_late)
            case _:
                if error.remedy is Remedy.BUG:
                    log.error(
                        "request_was_wrong",
                        message=self.message.pk,
                        platform=self.message.channel.platform,
                        code=error.code,
                    )
                if error.of_public:
                    _public.note_unanswered(channel_id=self.message.channel_id, reason=error.reason)
                if error.contact_unavailable and not self.public:
                    contacts.mark_unavailable(
                        channel_id=self.message.channel_id,
                        external_id=self.message.conversation.recipient_key,
                        reason=error.reason,
                        now=self.clock(),
                    )
                return self._fail(error.reason)

    def _retry(self, error: ConnectorError) -> str:
        now = self.clock()
        if now - outbox.queued_at(self.message) > GIVE_UP_AFTER:
            return self._fail(f"Tried for a day without success: {error.reason}")
        attempts = _attempts.since_queued(self.message)
        told = error.retry_at if error.retry_at and error.retry_at > now else now
        if _is_throttle(error):
            # Where nobody says until when: a pause that grows while it lasts, and no number of tries is too many.
            throttles = attempts.filter(outcome=THROTTLED).count()
            until = told if told > now else now + patience.after_a_throttle(throttles, self.jitter)
            self._hold_up(error, until)
            return self._put_back(error.reason, until, THROTTLED)
        faults = attempts.filter(outcome=Remedy.RETRY).order_by("started_at")
        made = list(faults.values_list("started_at", "code"))
        tries = [code for _, code in made].count(error.code[:80]) if error.most_tries else len(made)
        if patience.is_spent([at for at, _ in made], now=now) or tries >= (error.most_tries or tries + 1):
            return self._fail(f"Tried {len(made)} times without success: {error.reason}")
        if outbox.window_has_closed(self.message, now):
            return self._fail(f"{error.reason} Meanwhile the reply window has closed.")
        again = now + patience.after_a_fault(tries, self.jitter, most=error.most_tries)
        return self._put_back(error.reason, max(again, min(told, now + GIVE_UP_AFTER)), "retry")

    def _was_refused_so_before(self) -> bool:
        """The second time running it is more likely about this reply than about the channel, which others wait for. Where it is the
        channel after all, the next one parks it."""
        return _attempts.since_queued(self.message).filter(outcome=Remedy.RECONNECT).count() > 1

    def _hold_up(self, error: ConnectorError, until: datetime) -> None:
        """Where it names no limit that is used up, nothing is sent until then."""
        now, channel_id = self.clock(), self.message.channel_id
        spent = [each for each in error.rates if budgets.is_used_up(each)]
        if not spent:
            unnamed = RateNotice(RateBudget.UNNAMED, remaining=0, resets_at=until)
            budgets.keep(channel_id=channel_id, notices=[unnamed], now=now)
        if not spent or any(each.bucket in SEND_BUCKETS for each in spent):
            self._all_wait(until)

    def _all_wait(self, until: datetime) -> None:
        """The account is throttled, not the message: all messages of this channel wait with it, and others go on. Public answers ask
        their own limits, where those of the account stand, too."""
        channels.delay_sends(channel_id=self.message.channel_id, until=until, now=self.clock())

    def _reconnect(self, reason: str, *, restricted: bool = False, of_access: bool = False) -> str:
        now, channel_id = self.clock(), self.message.channel_id
        parking.heed_refusal(
            channel_id=channel_id, reason=reason, seen_version=self.version, now=now, restricted=restricted,
            of_access=of_access,
        )  # fmt: skip
        return self._put_back("Waiting until the channel is connected again.", now + PARKED_WAIT, "parked")

    def _put_back(self, reason: str, until: datetime, outcome: str) -> str:
        sending.put_back(
            message_id=self.message.pk, reason=reason, not_before=until, now=self.clock(), attempt=self.message.attempts
        )  # fmt: skip
        return outcome

    def _fail(self, reason: str, mark: Callable[..., bool] = sending.mark_reply_failed) -> str:
        mark(message_id=self.message.pk, reason=reason, now=self.clock(), attempt=self.message.attempts)
        return "failed"


def _is_throttle(error: ConnectorError) -> bool:
    """The account has asked too much. A server in trouble says nothing of others; nor does a fault whose tries a rule counts."""
    until_then = error.retry_at is not None and error.most_tries is None
    named = until_then and any(budgets.is_used_up(each) for each in error.rates)
    return error.remedy is Remedy.RETRY and (error.throttled or named)
