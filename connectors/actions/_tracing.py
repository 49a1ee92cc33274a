"""What the platform shows of a reply since it was tried: the newest of its thread, or the log that is polled. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors import contexts
from connectors.actions import budgets
from connectors.clock import Clock
from connectors.contract import Connector, Context, InboundMessage, Page, ThreadKind
from connectors.models import SyncSchedule, Task
from inbox import platforms
from inbox.models import Message
from inbox.queries import outbox
from inbox.rules import echoes

MAX_PAGES = 5
READ_BUCKETS = budgets.limits_of("read")


class Search:
    """One walk through what the platform tells. When it ended, or was broken off by a refusal, it says how much was seen."""

    def __init__(
        self, message: Message, *, attempted_at: datetime, left_at: datetime, passed: timedelta, clock: Clock
    ) -> None:
        """`left_at`: when the last request of the attempt may have left. `passed`: how far a log must have gone past that, because two
        clocks differ."""
        self.message = message
        self.attempted_at = attempted_at
        self.left_at = left_at
        self.passed = passed
        self.clock = clock
        self.version = 0  # of the grant that the platform is asked with
        self.other_words = False  # it shows an answer of ours that nobody knows, with other words
        self.out_of_reach = False  # what is newest stands behind more pages than a look reads
        self.seen_whole = True  # all that was said since the attempt, and every item of it could be read

    def find(self) -> InboundMessage | None:
        """A message of ours that nobody knows yet, in what the platform says of the time since the attempt."""
        for page in self._pages():
            budgets.keep(channel_id=self.message.channel_id, notices=page.rates, now=self.clock())
            self.seen_whole = self.seen_whole and not (page.failures or page.remarks)
            messages = [event for event in page.events if isinstance(event, InboundMessage)]
            said = [each for each in messages if self._was_said_since(each)]
            unknown = self._unknown(said)
            if found := self._ours_among(unknown):
                return found
            self.other_words = self.other_words or bool(unknown)
        return None

    def _pages(self) -> Iterator[Page]:
        connector, context, credential = contexts.of_channel(self.message.channel, now=self.clock())
        self.version = credential.version
        context = budgets.heeded(context, channel=self.message.channel, clock=self.clock)
        polled = platforms.get(self.message.channel.platform).receive.mode == "poll"
        if polled and self.message.conversation.kind != ThreadKind.COMMENT:
            # The log goes one way only; what lies before our cursor has been read and matched already. It holds no comments.
            return self._log_since(connector, context)
        return self._thread_backwards(connector, context)

    def _log_since(self, connector: Connector, context: Context) -> Iterator[Page]:
        schedule = SyncSchedule.objects.filter(channel=self.message.channel_id, task=Task.POLL).first()
        cursor = schedule.cursor if schedule else ""
        told_until = self.left_at
        for _ in range(MAX_PAGES):
            self._heed_limits()
            page = connector.poll(context, cursor)
            yield page
            told_until = max(told_until, page.told_until or told_until)
            if not page.more:
                # A log runs behind: what it does not hold yet is only missing once it has gone past.
                self.seen_whole = self.seen_whole and told_until > self.left_at + self.passed
                return
            if page.cursor == cursor:
                break
            cursor = page.cursor
        self.seen_whole = False

    def _thread_backwards(self, connector: Connector, context: Context) -> Iterator[Page]:
        """The newest page of the thread, and older ones back to the attempt."""
        cursor, told = "", 0
        most = platforms.get(self.message.channel.platform).history.messages_per_thread
        for _ in range(MAX_PAGES):
            self._heed_limits()
            page = connector.history(context, cursor, self.message.conversation.thread_key)
            yield page
            times = [event.sent_at for event in page.events if isinstance(event, InboundMessage)]
            told += len(times)
            if times and not page.unordered and min(times) < self.attempted_at - echoes.SKEW:
                return
            if not page.more:
                # A platform that tells the newest so many and told so many may have older ones, of after the attempt. And one that
                # shows nothing of a thread in which somebody wrote to us does not tell it; an unanswered comment has no answers.
                tells = told > 0 or self.message.conversation.kind == ThreadKind.COMMENT
                self.seen_whole = self.seen_whole and tells and (most is None or told < most)
                return
            cursor = page.cursor
        self.seen_whole, self.out_of_reach = False, page.unordered

    def _heed_limits(self) -> None:
        """A look that cannot be answered is not made, and uses up nothing of what opens next."""
        budgets.check(channel_id=self.message.channel_id, buckets=READ_BUCKETS, now=self.clock())

    def _was_said_since(self, said: InboundMessage) -> bool:
        return (
            said.outbound
            and said.thread_id == self.message.conversation.thread_key
            and said.sent_at >= self.attempted_at - echoes.SKEW
            and self._answers_the_same(said)
        )

    def _answers_the_same(self, said: InboundMessage) -> bool:
        """Where an answer names the one message that it is posted under, what stands under another is another answer."""
        names_one = platforms.get(self.message.channel.platform).send.public_reply_to
        if not names_one or self.message.conversation.kind != ThreadKind.COMMENT:
            return True
        return said.reply_to == self.message.reply_to

    def _unknown(self, said: list[InboundMessage]) -> list[InboundMessage]:
        known = set(
            Message.objects.filter(
                channel=self.message.channel_id, external_id__in=[each.external_id for each in said]
            ).values_list("external_id", flat=True)
        )
        return [each for each in said if each.external_id not in known]

    def _ours_among(self, unknown: list[InboundMessage]) -> InboundMessage | None:
        content = outbox.content_of(self.message)
        ours = [each for each in unknown if echoes.is_shown(content, echoes.content_of(each))]
        return min(ours, key=lambda each: each.sent_at, default=None)
