"""What a customer wrote since the last answer: the newest of it, shortened, in which anger is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inbox.actions import _sql
from inbox.rules import negative_words

if TYPE_CHECKING:
    from inbox.actions._touched import Touched

_SAID = f"""SELECT left(m.text, {negative_words.LONGEST}) AS text, m.sent_at, m.order_key, m.id FROM inbox_message m
             WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.kind <> 'system'"""
_NEWEST = f"ORDER BY sent_at DESC, order_key DESC, id DESC LIMIT {negative_words.MESSAGES}"

# Of a conversation `c`. What came late asks anew from when somebody resolved, or said that nothing needs an answer, and waits since then: it is older than that.
# Its number is higher than that of what was known by then, which the index of the thread knows without its rows.
SINCE = f"""CASE WHEN c.waiting_since IS NULL THEN '' ELSE coalesce((
               SELECT string_agg(s.text, E'\\n' ORDER BY s.sent_at) FROM (
                   (SELECT * FROM ({_SAID} AND m.sent_at >= c.waiting_since) m {_NEWEST})
                    UNION ALL
                   (SELECT m.* FROM (
                        SELECT FROM inbox_event e
                         WHERE e.conversation_id = c.id AND e.kind IN ('conversation.resolved', 'conversation.no_reply_needed')
                           AND e.at = c.waiting_since LIMIT 1) e
                     CROSS JOIN LATERAL (
                        {_SAID} AND m.sent_at < c.waiting_since AND m.created_at > c.waiting_since AND NOT m.historical
                            AND m.id > (SELECT coalesce(max(k.id), 0) FROM (
                                            SELECT k.id, k.created_at FROM inbox_message k
                                             WHERE k.conversation_id = c.id AND k.sent_at < c.waiting_since ORDER BY k.sent_at DESC LIMIT 20) k
                                         WHERE k.created_at <= c.waiting_since)
                        {_NEWEST}) m)
                    {_NEWEST}) s), '') END"""


def follow(touched: Sequence[Touched]) -> None:
    """Of those who wait since another time than their rows said."""
    moved = [each for each in touched if "waiting_since" in each.changed]
    if not moved:
        return
    said = _sql.rows(
        f"SELECT c.id, {SINCE} FROM unnest(%s::bigint[], %s::timestamptz[]) AS c(id, waiting_since)",
        _sql.columns([(each.id, each.waiting_since) for each in moved], 2),
    )
    by_id = dict(said)
    for each in moved:
        each.said = by_id[each.id]
