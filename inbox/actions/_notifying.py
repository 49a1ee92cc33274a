"""Tell people of something, within the action that makes it so. Nobody is told twice of a subject they have not looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox import events
from inbox.actions import _sql
from inbox.models import EventKind, NotificationKind
from inbox.models.fields import new_public_id


@dataclass(frozen=True, slots=True)
class Notice:
    person_id: int
    kind: str  # a NotificationKind
    conversation_id: int | None
    text: str
    message_id: int | None = None
    actor_id: int | None = None
    channel_id: int | None = None
    matter: str = ""

    @property
    def subject(self) -> tuple[int, str, int | None, int | None, int | None, str]:
        return (
            self.person_id, self.kind, self.conversation_id, self.message_id, self.channel_id, self.matter,
        )  # fmt: skip


def notify(ledger: events.Ledger, notices: Sequence[Notice], now: datetime) -> None:
    """In one statement however many. What is not seen yet gets the newer words; what was seen is told anew."""
    newest = {each.subject: each for each in notices}
    if not newest:
        return
    together: dict[int | None, list[Notice]] = defaultdict(list)
    for each in newest.values():
        together[each.conversation_id].append(each)
    seqs = {
        conversation_id: ledger.record(
            EventKind.NOTIFIED, at=now, conversation_id=conversation_id, actor_id=those[0].actor_id,
            people=sorted({each.person_id for each in those}),
        )
        for conversation_id, those in together.items()
    }  # fmt: skip
    _sql.run(
        """INSERT INTO inbox_notification AS n (brand_id, at, public_id, person_id, kind, conversation_id, message_id, actor_id,
                                                text, seq, channel_id, matter)
           SELECT %s, %s, d.* FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
                                          %s::bigint[], %s::bigint[], %s::text[]) AS d
           ON CONFLICT (person_id, kind, conversation_id, message_id, channel_id, matter) WHERE seen_at IS NULL
           DO UPDATE SET text = excluded.text, at = excluded.at, seq = excluded.seq, actor_id = excluded.actor_id""",
        [
            ledger.brand_id, now,
            *_sql.columns(
                [
                    (str(new_public_id()), each.person_id, each.kind, each.conversation_id, each.message_id, each.actor_id,
                     each.text[:200], seqs[each.conversation_id], each.channel_id, each.matter)
                    for each in newest.values()
                ],
                10,
            ),
        ],
    )  # fmt: skip


def settled(
    ledger: events.Ledger,
    message_ids: Sequence[int],
    now: datetime,
    *,
    kind: NotificationKind = NotificationKind.REPLY,
) -> None:
    """These replies have left, or were given up: that they had not, or would be late, is told to nobody any more, seen or not. The page of
    whoever had not seen it looks whether there is anything else."""
    if not message_ids:
        return
    gone = _sql.rows(
        "DELETE FROM inbox_notification WHERE kind = %s AND message_id = ANY(%s) RETURNING person_id, seen_at IS NULL",
        [kind, list(message_ids)],
    )
    if people := sorted({person_id for person_id, is_unseen in gone if is_unseen}):
        ledger.record(EventKind.NOTIFIED, at=now, people=[], spared=people)
