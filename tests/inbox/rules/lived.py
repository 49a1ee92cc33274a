"""Clocks, as somebody keeps them who lives through a story beat by beat and knows no cleverness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from inbox.rules.business_hours import Hours
from inbox.rules.course import Kind
from inbox.rules.happened import Held, Said, Turn, What
from inbox.rules.sla import Policy
from tests.inbox.rules import wall

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(beats: float) -> datetime:
    """In a story as it is written down, a beat is a second, and the first one is noon."""
    return NOON + beats * SECOND


@dataclass(frozen=True)
class Place:
    """Where in the year a story happens, and how long its beats really are: so it has nights, weekends, holidays and changed clocks."""

    begins: datetime = NOON
    beat: timedelta = SECOND

    def at(self, beats: float) -> datetime:
        return self.begins + beats * self.beat

    def beats(self, moment: datetime) -> float:
        return (moment - self.begins) / self.beat

    def said(self, each: Said) -> Said:
        unsent = self._moved(each.unsent_at) if each.unsent_at is not None else None
        answered = self._moved(each.answered_at) if each.answered_at is not None else None
        return replace(
            each, at=self._moved(each.at), learned_at=self._moved(each.learned_at), unsent_at=unsent, answered_at=answered
        )  # fmt: skip

    def turn(self, each: Turn) -> Turn:
        until = self._moved(each.until) if each.until is not None else None
        return replace(each, at=self._moved(each.at), until=until)

    def held(self, each: Held) -> Held:
        return replace(each, left_at=self._moved(each.left_at) if each.left_at is not None else None)

    def worked(self, hours: Hours | None, beats: int) -> list[timedelta]:
        """Of each beat how much is working time: what the clock on the wall says, look by look."""
        if hours is None:
            return [self.beat] * beats
        look = min(self.beat, wall.MINUTE)
        looks = [
            wall.is_open(hours, self.begins + number * look) for number in range(beats * (self.beat // look))
        ]
        each = self.beat // look
        return [look * sum(looks[beat * each : (beat + 1) * each]) for beat in range(beats)]

    def _moved(self, moment: datetime) -> datetime:
        return self.at((moment - NOON) / SECOND)


# Each fact happens in a beat of its own, so that nothing needs settling. It lives through the story beat by beat, writes down who had the
# word and what stood still, and counts the beats afterwards, one by one.


@dataclass
class Lived:
    kind: Kind
    started: int
    own: int  # before it the customer waited elsewhere, where nothing stood still
    ended: int | None = None
    cancelled: bool = False


@dataclass
class Asking:
    """A customer's message as the brand met with it: when it began to ask, and what was done before anybody knew of it."""

    said: Said
    since: datetime
    late: bool = False  # somebody was done with the conversation meanwhile: it asks right after that
    rouses: datetime | None = None

    @property
    def waits_since(self) -> int:
        return int(((self.said.at if self.said.brought else self.since) - NOON) / SECOND)


def slept_out(turns: list[Turn]) -> list[Turn]:
    """Snoozes that came to their end before anybody did anything else with the conversation."""
    stirs = [each.at for each in turns if each.what is not What.NO_REPLY_NEEDED]
    return [
        each
        for each in turns
        if each.until is not None and not any(each.at < stir < each.until for stir in stirs)
    ]


def asking(said: Said, turns: list[Turn]) -> Asking:
    ends = [Turn(each.until, each.order, What.WOKEN) for each in slept_out(turns) if each.until is not None]
    meanwhile = sorted(
        (each for each in (*turns, *ends) if said.at <= each.at < said.learned_at), key=lambda each: each.at
    )
    passed = {What.RESOLVED, What.MERGED, What.NO_REPLY_NEEDED} | ({What.SPAM} if said.brought else set())
    done = [each.at for each in meanwhile if each.what in passed]
    found = Asking(said, done[-1], late=True) if done else Asking(said, said.at)
    if meanwhile and meanwhile[-1].at > found.since:
        found.rouses = meanwhile[-1].at
    return found


