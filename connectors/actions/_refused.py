"""What follows where a platform did not take a reply: it waits, it is looked for, or its writer is told why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from connectors.actions import _attempts, _public, budgets, parking
from connectors.actions._attempts import THROTTLED
from connectors.clock import Clock
from connectors.contract import ConnectorError, RateNotice, Remedy
from connectors.models import ChannelHealth, RateBudget
from connectors.rules import patience
from connectors.rules.patience import Jitter
from connectors.rules.remedies import RESTRICTED
from inbox.actions import channels, contacts, sending
from inbox.models import ConversationKind, Message
from inbox.queries import outbox
from inbox.rules import waits

log = structlog.get_logger(__name__)
GIVE_UP_AFTER = timedelta(hours=24)  # where a platform says when, or that it is asked too often
FIRST_LOOK = timedelta(seconds=3)
PARKED_WAIT = timedelta(seconds=1)
SEND_BUCKETS = budgets.limits_of("send")
SAID_BEFORE = "The platform said so before the channel was connected again, too."
TAKEN_BETWEEN = "It said so before, and took another reply in between: this one alone is refused. Retry it, or answer in another way."
TRIED_FOR_A_DAY = "It has said so for a day. Connect the channel again, then retry it."


class Refused:
    def __init__(self, message: Message, version: int, clock: Clock, jitter: Jitter) -> None:
        """`version`: of the grant that the platform was asked with; 0: none could be read."""
        self.message = message
        self.version = version
        self.clock = clock
        self.jitter = jitter
        self.public = message.conversation.kind == ConversationKind.COMMENT

    def decide(self, error: ConnectorError) -> str:
        log.info("reply_not_sent", message=self.message.pk, remedy=error.remedy.value, code=error.code)
        if error.sent:
            return self._fail(f"Only a part of it was sent: {error.reason}")
        match error.remedy:
            case Remedy.RETRY:
                return self._retry(error)
            case Remedy.RECONNECT if self._was_refused_so_before(error):
                return self._fail(f"{error.reason} {SAID_BEFORE}")
            case Remedy.RECONNECT:
                return self.reconnect(error.reason, restricted=error.restricted)
            case Remedy.REFRESH if why := self._why_this_one_alone():
                return self._fail(f"{error.reason} {why}")
            case Remedy.REFRESH:
                # New access was refused as well, or cannot be had in time. Polls go on, and may show later that it is good again.
                return self.reconnect(error.reason, of_access=True)
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
                return self._fail(waits.from_then(error.reason, error.retry_at))
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
                        asked_at=self.message.attempted_at or self.clock(),
                        now=self.clock(),
                    )
                return self._fail(error.reason)

    def _retry(self, error: ConnectorError) -> str:
        now = self.clock()
        attempts = _attempts.since_queued(self.message)
        if _attempts.was_put_off_for_longer_than(GIVE_UP_AFTER, self.message, now):
            return self._fail(f"Tried for a day without success: {error.reason}")
        told = error.retry_at if error.retry_at and error.retry_at > now else now
        if is_throttle(error):
            # Where nobody says until when: a pause that grows while it lasts, and no number of tries is too many.
            throttles = attempts.filter(outcome=THROTTLED).count()
            until = told if told > now else now + patience.after_a_throttle(throttles, self.jitter)
            self._hold_up(error, until)
            return self.put_back(error.reason, until, THROTTLED)
        faults = attempts.filter(outcome=Remedy.RETRY).order_by("started_at")
        made = list(faults.values_list("started_at", "code"))
        tries = [code for _, code in made].count(error.code[:80]) if error.most_tries else len(made)
        if patience.is_spent([at for at, _ in made], now=now) or tries >= (error.most_tries or tries + 1):
            words = f"Tried {len(made)} times without success: {error.reason}"
            return self._fail(waits.until_then(words, until=told, now=now))
        if outbox.window_has_closed(self.message, now):
            return self._fail(f"{error.reason} Meanwhile the reply window has closed.")
        again = now + patience.after_a_fault(tries, self.jitter, most=error.most_tries)
        return self.put_back(error.reason, max(again, min(told, now + GIVE_UP_AFTER)), "retry")

    def _was_refused_so_before(self, error: ConnectorError) -> bool:
        """The second time running it is more likely about this reply (of its words, too, a platform says that the account is restricted)
        than about the channel, which others wait for. Where it is the channel after all, the next one parks it."""
        so = RESTRICTED if error.restricted else Remedy.RECONNECT
        return _attempts.since_queued(self.message).filter(outcome=so).count() > 1

    def _why_this_one_alone(self) -> str:
        """Why access that is refused once more is about this reply, in words; empty: it may be the channel's, which others wait for. Where
        it is the channel's after all, the next one parks it."""
        refused = _attempts.access_refused(self.message)
        if refused is None:
            return ""
        first, last = refused
        channel_id = self.message.channel_id
        if ChannelHealth.objects.filter(channel=channel_id, last_sent_at__gt=last).exists():
            return TAKEN_BETWEEN
        came_back = outbox.was_connected_again_since(self.message, last)
        if came_back and not parking.waits_for_access(channel_id):  # by a person, and no call lifted it
            return SAID_BEFORE
        return TRIED_FOR_A_DAY if self.clock() - first > GIVE_UP_AFTER else ""

    def _hold_up(self, error: ConnectorError, until: datetime) -> None:
        """Where it names no limit that is used up, nothing is sent until then."""
        now, channel_id = self.clock(), self.message.channel_id
        spent = [each for each in error.rates if budgets.is_used_up(each)]
        if not spent:
            unnamed = RateNotice(RateBudget.UNNAMED, remaining=0, resets_at=until)
            budgets.keep(channel_id=channel_id, notices=[unnamed], now=now)
        if not spent or any(each.bucket in SEND_BUCKETS for each in spent):
            self.all_wait(until)

    def all_wait(self, until: datetime) -> None:
        """The account is throttled, not the message: all messages of this channel wait with it, and others go on. Public answers ask
        their own limits, where those of the account stand, too."""
        channels.delay_sends(channel_id=self.message.channel_id, until=until, now=self.clock())

    def reconnect(self, reason: str, *, restricted: bool = False, of_access: bool = False) -> str:
        now, channel_id = self.clock(), self.message.channel_id
        parking.heed_refusal(
            channel_id=channel_id, reason=reason, seen_version=self.version, now=now, restricted=restricted, of_access=of_access,
        )  # fmt: skip
        first = (
            "the platform has to lift its restriction"
            if restricted
            else "the channel has to be connected again"
        )
        first = f"our access has to be accepted again, or {first}" if of_access else first
        return self.put_back(f"{first[0].upper()}{first[1:]}.", now + PARKED_WAIT, "parked")

    def put_back(self, reason: str, until: datetime, outcome: str) -> str:
        sending.put_back(
            message_id=self.message.pk, reason=reason, not_before=until, now=self.clock(), attempt=self.message.attempts
        )  # fmt: skip
        return outcome

    def _fail(self, reason: str, mark: Callable[..., bool] = sending.mark_reply_failed) -> str:
        mark(message_id=self.message.pk, reason=reason, now=self.clock(), attempt=self.message.attempts)
        return "failed"


def is_throttle(error: ConnectorError) -> bool:
    """The account has asked too much. A server in trouble says nothing of others; nor does a fault whose tries a rule counts."""
    until_then = error.retry_at is not None and error.most_tries is None
    named = until_then and any(budgets.is_used_up(each) for each in error.rates)
    return error.remedy is Remedy.RETRY and (error.throttled or named)
