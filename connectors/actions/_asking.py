"""One question to a platform, patiently: a short pause that it asks for is made, a token that ended on the way is renewed once, and
every request is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from connectors import contexts
from connectors.actions import _refused, budgets, parking, refreshing
from connectors.clock import Clock
from connectors.contract import ConnectorError, Context, Remedy
from connectors.models import Credential, Level
from inbox.models import Channel, ChannelState

READ_BUCKETS = budgets.limits_of("read")
LONGEST_PAUSE = 90.0  # seconds
LONGEST_SLEEP = 20.0  # seconds of it at once
PAUSES = (0.6, 1.2, 2.4, 4.8)  # seconds before asking again, where the platform does not say
RENEWED_EVERY = timedelta(seconds=5)  # of the lease: less often than a busy turn asks
FAIR = 20.0  # seconds of a turn that nobody grudges; then it makes room for whoever waits
Pause = Callable[[float], None]
Note = Callable[[str, str], None]
T = TypeVar("T")


@dataclass(slots=True)
class Asker:
    channel: Channel
    clock: Clock
    until: float  # of time.monotonic
    pause: Pause
    note: Note
    requests: int = 0
    rests_after: float = LONGEST_PAUSE  # seconds: who is to wait for a limit for longer waits elsewhere
    rests_until: datetime | None = None  # that is how it ended
    rested: float = 0.0  # seconds of pauses: the turn was not slow in them
    version: int = 0  # of the grant that was asked with last
    buckets: frozenset[str] = field(default=READ_BUCKETS)
    others_wait: Callable[[], bool] = field(default=lambda: False)
    keep_lease: Callable[[], None] = field(default=lambda: None)  # raises where it is another's by now
    began: float = field(default_factory=time.monotonic)
    held_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.held_at = self.clock()

    @property
    def time_is_over(self) -> bool:
        return self._is_over_in(0.0)

    def _is_over_in(self, seconds: float) -> bool:
        then = time.monotonic() + seconds
        return then > self.until or (then > self.began + FAIR and self.others_wait())

    def ask(self, question: Callable[..., T]) -> T:
        for patience in PAUSES:
            try:
                return self._ask_once(question)
            except ConnectorError as error:
                if error.remedy is not Remedy.RETRY:
                    raise
                wait = patience
                if error.retry_at:  # one that is over says no more than none
                    wait = max(wait, (error.retry_at - self.clock()).total_seconds())
                rests = self.rests_after < wait <= LONGEST_PAUSE and _refused.is_throttle(error)
                if not rests and (wait > LONGEST_PAUSE or self._is_over_in(wait)):
                    raise
                if error.retry_at:
                    self.note(f"{error.reason} It waits {max(1, round(wait))} s.", Level.INFO)
                if rests:
                    self.rests_until = error.retry_at
                    raise
                self._wait(wait)
        return self._ask_once(question)

    def hold(self) -> None:
        """Say that this turn is alive and at work: before each request, in each pause, between two batches of whatever takes long."""
        now = self.clock()
        if now - self.held_at >= RENEWED_EVERY:
            self.keep_lease()
            self.held_at = now

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            began = time.monotonic()
            self.pause(min(seconds, LONGEST_SLEEP))
            self.rested += time.monotonic() - began
            self.hold()
            seconds -= LONGEST_SLEEP

    def _ask_once(self, question: Callable[..., T]) -> T:
        self.hold()
        now = self.clock()
        budgets.check(channel_id=self.channel.pk, buckets=self.buckets, now=now)
        connector, context, credential = contexts.of_channel(self.channel, now=now)
        self.version = credential.version
        context = self.heeding(context)
        if refreshing.is_due_before_use(credential, now=now):
            context = self._renewed(context, credential)
        try:
            answer = question(connector, context)
        except ConnectorError as error:
            budgets.keep(channel_id=self.channel.pk, notices=error.rates, now=now)
            if error.remedy is not Remedy.REFRESH:
                raise
            answer = question(connector, self._renewed(context, credential))
        budgets.keep(channel_id=self.channel.pk, notices=getattr(answer, "rates", ()), now=now)
        if credential.channel.state == ChannelState.NEEDS_RECONNECT:
            parking.heed_answer(channel_id=self.channel.pk, used_version=self.version, now=now)
        return answer

    def heeding(self, context: Context) -> Context:
        """Every request of it is counted, and every limit obeyed."""
        watched = replace(context, http=context.http.watched(self.count))
        return budgets.heeded(watched, channel=self.channel, clock=self.clock, pause=self._wait)

    def count(self, seconds: float = 0.0, /) -> None:
        self.hold()
        self.requests += 1

    def _renewed(self, context: Context, credential: Credential) -> Context:
        self.hold()
        tokens = refreshing.refresh(
            channel_id=self.channel.pk, seen_version=credential.version, clock=self.clock, watch=self.count
        )  # fmt: skip
        self.version = credential.version + 1
        self.note("The token was renewed on the way.", Level.INFO)
        return replace(context, tokens=tokens)
