"""Working through a view one by one. What somebody has in focus nobody else is given, and no lease outlives its page for long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from inbox.models import Brand, Conversation, Focus, FocusStanding, Membership, Person
from inbox.queries import focus
from inbox.queries.inbox_list import View
from inbox.queries.sorting import Sort

LEASE = timedelta(seconds=40)  # a page renews it every twelve


@dataclass(frozen=True, slots=True)
class Place:
    """What is on somebody's screen and what comes after it. None: nothing is left that is free."""

    current: Conversation | None
    ready: Conversation | None
    lost_to: Person | None = None  # a colleague took over what was on the screen


@transaction.atomic(durable=True)
def go_on(
    *, person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], wanted: UUID | None, now: datetime
) -> Place:  # fmt: skip
    """Take the next one: what was kept ready, if that is what the page shows, else the first of the view that is free."""
    one_page_at_a_time(person, brand)
    ready = Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.NEXT, until__gt=now)
    kept = [
        mine.conversation
        for mine in ready.select_related("conversation")
        if mine.conversation.public_id == wanted and wanted not in passed
    ]
    Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.CURRENT).delete()
    current = _first(kept, person, FocusStanding.CURRENT, now) or _next(
        person, brand, view, sort, passed, FocusStanding.CURRENT, now
    )
    return Place(current, _keep_ready(person, brand, view, sort, passed, current, now))


@transaction.atomic(durable=True)
def stay(
    *, person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], current: UUID | None, now: datetime
) -> Place:  # fmt: skip
    """The page lives: what it shows stays its person's, and what is kept ready is what is next by now."""
    one_page_at_a_time(person, brand)
    shown = Conversation.objects.filter(brand=brand, public_id=current).first() if current else None
    if shown is None:
        return Place(None, None)
    mine = Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.CURRENT)
    if mine.exclude(conversation=shown).exists():
        return Place(None, None, lost_to=person)  # they go on in another window
    if not _take(shown, person, FocusStanding.CURRENT, now):
        return Place(None, None, lost_to=focus.holder(shown.pk, now=now))
    return Place(shown, _keep_ready(person, brand, view, sort, passed, shown, now))


@transaction.atomic(durable=True)
def take_over(*, conversation: Conversation, by: Person, now: datetime) -> None:
    """Knowingly, from a colleague who has it in focus."""
    one_page_at_a_time(by, conversation.brand)
    Focus.objects.filter(brand=conversation.brand, person=by).delete()
    Focus.objects.filter(conversation=conversation).delete()
    _take(conversation, by, FocusStanding.CURRENT, now)


@transaction.atomic(durable=True)
def leave(*, person: Person, brand: Brand) -> None:
    Focus.objects.filter(brand=brand, person=person).delete()


def one_page_at_a_time(person: Person, brand: Brand) -> None:
    """Two pages of one person wait for each other; colleagues do not."""
    Membership.objects.select_for_update().filter(person=person, brand=brand).first()


def _keep_ready(
    person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], current: Conversation | None, now: datetime
) -> Conversation | None:  # fmt: skip
    Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.NEXT).delete()
    if current is None:
        return None
    return _next(person, brand, view, sort, {*passed, current.public_id}, FocusStanding.NEXT, now)


def _next(
    person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], standing: FocusStanding, now: datetime
) -> Conversation | None:  # fmt: skip
    # A colleague may take what was free a moment ago; then it is looked for again.
    for _ in range(5):
        found = focus.free(view, person=person, brand=brand, sort=sort, now=now, passed=passed)
        if not found:
            return None
        if taken := _first(found, person, standing, now):
            return taken
    return None


def _first(
    found: list[Conversation], person: Person, standing: FocusStanding, now: datetime
) -> Conversation | None:
    return next((conversation for conversation in found if _take(conversation, person, standing, now)), None)


def _take(conversation: Conversation, person: Person, standing: FocusStanding, now: datetime) -> bool:
    """With one statement: a lease of one's own or one that is over gives way, any other stays."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inbox_focus AS f (brand_id, conversation_id, person_id, standing, until) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (conversation_id) DO UPDATE SET person_id = excluded.person_id, standing = excluded.standing,
                   until = excluded.until
               WHERE f.person_id = excluded.person_id OR f.until <= %s""",
            [conversation.brand_id, conversation.pk, person.pk, standing, now + LEASE, now],
        )
        return bool(cursor.rowcount == 1)
