"""A reply of unknown outcome: settled by what the platform's own history shows of it (_tracing), never sent blindly again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import transaction

from connectors import contexts
from connectors.actions import _attempts, _tracing, budgets, parking, refreshing
from connectors.clock import Clock
from connectors.contract import ConnectorError, InboundMessage, Remedy
from connectors.models import DeliveryAttempt
from connectors.rules import patience
from inbox import platforms
from inbox.actions import receiving, sending
from inbox.actions.receiving import Arrival
from inbox.models import Message, MessageState
from inbox.queries import outbox

log = structlog.get_logger(__name__)
LOOKS = (3, 10, 30, 65)  # seconds after it left; then when absence counts, and each minute
EACH = timedelta(seconds=60)
APART = timedelta(seconds=20)
PASSED = timedelta(seconds=90)  # a log must have gone so far past the attempt: two clocks differ
GIVE_UP_AFTER = timedelta(minutes=15)  # when the platform cannot be asked, or has no history to ask
ABSENT = "absent"
UNCONFIRMED = (
    "May have been sent: the platform neither shows it nor says that it was refused. Look there first: retried, the customer may have it"
    " twice."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """When to look, in seconds after it left. Settings may shorten it all for tests and benches."""

    looks: tuple[float, ...]
    apart: timedelta
    passed: timedelta
    scale: float

    @classmethod
    def configured(cls) -> Plan:
        scale = float(getattr(settings, "PARLEY_SETTLE_SCALE", 1.0))
        return cls(tuple(each * scale for each in LOOKS), APART * scale, PASSED * scale, scale)


def settle(*, message: Message, clock: Clock, plan: Plan | None = None) -> str:
    """One look. The outcome in one word: sent, again (it waits in the outbox once more), failed, later, or overtaken, where it was
    settled or sent once more while this look was under way, so that what was seen says nothing of it."""
    return _Look(message, clock, plan or Plan.configured()).run()


class _Look:
    def __init__(self, message: Message, clock: Clock, plan: Plan) -> None:
        self.message = message
        self.clock = clock
        self.plan = plan
        self.began = clock()  # what is shown is as old as that: a look of many slow pages takes minutes
        self.attempted_at = message.attempted_at or message.created_at
        self.left_at = self._last_left_at()
        self.search = _tracing.Search(
            message, attempted_at=self.attempted_at, left_at=self.left_at, passed=plan.passed, clock=clock
        )

    def run(self) -> str:
        if not platforms.get(self.message.channel.platform).history.settles_sends:
            return self._wait_for_echo()
        try:
            found = self.search.find()
        except ConnectorError as error:
            return self._could_not_look(error)
        except contexts.NotReady as error:
            log.error("process_not_ready", message=self.message.pk, reason=str(error))
            return self._look_again()  # nobody has looked, and another process may: however long that takes
        except contexts.NotConnected as error:
            return self._could_not_look(ConnectorError(str(error), remedy=Remedy.RETRY))
        except DatabaseFailure:
            raise
        except Exception as error:
            # A connector that trips must not hold back every later reply of the conversation.
            log.exception("settle_failed", message=self.message.pk)
            return self._could_not_look(ConnectorError(type(error).__name__, remedy=Remedy.RETRY))
        if found is not None:
            return self._found(found)
        return self._absent() if self.search.seen_whole else self._saw_too_little()

    def _last_left_at(self) -> datetime:
        """No request of the attempt left later. The claim says nothing of it: a film is uploaded for minutes before anything is said."""
        tried = DeliveryAttempt.objects.filter(message=self.message, started_at__gte=self.attempted_at)
        last = tried.exclude(outcome=ABSENT).order_by("-started_at", "-pk").first()
        if last is not None and last.ended_at is not None:
            return last.ended_at
        # Its sender died: every request renewed the claim before it left.
        given_up = outbox.uncertain_since(self.message)
        return max(self.attempted_at, given_up - sending.LEASE) if given_up else self.attempted_at

    def _sure_after(self) -> timedelta:
        """How long after it left the platform may still be at it, and show it later still."""
        rules = platforms.get(self.message.channel.platform)
        fetching = rules.send.fetches_for if self.message.attachment_count else timedelta(0)
        return (fetching + rules.history.behind) * self.plan.scale

    def _found(self, found: InboundMessage) -> str:
        """The inbox's own echo matching settles it, as it would have if the platform had told us by itself."""
        receiving.receive(arrivals=[Arrival(self.message.channel_id, found)], now=self.clock())
        self.message.refresh_from_db(fields=["state", "external_id"])
        if self.message.external_id:
            log.info("reply_settled", message=self.message.pk, outcome="sent")
            return "sent"
        return self._look_again()

    def _absent(self) -> str:
        now = self.clock()
        if not note_absence(message=self.message, began=self.began, now=now):
            return self._overtaken()
        absences = list(
            DeliveryAttempt.objects.filter(
                message=self.message, outcome=ABSENT, started_at__gte=self.attempted_at
            )
            .order_by("started_at")
            .values_list("started_at", flat=True)
        )
        sure = (
            self.began - self.left_at >= self._sure_after() and absences[-1] - absences[0] >= self.plan.apart
        )
        if not sure:
            return self._look_again()
        if self.search.other_words or outbox.may_be_shown_with_other_words(self.message):
            return self._fail(sending.shown_otherwise(self.message))
        if not self._may_go_again():
            return self._fail()
        put_back = sending.put_back(
            message_id=self.message.pk,
            reason="It did not arrive, and has to be sent again.",
            now=now,
            not_before=_attempts.may_go_again_from(self.message, now),
            attempt=self.message.attempts,
        )
        if not put_back:
            return self._overtaken()
        log.info("reply_settled", message=self.message.pk, outcome="again")
        return "again"

    def _overtaken(self) -> str:
        log.info("reply_settled", message=self.message.pk, outcome="overtaken")
        return "overtaken"

    def _may_go_again(self) -> bool:
        """Once where an answer was lost. Where each time a server said that it is in trouble, as long as a reply is tried at all."""
        missed = DeliveryAttempt.objects.filter(message=self.message, outcome=ABSENT)
        if not missed.filter(started_at__lt=self.attempted_at).exists():
            return True
        tries = _attempts.met_by_trouble(self.message)
        apart = self._sure_after() + patience.APART
        return bool(tries) and not patience.is_spent(tries, now=self.clock(), apart=apart)

    def _could_not_look(self, error: ConnectorError) -> str:
        now, channel_id = self.clock(), self.message.channel_id
        budgets.keep(channel_id=channel_id, notices=error.rates, now=now)
        if error.remedy is Remedy.REFRESH:
            try:
                refreshing.refresh(channel_id=channel_id, seen_version=self.search.version, clock=self.clock)
            except ConnectorError:
                log.info("settle_waits_for_token", message=self.message.pk)
        elif error.remedy is Remedy.RECONNECT:
            parking.heed_refusal(
                channel_id=channel_id,
                reason=error.reason,
                seen_version=self.search.version,
                now=now,
                restricted=error.restricted,
            )
        if now - self.left_at > GIVE_UP_AFTER:
            return self._fail()
        return self._look_again(error.retry_at)

    def _wait_for_echo(self, not_before: datetime | None = None) -> str:
        return self._fail() if self.clock() - self.left_at > GIVE_UP_AFTER else self._look_again(not_before)

    def _saw_too_little(self) -> str:
        """It may stand among what was not shown, or could not be read: not to have found it proves nothing. Where no look comes as
        far as it stands, all but the last are spared."""
        return self._wait_for_echo(self.left_at + GIVE_UP_AFTER if self.search.out_of_reach else None)

    def _look_again(self, not_before: datetime | None = None) -> str:
        now = self.clock()
        looks = (*self.plan.looks, self._sure_after().total_seconds())
        ahead = (self.left_at + timedelta(seconds=each) for each in looks)
        at = min([each for each in ahead if each > now] + [now + EACH * self.plan.scale])
        at = max(at, min(not_before or at, self.left_at + GIVE_UP_AFTER))
        sending.look_later(message_id=self.message.pk, at=at, attempt=self.message.attempts)
        return "later"

    def _fail(self, reason: str = UNCONFIRMED) -> str:
        failed = sending.mark_reply_failed(
            message_id=self.message.pk, reason=reason, now=self.clock(), attempt=self.message.attempts
        )
        if not failed:
            return self._overtaken()
        log.info("reply_settled", message=self.message.pk, outcome="unconfirmed")
        return "failed"


@transaction.atomic
def note_absence(*, message: Message, began: datetime, now: datetime) -> bool:
    """False: the attempt that was looked for is not the present one any more, or it is settled."""
    uncertain = Message.objects.select_for_update().filter(pk=message.pk, state=MessageState.UNCERTAIN)
    if not uncertain.filter(attempts=message.attempts).exists():
        return False
    # No look is older than the attempt that it looks for, though this host's clock may be behind the sending one's.
    began = max(began, message.attempted_at or began)
    DeliveryAttempt.objects.create(message=message, started_at=began, ended_at=now, outcome=ABSENT)
    return True


def still_uncertain(message_id: int) -> Message | None:
    return (
        Message.objects.select_related("conversation", "channel")
        .filter(pk=message_id, state=MessageState.UNCERTAIN)
        .first()
    )
