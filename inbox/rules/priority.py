"""How pressing a conversation is, as a sum of points that each say what they are for.

Everything that depends on the clock comes in buckets ("due within the hour", "waits for more than 4 hours"), so the points and
their words stay true until `next_change`, and whoever scores again then has never shown a reason that had become false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

URGENT, HIGH, NORMAL, LOW = 1, 2, 3, 4  # as models.Priority numbers them
NAMES = {URGENT: "urgent", HIGH: "high", NORMAL: "normal", LOW: "low"}
MOST = 1000  # no sum needs more, and the column has room for it
UNREAD_COUNTED = 5  # more messages than this do not make a conversation more pressing
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weight:
    """One fact that a brand may weigh."""

    key: str
    label: str
    default: int


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    weights: tuple[Weight, ...]


GROUPS = (
    Group(
        "What was promised",
        (
            Weight("late", "The promised time has passed", 50),
            Weight("due_15m", "Due within 15 minutes", 30),
            Weight("due_1h", "Due within the hour", 18),
            Weight("due_4h", "Due within 4 hours", 8),
        ),
    ),
    Group(
        "How long the platform lets us answer",
        (
            Weight("window_1h", "The window closes within the hour", 38),
            Weight("window_4h", "The window closes within 4 hours", 20),
            Weight("window_1d", "The window closes within a day", 6),
            Weight("window_closed", "The window has closed", -10),
        ),
    ),
    Group(
        "How long the customer waits",
        (
            Weight("waits_10m", "For more than 10 minutes", 5),
            Weight("waits_1h", "For more than an hour", 10),
            Weight("waits_4h", "For more than 4 hours", 16),
            Weight("waits_1d", "For more than a day", 24),
            Weight("answered", "The customer has our answer and waits for nothing", -15),
        ),
    ),
    Group(
        "What the customer writes",
        (
            Weight("unread", "Each unread message, up to five", 2),
            Weight("second_contact", "Second contact in seven days", 4),
            Weight("third_contact", "Third contact in seven days, or more", 12),
            Weight("negative_words", "Words of anger or urgency", 8),
            Weight("negative", "Negative mood", 10),
            Weight("positive", "Positive mood", -4),
        ),
    ),
    Group(
        "Who writes, and where",
        (
            Weight("vip", "Marked as VIP", 20),
            Weight("verified", "Verified by the platform", 4),
            Weight("followers_10k", "More than 10,000 followers", 6),
            Weight("followers_100k", "More than 100,000 followers", 12),
            Weight("public", "Everybody can read it (a public comment)", 8),
        ),
    ),
)
THRESHOLDS = (
    Weight("urgent_from", "Urgent from", 70),
    Weight("high_from", "High from", 40),
    Weight("normal_from", "Normal from", 5),
)
WEIGHTS = {
    weight.key: weight for weights in (*(group.weights for group in GROUPS), THRESHOLDS) for weight in weights
}
DEFAULTS: Mapping[str, int] = {key: weight.default for key, weight in WEIGHTS.items()}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a conversation. Times are absolute; what they mean now is worked out here.

    `due_at` is of a target or a promise, never of the window, which has weights of its own. `contacts` counts the times this
    customer came to the brand in the seven days up to the newest one, this one included. `tags` are (name, points).
    `pinned`: the priority a person chose. `broken`: a policy that makes late conversations urgent was not kept.
    """

    due_at: datetime | None = None
    due_what: str = ""
    window_closes_at: datetime | None = None
    waiting_since: datetime | None = None
    unread: int = 0
    contacts: int = 1
    negative_words: Sequence[str] = ()
    sentiment: str = ""
    tags: Sequence[tuple[str, int]] = ()
    vip: bool = False
    verified: bool = False
    followers: int | None = None
    public: bool = False
    pinned: int | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    key: str  # of the weight, or "tag:<name>"
    points: int
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    score: int
    priority: int
    contributions: tuple[Contribution, ...]

    @property
    def reasons(self) -> list[list[int | str]]:
        """As the conversation keeps them: [points, why] each, the weightiest first; they add up to the score."""
        return [[each.points, each.why] for each in self.contributions]


# (limit, key, words), the nearest first: the first that holds is the one that counts.
_DUE = (
    (timedelta(0), "late", "late: {what} was due"),
    (15 * _MINUTE, "due_15m", "{what} due within 15 minutes"),
    (_HOUR, "due_1h", "{what} due within the hour"),
    (4 * _HOUR, "due_4h", "{what} due within 4 hours"),
)
_WINDOW = (
    (timedelta(0), "window_closed", "the reply window has closed"),
    (_HOUR, "window_1h", "window closes within the hour"),
    (4 * _HOUR, "window_4h", "window closes within 4 hours"),
    (_DAY, "window_1d", "window closes within a day"),
)
# (length, key, words), the longest first.
_WAITS = (
    (_DAY, "waits_1d", "waits for more than a day"),
    (4 * _HOUR, "waits_4h", "waits for more than 4 hours"),
    (_HOUR, "waits_1h", "waits for more than an hour"),
    (10 * _MINUTE, "waits_10m", "waits for more than 10 minutes"),
)
_FOLLOWERS = (
    (100_000, "followers_100k", "more than 100,000 followers"),
    (10_000, "followers_10k", "more than 10,000 followers"),
)


