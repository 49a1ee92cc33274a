"""Working through a view one by one. What somebody has in focus nobody else is given, and no lease outlives its page for long.

`page` names the page that asks: once it has given back what it had, nothing more is taken for it, however late a request of it comes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from inbox.actions import _focus_pages, _sql
from inbox.models import Brand, Conversation, Focus, FocusStanding, Membership, Person
from inbox.queries import focus
from inbox.queries.inbox_list import View
from inbox.queries.sorting import Sort

LEASE = timedelta(seconds=40)  # renewed every ten while the page's socket lives, and by the page every twelve


class Refused(Exception):
    """It stays with whoever has it; the words say who."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is on somebody's screen and what comes after it. None: nothing is left that is free."""

    current: Conversation | None
    ready: Conversation | None
    lost_to: Person | None = None  # a colleague took over what was on the screen
    is_left: bool = (
        False  # nothing is free, but the view holds something: colleagues have it, or it was passed over
    )


@transaction.atomic(durable=True)
def go_on(
    *, person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], wanted: UUID | None, now: datetime,
    page: UUID | None = None,
) -> Place:  # fmt: skip
    """Take the next one: what was kept ready, if that is what the page shows and of the view still, else the first of the view that is free."""
    one_page_at_a_time(person, brand)
    if page and _focus_pages.has_left(page):
        return Place(None, None)
    if page:
        _focus_pages.note_here(page, brand_id=brand.pk, person_id=person.pk)
    ready = Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.NEXT, until__gt=now)
    kept = [] if wanted is None or wanted in passed else focus.still(view, person, brand, ready, wanted, now)
    Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.CURRENT).delete()
    current = _first(kept, person, FocusStanding.CURRENT, now) or _next(
        person, brand, view, sort, passed, FocusStanding.CURRENT, now
    )
    if current is None:
        _give_back_ready(person, brand)
        return Place(None, None, is_left=view.conversations(person, brand, now=now).exists())
    return Place(current, _keep_ready(person, brand, view, sort, passed, current, now))


@transaction.atomic(durable=True)
def stay(
    *, person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], current: UUID | None, now: datetime,
    page: UUID | None = None,
) -> Place:  # fmt: skip
    """The page lives: what it shows stays its person's, and what is kept ready is what is next by now."""
    one_page_at_a_time(person, brand)
    if page and _focus_pages.has_left(page):
        return Place(None, None)
    shown = Conversation.objects.filter(brand=brand, public_id=current).first() if current else None
    if shown is None:
        return Place(None, None)
    mine = Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.CURRENT)
    if mine.exclude(conversation=shown).exists():
        return Place(None, None, lost_to=person)  # they go on in another window
    if not _take(shown, person, FocusStanding.CURRENT, now):
        return Place(None, None, lost_to=focus.holder(shown.pk, now=now))
    if page:  # another of theirs has ended meanwhile, or this one came back under another name
        _focus_pages.note_here(page, brand_id=brand.pk, person_id=person.pk)
    return Place(shown, _keep_ready(person, brand, view, sort, passed, shown, now))


@transaction.atomic(durable=True)
def take_over(*, conversation: Conversation, by: Person, now: datetime) -> None:
    """Knowingly, from a colleague who has it in focus. Refused where another has taken it over in the same moment: then all stays as it was.

    What goes is locked in one order, for two who take over each other's at once.
    """
    one_page_at_a_time(by, conversation.brand)
    _sql.run(
        """WITH gone AS MATERIALIZED (
               SELECT id FROM inbox_focus WHERE conversation_id = %s OR (brand_id = %s AND person_id = %s)
                ORDER BY id FOR UPDATE)
           DELETE FROM inbox_focus WHERE id IN (SELECT id FROM gone)""",
        [conversation.pk, conversation.brand_id, by.pk],
    )
    if not _take(conversation, by, FocusStanding.CURRENT, now):
        holder = focus.holder(conversation.pk, now=now)
        raise Refused(f"{holder.short_name if holder else 'A colleague'} was quicker and has it now.")
    _focus_pages.note_here(None, brand_id=conversation.brand_id, person_id=by.pk)


@transaction.atomic(durable=True)
def leave(*, person: Person, brand: Brand, page: UUID | None = None) -> None:
    """Noted first, then one waits for whatever is under way: what that has taken is given back with the rest."""
    if page:
        _focus_pages.note_left(page)
    one_page_at_a_time(person, brand)
    if page and _focus_pages.is_elsewhere(page, brand_id=brand.pk, person_id=person.pk):
        return
    Focus.objects.filter(brand=brand, person=person).delete()
    _focus_pages.note_nowhere(brand_id=brand.pk, person_id=person.pk)


def keep(shown: Sequence[tuple[int, int, UUID]], *, now: datetime) -> int:
    """Pages whose sockets live, as (brand, person, what is on the screen): it stays theirs, and so does what is kept ready for them.

    It takes nothing: what was given back, or is another's by now, stays so. And it waits for nobody: what is being taken or given
    back in this moment is dealt with by that.
    """
    if not shown:
        return 0
    return _sql.run(
        """WITH theirs AS (
               SELECT f.id
                 FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[]) AS p(brand_id, person_id, public_id)
                 JOIN inbox_conversation c ON c.public_id = p.public_id AND c.brand_id = p.brand_id
                 JOIN inbox_focus has ON has.conversation_id = c.id AND has.person_id = p.person_id AND has.standing = %s
                 JOIN inbox_focus f ON f.brand_id = p.brand_id AND f.person_id = p.person_id
                  FOR UPDATE OF f SKIP LOCKED)
           UPDATE inbox_focus SET until = %s WHERE id IN (SELECT id FROM theirs)""",
        [*_sql.columns(sorted(set(shown)), 3), FocusStanding.CURRENT, now + LEASE],
    )


def one_page_at_a_time(person: Person, brand: Brand) -> None:
    """Two pages of one person wait for each other; colleagues do not."""
    Membership.objects.select_for_update().filter(person=person, brand=brand).first()


def _keep_ready(
    person: Person, brand: Brand, view: View, sort: Sort, passed: Collection[UUID], current: Conversation, now: datetime
) -> Conversation | None:  # fmt: skip
    _give_back_ready(person, brand)
    return _next(person, brand, view, sort, {*passed, current.public_id}, FocusStanding.NEXT, now)


def _give_back_ready(person: Person, brand: Brand) -> None:
    Focus.objects.filter(brand=brand, person=person, standing=FocusStanding.NEXT).delete()


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
