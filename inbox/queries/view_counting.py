"""What the counters of a brand's saved views are kept by: its views as checks, and which of its conversations are to be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from inbox.models import Brand, BrandSequence, Conversation, CountedConversation, Event, SavedView
from inbox.queries import view_facts, view_names
from inbox.rules import view_checks
from inbox.rules.view_checks import Checks, Day, Facts
from inbox.rules.view_query import ME, Query, Term


@dataclass(frozen=True, slots=True)
class Counted:
    """A view that has a counter. `each_their_own`: it holds something else for each assignee, and so has one for each."""

    view: SavedView
    query: Query
    each_their_own: bool

    def key(self, facts: Facts) -> str:
        return f"{self.view.count_key}:{facts.assignee}" if self.each_their_own else self.view.count_key

    def checks(self, midnight: view_names.Midnight) -> Checks:
        query = self.query
        if self.each_their_own:
            # "assignee:me" of a shared view: counted for whoever it is assigned to, so everybody but nobody.
            terms = [Term("assignee", ":", ("none",), negated=True) if ME in term.values else term for term in query.terms]  # fmt: skip
            query = Query(query.states, tuple(terms), query.words)
        return view_checks.of_query(query, me=self.view.owner_id or 0, midnight=midnight)


@dataclass(frozen=True, slots=True)
class Counters:
    """A brand's counted views, ready to judge."""

    views: list[tuple[Counted, Checks]]
    day: Day

    def of_view(self, count_key: str) -> Counters:
        return Counters([each for each in self.views if each[0].view.count_key == count_key], self.day)

    @property
    def texts(self) -> set[str]:
        """What any of the views asks whether it was said."""
        return {words.text for counted, _ in self.views for words in counted.query.words}

    def judge(
        self, facts: Facts, now: datetime, said: Collection[str] = ()
    ) -> tuple[list[str], datetime | None]:
        """The counters that this conversation is in, and when time alone may change that. `said`: which of the texts are said in it."""
        keys: list[str] = []
        turns: datetime | None = None
        for counted, checks in self.views:
            so, until = view_checks.judge(checks, facts, now=now, day=self.day)
            if so and all((words.text in said) is not words.negated for words in counted.query.words):
                keys.append(counted.key(facts))
            if until is not None and (turns is None or until < turns):
                turns = until
        return keys, turns


def counted(view: SavedView) -> Counted | None:
    """None: what a shared view holds of "not mine" is not counted."""
    query = Query.from_json(view.query)
    of_me = [term for term in query.terms if term.field == "assignee" and ME in term.values]
    if view.owner_id or not of_me:
        return Counted(view, query, each_their_own=False)
    if of_me == [Term("assignee", ":", (ME,))]:
        return Counted(view, query, each_their_own=True)
    return None


def view_of(key: str) -> str:
    """The view's own key, of a counter that may be one assignee's: "saved:4.1" of "saved:4.1:17"."""
    return ":".join(key.split(":")[:2])


def of_brand(brand: Brand, now: datetime) -> Counters:
    zone = view_names.zone_of(brand)
    midnight = view_names.midnight_in(zone)
    known = (counted(view) for view in SavedView.objects.of_brand(brand).order_by("pk"))
    views = [(each, each.checks(midnight)) for each in known if each]
    return Counters(views, view_names.day_of(zone, now))


def facts_of(ids: Iterable[int], *, upto: int | None = None) -> Iterator[tuple[int, Facts]]:
    """`upto`: only of those that nothing has happened to after this event of the brand."""
    found = Conversation.objects.filter(pk__in=list(ids)).only(*view_facts.COLUMNS)
    if upto is not None:
        found = found.filter(seq__lte=upto)
    for conversation in found:
        yield conversation.pk, view_facts.of(conversation)


def news(brand_id: int, after: int, *, limit: int) -> tuple[list[int], int]:
    """The conversations of the next events, and up to which event that is."""
    found = Event.objects.filter(brand_id=brand_id, seq__gt=after).order_by("seq")
    told = list(found.values_list("seq", "conversation_id")[:limit])
    return sorted({pk for _, pk in told if pk}), told[-1][0] if told else after


def has_views(brand_id: int) -> bool:
    return SavedView.objects.filter(brand_id=brand_id).exists()


def behind() -> list[int]:
    """Brands with views whose counters have not followed every event, or are not filled yet."""
    late = BrandSequence.objects.filter(
        brand__saved_views__isnull=False, last__gt=F("brand__view_cursor__seq")
    )
    fresh = Q(brand__view_cursor__isnull=True) & Q(brand__saved_views__isnull=False)
    unfilled = SavedView.objects.exclude(counted_version=F("version")).values_list("brand_id", flat=True)
    found = {*late.values_list("pk", flat=True), *BrandSequence.objects.filter(fresh).values_list("pk", flat=True)}  # fmt: skip
    return sorted({*found, *unfilled})


def turned(now: datetime, *, limit: int, without: Collection[int] = ()) -> dict[int, list[int]]:
    """Conversations that time has moved into a view or out of it, by brand; none of the brands in `without`."""
    found: dict[int, list[int]] = {}
    due = CountedConversation.objects.filter(turns_at__lte=now).exclude(brand_id__in=list(without))
    for brand_id, pk in due.order_by("turns_at").values_list("brand_id", "pk")[:limit]:
        found.setdefault(brand_id, []).append(pk)
    return found


def settled(
    brand_id: int, *, after: int, seq: int, now: datetime, limit: int
) -> tuple[list[int], int | None]:
    """The next conversations along the ids that have nothing to be followed; and the last id of the batch, None at the end."""
    found = Conversation.objects.filter(brand_id=brand_id, pk__gt=after).order_by("pk")
    batch = list(found.values_list("pk", "seq")[:limit])
    turning = set(
        CountedConversation.objects.filter(pk__in=[pk for pk, _ in batch], turns_at__lte=now).values_list(
            "pk", flat=True
        )
    )
    calm = [pk for pk, newest in batch if newest <= seq and pk not in turning]
    return calm, batch[-1][0] if batch else None