def lived_through(
    said: list[Said], turns: list[Turn], held: list[Held], rules: Policy, now: int, place: Place
) -> list[tuple[object, ...]]:
    diary: list[tuple[str, bool]] = []  # of each beat: status, and whether the brand has the word
    clocks_: list[Lived] = []
    waits: list[Asking] = []
    brought: list[Asking] = []  # by a merge, and no spell was under way
    asked = sorted((asking(each, turns) for each in said if each.by_customer), key=lambda each: each.said.at)
    status, ours = "open", False
    written: list[int] = []  # the beats in which the brand met with what its customer wrote,
    closed: list[int] = []  # and those in which somebody was done with it
    over = ("resolved", "spam")
    # The beats in which a reply of ours was on its way.
    out: set[int] = set()
    for reply in held:
        left = now if reply.left_at is None else int((reply.left_at - NOON) / SECOND)
        out.update(range(reply.order // 10, left))

    def running(*kinds: Kind) -> Lived | None:
        return next((each for each in clocks_ if each.kind in kinds and each.ended is None), None)

    def start(kind: Kind, beat: int, since: int | None = None) -> None:
        clocks_.append(Lived(kind, beat if since is None else since, beat))

    def first_or_next() -> Kind:
        """The first one lies behind, where an answer ended a wait, or what the customer had written was closed, answered or not."""
        answered = any(
            each.kind is not Kind.RESOLUTION and each.ended is not None and not each.cancelled
            for each in clocks_
        )
        return Kind.NEXT if answered or (written and closed and written[0] < closed[-1]) else Kind.FIRST

    def begin(beat: int) -> None:
        nonlocal brought
        start(Kind.RESOLUTION, beat)
        for each in brought:
            ask(each, beat)
        brought = []

    def ask(each: Asking, beat: int) -> None:
        nonlocal waits, status, ours
        written.append(beat)
        if waiting := running(Kind.FIRST, Kind.NEXT):
            waiting.started = min(waiting.started, each.waits_since)
        else:
            start(first_or_next(), beat, each.waits_since)
        waits = [*waits, each]
        status, ours = "open", True

    def stop(clock: Lived | None, beat: int, *, cancelled: bool = False) -> None:
        if clock:
            clock.ended, clock.cancelled = beat, cancelled

    def wrote(each: Asking, beat: int) -> None:
        nonlocal waits, brought
        if each.said.brought and not running(Kind.RESOLUTION):
            brought = [*brought, each]
            return
        if status == "spam":
            written.append(beat)
            waits = [*waits, each]
            return
        if not running(Kind.RESOLUTION):
            waits = waits if running(Kind.FIRST, Kind.NEXT) else []
            begin(beat)
        ask(each, beat)

    def waits_no_more(each: Asking, beat: int, *, answered: bool) -> None:
        nonlocal waits, brought, ours
        brought = [other for other in brought if other is not each]
        response = running(Kind.FIRST, Kind.NEXT)
        if each not in waits:
            return
        waits = [other for other in waits if other is not each]
        if response and waits:
            response.started = max(response.started, min(each.waits_since for each in waits))
        elif response:
            stop(response, beat, cancelled=not answered)
            ours = False

    def gone(moment: datetime, beat: int, *, late: bool) -> None:
        for each in asked:
            for when, answered in ((each.said.unsent_at, False), (each.said.answered_at, True)):
                if when is not None and max(when, each.since) == moment and each.late is late:
                    waits_no_more(each, beat, answered=answered)

    for beat in range(now):
        moment = at(beat)
        for each in asked:
            if each.since == moment and not each.late:
                wrote(each, beat)
        gone(moment, beat, late=False)
        response, spell = running(Kind.FIRST, Kind.NEXT), running(Kind.RESOLUTION)
        if any(each.at == moment and not each.by_customer for each in said):
            waits, ours = [], False
            stop(response, beat)
        what = next((each.what for each in turns if each.at == moment), None)
        if what in (What.RESOLVED, What.MERGED):
            if what is What.MERGED or beat not in out:
                stop(response, beat, cancelled=True)
            stop(spell, beat)
            status, ours = "resolved", False
            closed.append(beat)
        elif what is What.SPAM:
            stop(response, beat, cancelled=True)
            stop(spell, beat, cancelled=True)
            status, ours = "spam", False
            closed.append(beat)
        elif what is What.NO_REPLY_NEEDED:
            stop(response, beat, cancelled=True)
            waits, ours = [], False
        elif (
            what is What.REOPENED and spell is None
        ):  # wherever it was closed, here or before anybody knew of it
            begin(beat)
            if waits and not running(Kind.FIRST, Kind.NEXT):
                start(first_or_next(), beat)
            status, ours = "open", True
        elif what is What.REOPENED or (what is What.WOKEN and status not in over):
            status = "open"
        elif what in (What.SNOOZED, What.PENDING) and status not in over:
            status = what.value
        if status == "snoozed" and any(each.until == moment for each in slept_out(turns)):
            status = "open"  # whoever comes to it, and however late
        if any(each.rouses == moment for each in asked) and status in ("snoozed", "pending"):
            status = "open"
        for each in asked:
            if each.since == moment and each.late:
                wrote(each, beat)
        gone(moment, beat, late=True)
        if any(each.said.brought and each.said.learned_at == moment for each in asked):
            written.append(beat)
        if status != "spam" and any(each.said.learned_at == moment for each in brought):
            begin(beat)
        diary.append((status, ours))

    found = []
    worked = place.worked(rules.hours, now)
    for clock in clocks_:
        until = now if clock.ended is None else clock.ended
        counted = sum(
            (
                worked[beat]
                for beat in range(clock.started, until)
                if beat < clock.own or not _stands_still(clock.kind, *diary[beat], rules)
            ),
            timedelta(0),
        )
        if clock.ended is not None:
            kept = counted <= rules.targets[clock.kind]
            state = "cancelled" if clock.cancelled else "met" if kept else "missed"
        else:
            state = "paused" if _stands_still(clock.kind, *diary[-1], rules) else "running"
        found.append((clock.kind.value, state, float(clock.started), clock.ended, counted / place.beat))
    return sorted(found, key=lambda each: (each[2], each[0]))


def _stands_still(kind: Kind, status: str, ours: bool, rules: Policy) -> bool:
    return (
        (status == "snoozed" and rules.pauses_snoozed)
        or (status == "pending" and rules.pauses_pending)
        or (kind is Kind.RESOLUTION and not ours and rules.pauses_for_customer)
    )
