"""A batch of arrivals of one brand, sorted out, and the people and conversations they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.actions import _sql
from inbox.exchange import (
    Edited,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Party,
    ProfileSeen,
    Reacted,
    ReadUpTo,
    ThreadKind,
    Typing,
    Unsent,
)
from inbox.models.fields import new_public_id

Key = tuple[int, str]  # (channel id, platform id)


@dataclass(slots=True)
class Batch:
    """What came, by kind, each platform message once."""

    messages: dict[Key, InboundMessage] = field(default_factory=dict)
    amendments: list[tuple[int, Edited | Unsent | Reacted]] = field(default_factory=list)
    reads: list[tuple[int, ReadUpTo]] = field(default_factory=list)
    typing: list[tuple[int, Typing]] = field(default_factory=list)
    parties: dict[Key, Party] = field(default_factory=dict)

    @classmethod
    def sort(cls, arrivals: Iterable[tuple[int, InboundEvent]]) -> Batch:
        batch = cls()
        for channel_id, event in arrivals:
            match event:
                case InboundMessage():
                    batch.messages.setdefault((channel_id, event.external_id), event)
                    if party := customer_of(event):
                        batch._meet(channel_id, party)
                case Edited() | Unsent() | Reacted():
                    batch.amendments.append((channel_id, event))
                case ReadUpTo():
                    batch.reads.append((channel_id, event))
                case Typing():
                    batch.typing.append((channel_id, event))
                case ProfileSeen():
                    batch._meet(channel_id, event.party)
        return batch

    def _meet(self, channel_id: int, party: Party) -> None:
        if party.external_id and (
            (channel_id, party.external_id) not in self.parties or party.name or party.username
        ):
            self.parties[(channel_id, party.external_id)] = party


def customer_of(message: InboundMessage) -> Party | None:
    return message.counterpart if message.outbound else message.author


@dataclass(slots=True)
class Met:
    handle_id: int
    contact_id: int
    name: str
    username: str
    avatar: str


def meet_people(brand_id: int, batch: Batch, now: datetime) -> dict[Key, Met]:
    """The handle and contact of everybody in the batch, made where they are new, renamed where the platform says so."""
    known = _find_people(list(batch.parties))
    new = {key: party for key, party in batch.parties.items() if key not in known}
    if new:
        _make_people(brand_id, new, now)
        known |= _find_people(list(new))
    _rename_people(batch.parties, known)
    _reach_again([known[key].handle_id for key in _writers(batch) if key in known])
    return known


def _writers(batch: Batch) -> set[Key]:
    return {
        (c, message.author.external_id) for (c, _), message in batch.messages.items() if not message.outbound
    }


def _reach_again(handle_ids: list[int]) -> None:
    """Somebody who writes can be written to again."""
    if handle_ids:
        _sql.run(
            "UPDATE inbox_handle SET unavailable_reason = '' WHERE id = ANY(%s) AND unavailable_reason <> ''",
            [handle_ids],
        )


def _find_people(keys: list[Key]) -> dict[Key, Met]:
    if not keys:
        return {}
    found = _sql.rows(
        """SELECT h.channel_id, h.external_id, h.id, h.contact_id, h.name, h.username, h.avatar_url
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_handle h ON h.channel_id = k.channel_id AND h.external_id = k.external_id COLLATE "C" """,
        _sql.columns(keys, 2),
    )
    return {(row[0], row[1]): Met(*row[2:]) for row in found}


def _make_people(brand_id: int, new: dict[Key, Party], now: datetime) -> None:
    people = [(str(new_public_id()), party.name[:200]) for party in new.values()]
    contact_ids = [
        row[0]
        for row in _sql.rows(
            """INSERT INTO inbox_contact (public_id, brand_id, name, created_at)
               SELECT p.public_id, %s, p.name, %s FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS p(public_id, name, place)
               ORDER BY p.place RETURNING id""",
            [brand_id, now, *_sql.columns(people, 2)],
        )
    ]
    _sql.run(
        """INSERT INTO inbox_handle (contact_id, channel_id, external_id, name, username, avatar_url, followers, verified,
                                     unavailable_reason)
           SELECT h.*, '' FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                                      %s::bigint[], %s::boolean[]) AS h""",
        _sql.columns(
            [
                (contact_id, channel_id, external_id, party.name[:200], party.username[:120], party.avatar_url[:2000],
                 party.followers, party.verified)
                for contact_id, ((channel_id, external_id), party) in zip(contact_ids, new.items(), strict=True)
            ],
            8,
        ),
    )  # fmt: skip


def _rename_people(parties: dict[Key, Party], known: dict[Key, Met]) -> None:
    """Webhooks often carry no name; those that do keep the handle current."""
    changed = []
    for key, party in parties.items():
        met = known[key]
        name, username = party.name[:200] or met.name, party.username[:120] or met.username
        avatar = party.avatar_url[:2000] or met.avatar
        if (name, username, avatar) != (met.name, met.username, met.avatar):
            met.name, met.username, met.avatar = name, username, avatar
            changed.append((met.handle_id, met.contact_id, name, username, avatar))
    if not changed:
        return
    columns = _sql.columns(changed, 5)
    _sql.run(
        """UPDATE inbox_handle h SET name = c.name, username = c.username, avatar_url = c.avatar
             FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]) AS c(id, contact, name, username, avatar)
            WHERE h.id = c.id""",
        columns,
    )
    name_authors([(handle_id, name or username) for handle_id, _, name, username, _ in changed])
    _sql.run(
        """UPDATE inbox_contact t SET name = c.name FROM unnest(%s::bigint[], %s::text[]) AS c(id, name)
            WHERE t.id = c.id AND c.name <> '' AND t.name <> c.name""",
        [columns[1], columns[2]],
    )


def name_authors(named: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """Messages that came before their author's name was known: (handle id, name). Returns (conversation id, message id)."""
    return [
        (row[0], row[1])
        for row in _sql.rows(
            """UPDATE inbox_message m SET author_name = n.name FROM unnest(%s::bigint[], %s::text[]) AS n(handle_id, name)
                WHERE m.author_handle_id = n.handle_id AND m.author_name = '' AND n.name <> ''
            RETURNING m.conversation_id, m.id""",
            _sql.columns(named, 2),
        )
    ]


