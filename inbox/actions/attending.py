"""Who is there. An open page says so every few seconds; nobody has to say goodbye, because silence does (a killed process is silent, too)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import QuerySet

from inbox import events
from inbox.actions import _by_brand, _isolating, _looking, _sql
from inbox.actions._queueing import BY_PERSON
from inbox.models import (
    Brand,
    Conversation,
    ConversationState,
    Membership,
    Person,
    Presence,
    PresenceState,
)
from inbox.models.conversations import UNDER_WAY
from inbox.queries import routing_facts

AT_ONCE = 64
LATER = timedelta(minutes=1)  # for what cannot be looked at
USUAL_GRACE = 120  # seconds, for a brand that has said nothing

# Somebody who has been there before. Silence says nothing of what they said of themselves: whoever went away comes back as away.
_AGAIN = """
    ON CONFLICT (brand_id, person_id) DO UPDATE
       SET last_seen_at = greatest(p.last_seen_at, excluded.last_seen_at), requeue_at = NULL,
           state = CASE WHEN p.state <> 'offline' THEN p.state WHEN p.away THEN 'away' ELSE 'online' END,
           since = CASE p.state WHEN 'offline' THEN excluded.since ELSE p.since END
    RETURNING p.brand_id, p.since = %s"""


def arrive(*, brand_id: int, person_id: int, now: datetime) -> bool:
    """A page was opened. True: the person was not there before. Whoever is away stays away until they say otherwise.

    Whoever left in this moment does not come back by it: what they had would wait with them.
    """
    arrived = _sql.rows(
        f"""INSERT INTO inbox_presence AS p (brand_id, person_id, state, since, last_seen_at)
            SELECT m.brand_id, m.person_id, 'online', %s, %s
              FROM inbox_membership m JOIN inbox_person w ON w.id = m.person_id AND w.is_active
             WHERE m.brand_id = %s AND m.person_id = %s
            {_AGAIN}""",
        [now, now, brand_id, person_id, now],
    )
    return any(came for _, came in arrived)


def hear(*, present: Sequence[tuple[int, int]], now: datetime) -> list[int]:
    """Pages that are still open, as (brand, person). Returns brands where somebody is back who had been taken for gone.

    A person's first arrival may not have been noted; whoever no longer works there is not heard.
    """
    if not present:
        return []
    back = _sql.rows(
        f"""INSERT INTO inbox_presence AS p (brand_id, person_id, state, since, last_seen_at)
            SELECT m.brand_id, m.person_id, 'online', %s, %s
              FROM unnest(%s::bigint[], %s::bigint[]) AS d(brand_id, person_id)
              JOIN inbox_membership m ON m.brand_id = d.brand_id AND m.person_id = d.person_id
              JOIN inbox_person w ON w.id = m.person_id AND w.is_active ORDER BY 1, 2
            {_AGAIN}""",
        [now, now, *_sql.columns(sorted(set(present)), 2), now],
    )
    return sorted({brand_id for brand_id, came in back if came})


def keep_zone(*, person: Person, time_zone: str) -> None:
    """In which zone their browser shows times: what they type means the same. A zone that is not known here says nothing."""
    if time_zone != person.time_zone and time_zone in _zones():
        Person.objects.filter(pk=person.pk).update(time_zone=time_zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def choose(*, brand: Brand, person: Person, away: bool, now: datetime) -> bool:
    """Away: keeps what one has and gets nothing new. Returns whether anything changed."""
    state = PresenceState.AWAY if away else PresenceState.ONLINE
    arrive(brand_id=brand.pk, person_id=person.pk, now=now)
    found = Presence.objects.filter(brand=brand, person=person).exclude(state=state, away=away)
    return bool(found.update(state=state, away=away, since=now))


def note_silence(*, now: datetime) -> list[int]:
    """Whoever was not heard of for the brand's grace is offline (what they said of themselves stays), and what waits with them has a time to be taken back.

    Of whoever works there no more it is due at once: a page that was still open may have been heard while they were leaving.
    Returns the brands where that is so of anybody.
    """
    gone = _sql.rows(
        """UPDATE inbox_presence p
              SET state = 'offline', since = %s,
                  requeue_at = CASE WHEN NOT EXISTS (SELECT FROM inbox_membership m
                                                       JOIN inbox_person w ON w.id = m.person_id AND w.is_active
                                                      WHERE m.brand_id = p.brand_id AND m.person_id = p.person_id)
                                    THEN %s::timestamptz
                                    WHEN s.is_on THEN %s + s.requeue_after * interval '1 second' END
             FROM inbox_brand b LEFT JOIN inbox_routingsettings s ON s.brand_id = b.id
            WHERE p.brand_id = b.id AND p.state <> 'offline'
              AND p.last_seen_at <= %s - coalesce(s.offline_after, %s) * interval '1 second'
        RETURNING p.brand_id""",
        [now, now, now, now, USUAL_GRACE],
    )
    return sorted({brand_id for (brand_id,) in gone})


def gone(*, now: datetime) -> list[tuple[int, int]]:
    """(brand, person) with whom nothing should wait any more."""
    found = Presence.objects.filter(requeue_at__lte=now, state=PresenceState.OFFLINE)
    return list(found.order_by("requeue_at", "pk").values_list("brand_id", "person_id"))


def take_back_from_gone(*, now: datetime) -> None:
    """What waits with any of them goes back. A brand whose lock somebody holds waits for the next look; the others do not wait for it."""
    left = set[int]()
    for brand_id, person_id in gone(now=now):
        if brand_id not in left and not _by_brand.work(
            brand_id, partial(_take_all_back, brand_id, person_id, now), now=now
        ):
            left.add(brand_id)


def _take_all_back(brand_id: int, person_id: int, now: datetime) -> None:
    while take_back(brand_id=brand_id, person_id=person_id, now=now):
        pass


def take_back(*, brand_id: int, person_id: int, now: datetime) -> int:
    """What waits with somebody who is offline goes back, some at a time. Returns how many went.

    Two at once take nothing back twice, and whoever comes back meanwhile keeps what is left. One that cannot be looked at is left out for
    a while, and logged.
    """
    taken, failed, after = list[int](), list[int](), 0
    while ids := _held(brand_id, person_id, after, now):
        failed += _isolating.each(ids, partial(_take, brand_id, person_id, now, taken))
        after = ids[-1]
    _absent(brand_id, person_id, now).update(requeue_at=now + LATER if failed else None)
    return len(taken)


def _absent(brand_id: int, person_id: int, now: datetime) -> QuerySet[Presence]:
    return Presence.objects.filter(
        brand_id=brand_id, person_id=person_id, state=PresenceState.OFFLINE, requeue_at__lte=now
    )


def _held(brand_id: int, person_id: int, after: int, now: datetime) -> list[int]:
    """The next of what they have and should not. Of somebody who works here no more that is all that is under way, whether it waits or not,
    and whoever had given it to them."""
    presence = _absent(brand_id, person_id, now).first()
    if presence is None:
        return []
    has = Conversation.objects.filter(brand_id=brand_id, assignee_id=person_id, pk__gt=after).order_by("pk")
    if not Membership.objects.filter(brand=brand_id, person=person_id, person__is_active=True).exists():
        return list(has.filter(state__in=UNDER_WAY).values_list("pk", flat=True)[:AT_ONCE])
    settings = routing_facts.settings_of(brand_id)
    if settings and (due := presence.since + timedelta(seconds=settings.requeue_after)) > now:
        # The brand waits for longer than it did when they fell silent.
        _absent(brand_id, person_id, now).update(requeue_at=due)
        return []
    waiting = has.filter(state=ConversationState.OPEN, waiting_since__isnull=False).exclude(
        assignee_set_by=BY_PERSON, assignee_set_at__gt=presence.since
    )
    return list(waiting.values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic(durable=True)
def _take(
    brand_id: int, person_id: int, now: datetime, taken: list[int], conversation_ids: Sequence[int]
) -> None:
    _by_brand.be_patient()
    with events.ledger(brand_id) as ledger:
        if _absent(brand_id, person_id, now).select_for_update().first() is None:
            return
        touched = _looking.look(ledger, conversation_ids, now)
    taken += [each.id for each in touched if each.assignee_id is None]