def complete(weights: Mapping[str, object]) -> dict[str, int]:
    """A brand's weights with the defaults for those it does not speak of."""
    return {
        key: given if isinstance(given := weights.get(key), int) and not isinstance(given, bool) else default
        for key, default in DEFAULTS.items()
    }


def score(facts: Facts, weights: Mapping[str, int], now: datetime) -> Verdict:
    """The same facts at the same time give the same verdict. `weights` must be complete."""
    found = [*_by_time(facts, now), *_by_kind(facts)]
    made = [
        Contribution(key, points, why)
        for key, times, why in found
        if (points := weights[key] * times)
    ]  # fmt: skip
    made += [Contribution(f"tag:{name}", points, f"tagged {name}") for name, points in facts.tags if points]
    made.sort(key=lambda each: (-abs(each.points), each.key))
    total = sum(each.points for each in made)
    wanted, key, why = _decided(facts)
    kept = _within(total, wanted, weights) if wanted else max(-MOST, min(MOST, total))
    if kept != total:
        made.insert(0, Contribution(key, kept - total, why or "no score goes beyond this"))
    return Verdict(kept, wanted or _priority_of(kept, weights), tuple(made))


def next_change(facts: Facts, now: datetime) -> datetime | None:
    """The next instant at which the passing of time alone puts a fact into another bucket."""
    turns: list[datetime] = []
    if facts.due_at:
        turns += [facts.due_at - limit for limit, *_ in _DUE]
    if facts.window_closes_at and facts.waiting_since:
        turns += [facts.window_closes_at - limit for limit, *_ in _WINDOW]
    if facts.waiting_since:
        turns += [facts.waiting_since + length for length, *_ in _WAITS]
    return min((turn for turn in turns if turn > now), default=None)


def _by_time(facts: Facts, now: datetime) -> list[tuple[str, int, str]]:
    found = []
    if facts.due_at:
        left = facts.due_at - now
        what = facts.due_what or "answer"
        found += [(key, 1, words.format(what=what)) for limit, key, words in _DUE if left <= limit][:1]
    if (
        facts.window_closes_at and facts.waiting_since
    ):  # where nobody waits, a closing window takes nothing away
        left = facts.window_closes_at - now
        found += [(key, 1, words) for limit, key, words in _WINDOW if left <= limit][:1]
    if facts.waiting_since:
        waited = now - facts.waiting_since
        found += [(key, 1, words) for length, key, words in _WAITS if waited >= length][:1]
    else:
        found.append(("answered", 1, "the customer waits for nothing"))
    return found


def _by_kind(facts: Facts) -> list[tuple[str, int, str]]:
    found = []
    if facts.unread > 0:
        counted = min(facts.unread, UNREAD_COUNTED)
        shown = "an unread message" if counted == 1 else f"{counted} unread messages"
        found.append(
            (
                "unread",
                counted,
                f"{UNREAD_COUNTED} unread messages or more" if facts.unread > UNREAD_COUNTED else shown,
            )
        )
    if facts.contacts >= 3:
        found.append(("third_contact", 1, f"{_ordinal(facts.contacts)} contact in seven days"))
    elif facts.contacts == 2:
        found.append(("second_contact", 1, "second contact in seven days"))
    if facts.negative_words:
        said = ", ".join(f"“{word}”" for word in facts.negative_words[:3])
        found.append(("negative_words", 1, f"writes {said}"))
    if facts.sentiment in ("negative", "positive"):
        found.append((facts.sentiment, 1, f"{facts.sentiment} mood"))
    if facts.vip:
        found.append(("vip", 1, "VIP"))
    if facts.verified:
        found.append(("verified", 1, "verified by the platform"))
    found += [(key, 1, words) for least, key, words in _FOLLOWERS if (facts.followers or 0) > least][:1]
    if facts.public:
        found.append(("public", 1, "everybody can read it"))
    return found


def _ordinal(number: int) -> str:
    words = {3: "third", 4: "fourth", 5: "fifth"}
    return words.get(number, "sixth or later")


def _decided(facts: Facts) -> tuple[int | None, str, str]:
    """What is not left to the sum: a person's word, or else a broken promise. The points that are missing are said as such."""
    if facts.pinned:
        return facts.pinned, "pinned", f"a colleague made it {NAMES[facts.pinned]}"
    if facts.broken:
        return URGENT, "broken", "a promise was not kept, and its policy makes that urgent"
    return None, "bounded", ""


def _floors(weights: Mapping[str, int]) -> tuple[int, int, int]:
    """Where urgent, high and normal begin. Never out of order, whatever a brand has saved."""
    normal = weights["normal_from"]
    high = max(weights["high_from"], normal + 1)
    return max(weights["urgent_from"], high + 1), high, normal


def _priority_of(total: int, weights: Mapping[str, int]) -> int:
    urgent, high, normal = _floors(weights)
    return URGENT if total >= urgent else HIGH if total >= high else NORMAL if total >= normal else LOW


def _within(total: int, priority: int, weights: Mapping[str, int]) -> int:
    """The nearest score that belongs to the priority, so that a list sorted by score agrees with it."""
    urgent, high, normal = _floors(weights)
    least = {URGENT: urgent, HIGH: high, NORMAL: normal, LOW: -MOST}[priority]
    most = {URGENT: MOST, HIGH: urgent - 1, NORMAL: high - 1, LOW: normal - 1}[priority]
    return max(least, min(most, total))