@dataclass(slots=True)
class Thread:
    """A conversation as it stands while the batch is applied. Read under the brand's lock, so nobody else changes it."""

    id: int
    channel_id: int
    key: str
    state: str
    assignee_id: int | None
    contact_id: int | None
    last_inbound_at: datetime | None
    last_outbound_at: datetime | None
    waiting_since: datetime | None
    window_opened_at: datetime | None
    customer_read_at: datetime | None


_THREAD = """c.id, c.channel_id, c.thread_key, c.state, c.assignee_id, c.contact_id, c.last_inbound_at, c.last_outbound_at,
             c.waiting_since, c.window_opened_at, c.customer_read_at"""


def find_threads(keys: list[Key]) -> dict[Key, Thread]:
    """The conversation of each thread: the one under way, or the last one."""
    if not keys:
        return {}
    found = _sql.rows(
        f"""SELECT {_THREAD} FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, thread_key)
             CROSS JOIN LATERAL (SELECT * FROM inbox_conversation c WHERE c.channel_id = k.channel_id
                                    AND c.thread_key = k.thread_key COLLATE "C" ORDER BY c.id DESC LIMIT 1) c""",
        _sql.columns(keys, 2),
    )
    return {(row[1], row[2]): Thread(*row) for row in found}


def make_threads(
    brand_id: int,
    platforms: dict[int, str],
    firsts: dict[Key, InboundMessage],
    people: dict[Key, Met],
    *,
    historical: bool,
    now: datetime,
) -> dict[Key, Thread]:
    """Conversations for threads seen for the first time. History alone makes resolved ones: it asks nothing of anybody."""
    records: list[tuple[Any, ...]] = []
    for (channel_id, thread_key), first in firsts.items():
        party = customer_of(first)
        met = people.get((channel_id, party.external_id)) if party and party.external_id else None
        group = first.thread_kind is ThreadKind.GROUP
        name = (met.name or met.username) if met else ""
        records.append(
            (
                str(new_public_id()), channel_id, None if group or met is None else met.contact_id, first.thread_kind.value,
                thread_key, "" if group or party is None else party.external_id, platforms[channel_id],
                (f"Group with {name}" if name else "Group") if group else name, met.username if met and not group else "",
                met.avatar if met and not group else "", first.sent_at,
            )
        )  # fmt: skip
    if not records:
        return {}
    state = "resolved" if historical else "open"
    made = _sql.rows(
        f"""INSERT INTO inbox_conversation AS c (
                public_id, channel_id, contact_id, kind, thread_key, recipient_key, platform, contact_name, contact_username,
                contact_avatar, last_message_at, brand_id, state, resolved_at, created_at, priority, priority_reasons, tags,
                assignee_name, last_message_text, last_message_from, last_message_author, message_count, unread_count,
                due_reason, seq, public_seq)
            SELECT t.*, %s, %s, %s, %s, 3, '[]', '{{}}', '', '', '', '', 0, 0, '', 0, 0
              FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                          %s::text[], %s::text[], %s::timestamptz[]) AS t
            RETURNING {_THREAD}""",
        [brand_id, state, now if historical else None, now, *_sql.columns(records, 11)],
    )
    return {(row[1], row[2]): Thread(*row) for row in made}


