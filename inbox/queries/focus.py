"""Who has what in focus, and what is next in a view for somebody who works through it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from inbox.models import Brand, Conversation, Focus, FocusStanding, Person
from inbox.queries.inbox_list import View
from inbox.queries.sorting import Sort
from inbox.rules.visits import Hold


def held(brand_id: int, *, now: datetime) -> list[Hold]:
    """What colleagues are shown: what is on somebody's screen, not what is kept ready for them."""
    found = Focus.objects.filter(brand_id=brand_id, standing=FocusStanding.CURRENT, until__gt=now)
    return [
        Hold(str(focus.conversation.public_id), focus.person_id, focus.person.short_name)
        for focus in found.select_related("conversation", "person").order_by("pk")
    ]


def holder(conversation_id: int, *, now: datetime) -> Person | None:
    found = Focus.objects.filter(
        conversation_id=conversation_id, standing=FocusStanding.CURRENT, until__gt=now
    )
    focus = found.select_related("person").first()
    return focus.person if focus else None


def passed_over(brand: Brand, passed: Mapping[UUID, int]) -> set[UUID]:
    """What of it still is. `passed` tells the newest message that was seen: where the customer waits with a newer one, it comes again."""
    waiting = Conversation.objects.filter(brand=brand, public_id__in=passed, waiting_since__isnull=False)
    newest = waiting.values_list("public_id", "public_seq") if passed else ()
    return set(passed) - {public_id for public_id, seq in newest if seq > passed[public_id]}


def still(
    view: View, person: Person, brand: Brand, ready: QuerySet[Focus], wanted: UUID, now: datetime
) -> list[Conversation]:
    """That one, if it is among what was kept ready, and nobody has taken it out of the view since: snoozed it, resolved it, given it away."""
    found = view.conversations(person, brand, now=now)
    found = found.filter(public_id=wanted, pk__in=ready.values("conversation"))
    return list(found.only("id", "public_id", "brand_id", "seq"))


def free(
    view: View, *, person: Person, brand: Brand, sort: Sort, now: datetime, passed: Collection[UUID], limit: int = 4
) -> list[Conversation]:  # fmt: skip
    """From the top of the view: what no colleague has, and what this person has not passed over."""
    theirs = Focus.objects.filter(conversation=OuterRef("pk"), until__gt=now).exclude(person=person)
    found = view.conversations(person, brand, now=now).filter(~Exists(theirs)).exclude(public_id__in=passed)
    return list(sort.below(found, None).only("id", "public_id", "brand_id", "seq")[:limit])
