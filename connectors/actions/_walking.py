"""Three ways through what a platform tells: a poll on from the cursor, a reconcile back to where the last whole one began, and a
backfill of a range. What a page said and the cursor that leads on are kept together by `keep`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError

from connectors import registry
from connectors.abilities import Surveys
from connectors.actions import _covering, _kept_back, _narrowing, _withdrawing
from connectors.actions._asking import Asker
from connectors.actions._covering import HISTORICAL_AFTER, MARGIN, PUBLIC_NEWS, CutOff
from connectors.actions._narrowing import messages
from connectors.actions._runs import Synced
from connectors.actions.scheduling import Walk
from connectors.contract import ConnectorError, InboundMessage, Page, Remedy, ThreadKind
from connectors.models import Level, SyncRun, SyncSchedule, Task
from inbox import platforms
from inbox.models import Channel

LISTED_WITHIN = timedelta(minutes=2)  # a platform's list may be behind by so much
# To stop there would call the walk whole, with all that comes after that page unread.
LEADS_BACK = "The platform says that there is more, and leads back to the page that it has just shown."


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a page goes into the inbox, and what it shows of the channel's completeness."""

    page: Page
    cursor: str
    historical_before: datetime | None = None
    undelivered: tuple[InboundMessage, ...] = ()
    kept_back: tuple[
        InboundMessage, ...
    ] = ()  # of a poll that could not ask for a while: what of it is new comes late
    # Threads of which the page tells as much as the platform ever does. What was written before `horizon` has been seen.
    cut_off: tuple[CutOff, ...] = ()
    horizon: datetime | None = None
    waiting: datetime | None = None  # since when a delivery waits to be read that may tell of it
    log_until: datetime | None = None  # the platform's log has been read to its end, as a poll reads it
    withheld_since: datetime | None = None  # of a page that withholds public talk: from when on it is unknown


Keep = Callable[[Kept], None]


