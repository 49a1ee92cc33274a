"""What else is under way with the people of some conversations: how often somebody came counts in each of theirs."""

from __future__ import annotations

from collections.abc import Collection

from inbox import binding
from inbox.models.conversations import UNDER_WAY
from inbox.rules.arrays import array

# One step into the index of a person's conversations for each person, and hardly anybody has a second one.
_BESIDE = """
    SELECT o.id FROM (SELECT DISTINCT contact_id FROM inbox_conversation WHERE id = ANY(%s::bigint[]) AND contact_id IS NOT NULL) p
     CROSS JOIN LATERAL (
           SELECT c.id FROM inbox_conversation c
            WHERE c.contact_id = p.contact_id AND c.state = ANY(%s::text[]) AND c.id <> ALL(%s::bigint[])
            ORDER BY c.last_message_at DESC LIMIT %s) o
     ORDER BY o.id"""


def under_way_beside(conversation_ids: Collection[int], *, left_out: Collection[int], most: int) -> list[int]:
    """Other conversations under way with the people of these, by id, without those `left_out`: of each person the newest `most`."""
    if not conversation_ids:
        return []
    asked: list[str | int] = [
        array(list(conversation_ids)),
        array(list(UNDER_WAY)),
        array(list(left_out)),
        most,
    ]
    with binding.cursor() as cursor:
        cursor.execute(_BESIDE, asked)
        return [pk for (pk,) in cursor.fetchall()]
