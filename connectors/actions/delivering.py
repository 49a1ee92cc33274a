"""A queued reply goes out. Claimed in one transaction, sent with none open, and the outcome told as it is: what follows where it is not
taken stands in _refused."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import ParamSpec

import structlog
from django.db import Error as DatabaseFailure

from connectors import contexts
from connectors.actions import _attempts, _refused, _unread, budgets, refreshing
from connectors.actions._attempts import THROTTLED
from connectors.actions._refused import SEND_BUCKETS
from connectors.clock import Clock
from connectors.contract import ConnectorError, Context, Remedy, Sent
from connectors.models import ChannelHealth, DeliveryAttempt, RateBudget
from connectors.outgoing import outbound
from connectors.rules.patience import Jitter
from connectors.rules.remedies import RESTRICTED
from inbox.actions import attaching, channels, sending
from inbox.models import ConversationKind, Message

log = structlog.get_logger(__name__)
P = ParamSpec("P")
REFRESH_WITHIN = timedelta(minutes=10)
NOT_READY_WAIT = timedelta(minutes=1)
PUBLIC_BUCKETS = budgets.limits_of("post") | budgets.limits_of("comment") | {RateBudget.UNNAMED}
UPLOAD_BUCKETS = budgets.limits_of("upload")


def deliver(
    *,
    message_id: int,
    clock: Clock,
    jitter: Jitter = random.uniform,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Send one reply, if it is this worker's to send. The outcome in one word, "" when there was nothing to do."""
    if _unread.is_read_first(message_id, now=clock()):
        return "unread"
    message = sending.claim_reply(message_id=message_id, now=clock())
    if message is None:
        return ""
    return _Delivery(message, clock, jitter, pause).run()


class LostClaim(Exception):
    """The claim ran out while this worker was at it; the reply is being settled elsewhere."""


class _Delivery:
    def __init__(
        self, message: Message, clock: Clock, jitter: Jitter, pause: Callable[[float], None]
    ) -> None:
        self.message = message
        self.clock = clock
        self.jitter = jitter
        self.pause = pause
        self.may_have_left = False
        self.untold: DeliveryAttempt | None = None  # an attempt of which nothing is written yet
        self.version = 0  # of the grant that the platform is asked with
        self.public = message.conversation.kind == ConversationKind.COMMENT

    def run(self) -> str:
        try:
            return self._run()
        except contexts.NotReady as not_ready:
            log.error("process_not_ready", message=self.message.pk, reason=str(not_ready))
            return self._instead.put_back(str(not_ready), self.clock() + NOT_READY_WAIT, "not ready")
        except contexts.NotConnected as not_connected:
            return self._instead.reconnect(str(not_connected))
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
            return self._instead.decide(ConnectorError(words, remedy=Remedy.RETRY))

    def _run(self) -> str:
        message, now = self.message, self.clock()
        for buckets in self._limits():
            if until := budgets.closed_until(channel_id=message.channel_id, buckets=buckets, now=now):
                if buckets is SEND_BUCKETS:
                    self._instead.all_wait(until)
                return self._instead.put_back(budgets.USED_UP, until, THROTTLED)
        connector, context, credential = contexts.of_channel(message.channel, now=now)
        self.version = credential.version
        if refreshing.is_due_before_use(credential, now=now):
            refused, context = self._refreshed(context)
            if refused is not None:
                return self._instead.decide(refused)
        try:
            error = self._send_with_fresh_token(connector.send, context)
        except LostClaim:
            log.warning("claim_lost", message=message.pk)
            return "lost"
        return "sent" if error is None else self._instead.decide(error)

    @property
    def _instead(self) -> _refused.Refused:
        return _refused.Refused(self.message, self.version, self.clock, self.jitter)

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

    def _still_ours(self, seconds: float = 0.0, /) -> None:
        """Ahead of each request of a send, which takes so long at most: a claim that ran out belongs to whoever settles it, and nothing
        more may leave."""
        message, takes = self.message, timedelta(seconds=seconds)
        if not sending.keep_claim(
            message_id=message.pk, attempt=message.attempts, now=self.clock(), takes=takes
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
        note_file = partial(attaching.note_sent_up, message=self.message)
        http = context.http.watched(self._before_it_leaves(self._still_ours))
        watched = budgets.in_turn(
            replace(context, now=self.clock(), http=http, note_file=note_file),
            channel=self.message.channel, pause=self.pause,
        )  # fmt: skip
        watched = replace(watched, ahead=self._before_it_leaves(watched.ahead))
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

    def _before_it_leaves(self, ours: Callable[P, None]) -> Callable[P, None]:
        """What we do ahead of a request: where it fails, nothing of that request has left."""

        def do(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                ours(*args, **kwargs)
            except (ConnectorError, LostClaim):
                raise
            except Exception as error:
                log.exception("request_not_begun", message=self.message.pk)
                words = f"Parley could not ask the platform ({type(error).__name__})."
                raise ConnectorError(words, remedy=Remedy.RETRY) from error

        return do

    def _close(self, attempt: DeliveryAttempt, error: ConnectorError) -> None:
        outcome = (
            THROTTLED if _refused.is_throttle(error) else RESTRICTED if error.restricted else error.remedy
        )
        _attempts.close(
            attempt, outcome=outcome, code=error.code, reason=error.reason, now=self.clock(), retry_at=error.retry_at
        )  # fmt: skip

    def _sent(self, sent: Sent, external_id: str, attempt: DeliveryAttempt) -> None:
        now, channel_id = self.clock(), self.message.channel_id
        sending.mark_reply_sent(message_id=self.message.pk, external_id=external_id, at=sent.at, now=now)
        _attempts.close(attempt, outcome="sent", external_id=external_id, now=now)
        health = {"last_sent_at": now} | ({"public_unanswered": ""} if self.public else {})
        ChannelHealth.objects.update_or_create(channel_id=channel_id, defaults=health)
        if sent.rates:
            budgets.keep(channel_id=channel_id, notices=sent.rates, now=now)
            if until := budgets.closed_until(channel_id=channel_id, buckets=SEND_BUCKETS, now=now):
                channels.delay_sends(channel_id=channel_id, until=until, now=now)
        log.info("reply_sent", message=self.message.pk, channel=channel_id)