def opens_window(message: InboundMessage, opens_on: frozenset[str]) -> bool:
    # Words always count as a message; a platform's list says which other kinds do.
    kind = (
        "message"
        if message.kind in (MessageKind.TEXT, MessageKind.QUICK_REPLY, MessageKind.SHARE)
        else message.kind.value
    )
    return not message.outbound and (kind in opens_on or message.kind.value in opens_on)


def threads_by_id(ids: list[int]) -> list[Thread]:
    if not ids:
        return []
    return [
        Thread(*row)
        for row in _sql.rows(f"SELECT {_THREAD} FROM inbox_conversation c WHERE c.id = ANY(%s)", [ids])
    ]


def bump_seq(seq_of: dict[int, int]) -> None:
    """A conversation's number is that of its newest event."""
    _sql.run(
        """UPDATE inbox_conversation c SET seq = s.seq FROM unnest(%s::bigint[], %s::bigint[]) AS s(id, seq)
            WHERE c.id = s.id AND c.seq < s.seq""",
        [list(seq_of), list(seq_of.values())],
    )


def rename_rows(named: list[tuple[int, str, str, str]]) -> None:
    """(contact id, name, username, avatar): what the list shows of a person, where it changed."""
    if named:
        _sql.run(
            """UPDATE inbox_conversation c SET contact_name = n.name, contact_username = n.username, contact_avatar = n.avatar
                 FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS n(contact_id, name, username, avatar)
                WHERE c.contact_id = n.contact_id
                  AND (c.contact_name, c.contact_username, c.contact_avatar) IS DISTINCT FROM (n.name, n.username, n.avatar)""",
            _sql.columns(named, 4),
        )


def keep_early_reads(reads: dict[Key, datetime]) -> None:
    """Looks at threads we know nothing of yet."""
    if reads:
        _sql.run(
            """INSERT INTO inbox_earlyread AS e (channel_id, thread_key, at)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
               ON CONFLICT (channel_id, thread_key) DO UPDATE SET at = greatest(e.at, excluded.at)""",
            _sql.columns([(*key, at) for key, at in reads.items()], 3),
        )


def take_early_reads(keys: list[Key]) -> dict[Key, datetime]:
    """What was kept for threads that have now begun."""
    if not keys:
        return {}
    return {
        (row[0], row[1]): row[2]
        for row in _sql.rows(
            """DELETE FROM inbox_earlyread e USING unnest(%s::bigint[], %s::text[]) AS k(channel_id, thread_key)
                WHERE e.channel_id = k.channel_id AND e.thread_key = k.thread_key COLLATE "C"
            RETURNING e.channel_id, e.thread_key, e.at""",
            _sql.columns(keys, 2),
        )
    }
