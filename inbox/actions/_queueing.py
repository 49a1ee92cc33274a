"""The router's queue: which conversations wait for somebody, and for which team. Nobody is chosen here (routing.route does)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from inbox import events
from inbox.actions import _leaving, _sql
from inbox.actions._touched import Touched
from inbox.learning import languages
from inbox.models import (
    Brand,
    ConversationState,
    Outcome,
    Presence,
    PresenceState,
    RoutingDecision,
    RoutingTicket,
)
from inbox.queries import routing_facts
from inbox.rules import routing

BY_PERSON, BY_ROUTING, BY_POLICY = "person", "routing", "policy"
NEVER = datetime.min.replace(tzinfo=UTC)  # since when somebody is offline who has never opened a page


def is_free(
    *,
    state: str,
    assignee_id: int | None,
    set_by: str,
    ended_since: bool,
    waiting_since: datetime | None,
) -> bool:
    """Whether the router may give it to somebody: it waits, and nobody chose for the spell it is in.

    What a person chose holds until it is resolved; so does what the router chose. When the customer comes back, it is asked anew.
    `ended_since`: a spell ended after the choice. That a spell *began* after it says less: the first one does where the brand wrote
    first, and another one where a colleague was chosen while it was resolved.
    """
    if state != ConversationState.OPEN or waiting_since is None:
        return False
    return ended_since or (assignee_id is None and set_by != BY_PERSON)


def sync(ledger: events.Ledger, touched: Sequence[Touched], now: datetime) -> None:
    """Take back what waits with people who are gone or cannot read it, and let the queue hold exactly what waits for somebody."""
    if not touched:
        return
    _leaving.give_back(ledger, touched, now)
    settings = routing_facts.settings_of(ledger.brand_id)
    if settings is None:
        return
    _take_back(ledger, touched, timedelta(seconds=settings.requeue_after), now)
    _hand_on(ledger, touched, now)
    teams = routing_facts.teams_of(ledger.brand_id)
    ended = _ended_since(touched)
    free = [
        each for each in touched
        if is_free(
            state=each.state, assignee_id=each.assignee_id, set_by=each.assignee_set_by, ended_since=each.id in ended,
            waiting_since=each.waiting_since,
        )
    ]  # fmt: skip
    foreign = _foreign(ledger.brand_id, free, teams)
    waiting: list[tuple[int, int, datetime]] = []
    for each in free:
        team = _team(each, teams, routing.FOREIGN if each.id in foreign else each.language)
        each.change(team_id=team)  # none too: nobody in the one that once took it is asked any more
        if team:
            waiting.append((each.id, team, each.waiting_since or now))
    here = {pk for pk, *_ in waiting}
    forget([each.id for each in touched if each.id not in here])
    new = set(_queue(ledger.brand_id, waiting))
    for each in touched:
        if each.id in new:
            each.changed.setdefault("team_id", each.team_id)  # what waits now is told, so that somebody looks


def forget(conversation_ids: Iterable[int]) -> bool:
    """They wait no more: somebody has them, or nobody needs to. Why nobody could take them is no longer true either.

    Returns whether any of them waited.
    """
    ids = list(conversation_ids)
    waited = bool(ids and RoutingTicket.objects.filter(pk__in=ids).delete()[0])
    if waited:
        RoutingDecision.objects.filter(conversation__in=ids, outcome=Outcome.NOBODY).delete()
    return waited


def time_the_silent(brand_id: int) -> None:
    """After other figures: when what waits with those who are offline goes back, those who fell silent before included."""
    _sql.run(
        """UPDATE inbox_presence p SET requeue_at = CASE WHEN s.is_on THEN p.since + s.requeue_after * interval '1 second' END
             FROM inbox_routingsettings s,
                  (SELECT r.id FROM inbox_presence r JOIN inbox_membership m USING (brand_id, person_id)
                     JOIN inbox_person w ON w.id = m.person_id AND w.is_active
                    WHERE r.brand_id = %s AND r.state = 'offline' ORDER BY r.person_id FOR UPDATE OF r) d
            WHERE s.brand_id = p.brand_id AND p.id = d.id""",
        [brand_id],
    )


def _ended_since(touched: Sequence[Touched]) -> set[int]:
    """Asked only of those who wait in a spell that began after the choice: none other has ended since."""
    asked = [
        (each.id, each.assignee_set_at) for each in touched
        if each.state == ConversationState.OPEN and each.waiting_since and each.assignee_set_at
        and each.opened_at and each.assignee_set_at < each.opened_at
    ]  # fmt: skip
    if not asked:
        return set()
    sql = f"SELECT c.id FROM unnest(%s::bigint[], %s::timestamptz[]) AS c(id, assignee_set_at) WHERE {routing_facts.ENDED_SINCE}"
    return {pk for (pk,) in _sql.rows(sql, _sql.columns(asked, 2))}


def _foreign(brand_id: int, free: Sequence[Touched], teams: Sequence[routing.Takes]) -> set[int]:
    """Those whose customers wait with words in an alphabet that none of the brand's languages is written in. Whoever reads such words on learns
    nothing from them. Asked only where a team might be taken for one that can."""
    unheard = [each for each in free if each.said and not each.language]
    if not unheard or not any(team.languages for team in teams):
        return set()
    among = tuple(Brand.objects.values_list("languages", flat=True).get(pk=brand_id))
    return {each.id for each in unheard if languages.is_foreign(each.said, among)}


def _team(each: Touched, teams: Sequence[routing.Takes], language: str) -> int | None:
    if each.team_by_hand and each.team_id:
        return each.team_id
    return routing.team_of(teams, channel=each.channel_id, tags=each.tags, language=language, kind=each.kind)


def _queue(brand_id: int, waiting: Sequence[tuple[int, int, datetime]]) -> list[int]:
    """Returns those that did not stand in the queue before. Another team means another look at why nobody could."""
    if not waiting:
        return []
    new = _sql.rows(
        """INSERT INTO inbox_routingticket AS t (brand_id, conversation_id, team_id, since, told)
           SELECT %s, w.*, '' FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS w
           ON CONFLICT (conversation_id) DO UPDATE SET team_id = excluded.team_id, told = ''
            WHERE t.team_id <> excluded.team_id
           RETURNING conversation_id""",
        [brand_id, *_sql.columns(waiting, 3)],
    )
    return [pk for (pk,) in new]


def _take_back(ledger: events.Ledger, touched: Sequence[Touched], after: timedelta, now: datetime) -> None:
    """From those who went offline, long enough ago. What a colleague gave them since then was given on purpose and stays."""
    held = [
        each for each in touched
        if each.assignee_id and each.waiting_since and each.state == ConversationState.OPEN
    ]  # fmt: skip
    if not held:
        return
    known = {
        person_id: (state, since)
        for person_id, state, since in Presence.objects.filter(
            brand_id=ledger.brand_id, person__in={each.assignee_id for each in held}
        ).values_list("person_id", "state", "since")
    }
    for each in held:
        state, since = known.get(each.assignee_id or 0, (PresenceState.OFFLINE, NEVER))
        if state != PresenceState.OFFLINE or since > now - after:
            continue
        if since == NEVER and each.assignee_set_by not in (BY_POLICY, BY_ROUTING):
            continue  # whoever gave it to somebody who has never been there knew it
        if each.assignee_set_by == BY_PERSON and each.assignee_set_at and each.assignee_set_at > since:
            continue
        _leaving.free(ledger, each, now, why="offline")


def _hand_on(ledger: events.Ledger, touched: Sequence[Touched], now: datetime) -> None:
    """What routing gave before its language was known goes to who speaks it, as if the first words had told. What has been answered stays, and
    so does what its assignee has before them."""
    told = {
        each.id: each for each in touched
        if "language" in each.changed and each.language and each.assignee_set_by == BY_ROUTING
        and each.waiting_since and each.state == ConversationState.OPEN
    }  # fmt: skip
    if not told:
        return
    rows = [(each.id, each.assignee_id, each.language, each.assignee_set_at) for each in told.values()]
    found = _sql.rows(
        """SELECT h.id FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[]) AS h(id, person_id, language, since)
             JOIN inbox_desk d ON d.brand_id = %s AND d.person_id = h.person_id AND d.languages <> '{}' AND h.language <> ALL(d.languages)
            WHERE NOT EXISTS (SELECT FROM inbox_message m WHERE m.conversation_id = h.id AND m.direction = 'out' AND m.created_at >= h.since
                                 AND m.origin <> 'automation' AND NOT m.historical AND m.state <> 'failed')
              AND NOT EXISTS (SELECT FROM inbox_focus f WHERE f.conversation_id = h.id AND f.until > %s AND f.standing = 'current')""",
        [*_sql.columns(rows, 4), ledger.brand_id, now],
    )
    for (pk,) in found:
        _leaving.free(ledger, told[pk], now, why="language", language=told[pk].language)