@dataclass(slots=True)
class Walker:
    schedule: SyncSchedule
    run: SyncRun | None
    asker: Asker
    done: Synced
    keep: Keep
    channel: Channel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = self.schedule.channel

    def poll(self) -> None:
        cursor = self.schedule.cursor
        while True:
            page = self._ask(lambda connector, context, at=cursor: connector.poll(context, at))
            page = _narrowing.without(self.channel, page, _narrowing.unasked(self.channel, page))
            stuck = page.more and page.cursor == cursor and not self._unknown(page)
            kept_back = self._kept_back(page)
            self.keep(Kept(page, page.cursor or cursor, self.channel.created_at, kept_back=kept_back))
            cursor = page.cursor or cursor
            if not page.more or stuck:
                return
            if self._is_late():
                return

    def reconcile(self) -> datetime | None:
        """Newest first, back to where the last whole walk began; the first walk goes as far back as the platform tells. A walk
        that was interrupted is taken up where it stood. What was before the channel holds up none, unless somebody asked for it. The
        answer: when a walk that is whole now began."""
        walk = Walk.read(self.schedule.cursor)
        walk = walk if walk.at else replace(walk, began=self.asker.clock())
        began = walk.began
        withheld_since = _covering.withheld_since(self.channel.pk)
        while True:
            page = self._ask(lambda connector, context, at=walk.at: connector.history(context, at))
            # Ahead of what is known: what is read meanwhile is known then.
            waiting = _covering.waiting_since(self.channel)
            # Public talk that was withheld is looked for from there on, however often the messages were compared since.
            of_public = page.public or bool(page.withheld)
            known_until = withheld_since if of_public and withheld_since is not None else walk.horizon
            unasked = _narrowing.unasked(self.channel, page)
            unknown = self._unknown(page) - unasked
            following = page.cursor if page.more else ""
            back_to = known_until if walk.horizon is not None else None  # None: all that is told
            if not walk.reads_all and self._is_behind_it(page, walk, back_to, unknown):
                following = page.beyond
            leads_back, stop = following == walk.at != "", not following
            # What was said before the brand connected rings no bell today; what was missed since the last whole walk does, however late,
            # and of what was said in public that is not too old.
            days_ago = self.asker.clock() - HISTORICAL_AFTER
            missed_since = known_until - MARGIN if known_until is not None else days_ago
            owed_since = max(self.channel.created_at, min(days_ago, missed_since))
            before = max(owed_since, self.asker.clock() - PUBLIC_NEWS) if of_public else owed_since
            self._note_way(page, walk.horizon, began)
            horizon = walk.horizon
            walk = Walk(walk.began, None, "") if stop else replace(walk, at=following)
            kept = Kept(
                _narrowing.without(self.channel, self._with_withdrawn(page), unasked), walk.written(), before,
                withheld_since=known_until or self.channel.created_at,
            )  # fmt: skip
            if page.unordered and page.beyond and page.cursor == page.beyond:
                kept = replace(kept, log_until=began)
            if horizon is not None:
                news = tuple(
                    each
                    for each in messages(page)
                    if each.external_id in unknown and each.sent_at >= owed_since
                )
                self._note_lag(news)
                kept = replace(
                    kept, undelivered=news, cut_off=self._cut_off(page, unknown, waiting),
                    horizon=horizon - LISTED_WITHIN, waiting=waiting,
                )  # fmt: skip
            self.keep(kept)
            if leads_back:
                raise ConnectorError(LEADS_BACK, remedy=Remedy.TELL)
            if stop:
                self._survey(walk)
                return began
            if self._is_late():
                return None

    def _survey(self, walk: Walk) -> None:
        """Not of the walk: what is complete is so whether the platform answers here or not."""
        if not isinstance(registry.get(self.channel.platform), Surveys):
            return
        try:
            page = self._ask(partial(_withdrawing.surveyed, self.channel))
        except ConnectorError as error:
            self.asker.note(f"Not asked for deleted posts: {error.reason}", Level.WARNING)
            return
        except DatabaseError as error:
            self.asker.note(f"Not asked for deleted posts: {error}", Level.WARNING)
            return
        if page.events:
            self.keep(Kept(page, walk.written(), self.channel.created_at))

    def backfill(self) -> None:
        """A range of the past, as history: what it brings rings no bell. What is younger than what is known to be complete is news
        that a delivery still owes us: it is left to the next comparison, which rings."""
        assert self.run is not None
        since, asked_at = self.run.since, self.run.started_at
        until = self.run.until or asked_at
        public_until = min(until, _covering.news_begin(self.channel, asked_at=asked_at, public=True))
        until = min(until, _covering.news_begin(self.channel, asked_at=asked_at))
        cursor = self.schedule.cursor
        while True:
            page = self._ask(lambda connector, context, at=cursor: connector.history(context, at))
            following = page.cursor if page.more else ""
            if since is not None and self._is_before(page, since):
                following = page.beyond
            leads_back, stop = following == cursor != "", not following
            self._note_way(page, since, until)
            before = public_until if page.public else until
            kept = replace(page, events=_narrowing.within(page.events, since, before), stretch=None)
            kept = _narrowing.without(self.channel, kept, ())
            self.keep(Kept(kept, "" if stop else following, before))
            if leads_back:
                raise ConnectorError(LEADS_BACK, remedy=Remedy.TELL)
            cursor = following
            if stop or self._is_late():
                return

    def _is_late(self) -> bool:
        if self.asker.time_is_over:
            self.done.complete = False
        return not self.done.complete

    def _is_before(self, page: Page, moment: datetime) -> bool:
        if page.unordered or page.failures:  # what could not be read may be the newest of it
            return False
        times = [each.sent_at for each in messages(page)]
        return bool(times) and max(times) < moment

    def _is_behind_it(
        self, page: Page, walk: Walk, back_to: datetime | None, unknown: Collection[str]
    ) -> bool:
        """What follows is known, or brought by others."""
        is_old = back_to is not None and self._is_old_news(page, back_to - MARGIN, unknown)
        return is_old or self._is_left_to_the_poll(page, walk, unknown)

    def _is_old_news(self, page: Page, horizon: datetime, unknown: Collection[str]) -> bool:
        """All of it known, and from before the horizon. (Threads with news come first, unless the page says otherwise.)"""
        return self._is_before(page, horizon) and not unknown

    def _is_left_to_the_poll(self, page: Page, walk: Walk, unknown: Collection[str]) -> bool:
        """The rest of a log that can be read from its beginning alone, and that the poll reads to its end. The first comparison of
        each day reads it all the same."""
        if not platforms.get(self.channel.platform).receive.is_partly_polled:
            return False
        if not page.unordered or not page.beyond or unknown:
            return False
        if walk.horizon is None or walk.began is None or walk.horizon.date() != walk.began.date():
            return False
        return self._poll_keeps_up(walk.began)

    def _poll_keeps_up(self, began: datetime) -> bool:
        """By its own plan, of which one run may be late. To one that rests the log is left all the same: what is complete ends where it
        was read last, and to read all of it again and again would use up the platform's day."""
        polled = _covering.polled_until(self.channel.pk)
        poll = SyncSchedule.objects.filter(channel=self.channel, task=Task.POLL).first()
        if polled is None or poll is None:
            return False
        late = poll.cadence.after(poll.cadence.after(polled))
        return poll.paused or began <= max(polled + LISTED_WITHIN, late)

    def _with_withdrawn(self, page: Page) -> Page:
        """What the page should list and does not, and what the platform says is there no more when asked."""
        asked = [
            self._ask(partial(_withdrawing.confirmed, suspect))
            for suspect in _withdrawing.suspects(self.channel, page)
        ]
        return replace(page, events=(*page.events, *(event for each in asked for event in each.events)))

    def _unknown(self, page: Page) -> set[str]:
        return _narrowing.unknown(self.channel, {each.external_id for each in messages(page)})

    def _kept_back(self, page: Page) -> tuple[InboundMessage, ...]:
        said = tuple(messages(page))
        return said if said and _kept_back.could_not_ask(self.channel.pk) else ()

    def _ask(self, question: Callable[..., Page]) -> Page:
        page = self.asker.ask(question)
        self.done.requests = self.asker.requests
        return page

    def _note_way(self, page: Page, since: datetime | None, until: datetime | None) -> None:
        """How much of the way lies behind, by the newest message of the page: lists lead back in time, logs on."""
        age = platforms.get(self.channel.platform).history.age
        if since is None and age is not None:
            since = self.asker.clock() - age
        times = [each.sent_at for each in messages(page)]
        if since is None or until is None or not times or until <= since:
            return
        way = (until - max(times)) / (until - since)
        self.done.share = min(0.99, max(0.0, 1 - way if page.unordered else way))

    def _note_lag(self, news: tuple[InboundMessage, ...]) -> None:
        if news:
            lag = self.asker.clock() - min(each.sent_at for each in news)
            self.done.lag = max(self.done.lag or lag, lag)

    def _cut_off(self, page: Page, unknown: Collection[str], waiting: datetime | None) -> tuple[CutOff, ...]:
        """That all of a full page is known proves nothing of what came before it: deliveries are lost one by one."""
        most = platforms.get(self.channel.platform).history.messages_per_thread
        if most is None:
            return ()
        threads: dict[str, list[InboundMessage]] = {}
        for each in messages(page):
            if each.thread_kind is not ThreadKind.COMMENT:
                threads.setdefault(each.thread_id, []).append(each)
        delivered = _covering.delivered_until(self.asker.clock(), waiting=waiting)
        return tuple(
            CutOff(
                oldest=min(told, key=lambda each: each.sent_at),
                told=len(told),
                has_news=any(each.external_id in unknown and each.sent_at < delivered for each in told),
            )
            for told in threads.values()
            if len(told) + len(page.failures) >= most  # what cannot be read takes its place as well
        )
