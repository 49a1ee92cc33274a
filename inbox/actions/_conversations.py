"""The conversations that a batch belongs to: found, made, and what their rows show of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox import platforms
from inbox.actions import _sql, _unhiding
from inbox.actions._arrivals import Key, Met, customer_of
from inbox.actions._unhiding import Unhidden
from inbox.exchange import STAND_IN, InboundMessage, MessageKind, ThreadKind
from inbox.models import Channel
from inbox.models.fields import new_public_id
from inbox.rules.arrays import array


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
    kind: str
    recipient_key: str
    window_shut_at: datetime | None


_THREAD = """c.id, c.channel_id, c.thread_key, c.state, c.assignee_id, c.contact_id, c.last_inbound_at, c.last_outbound_at,
             c.waiting_since, c.window_opened_at, c.customer_read_at, c.kind, c.recipient_key, c.window_shut_at"""


# Of one that was merged by hand somebody has said whose it is.
NOT_MERGED = """NOT EXISTS (SELECT FROM inbox_conversationmerge g WHERE g.kept_id = c.id AND g.undone_at IS NULL)
                  AND NOT EXISTS (SELECT FROM inbox_conversationmerge g WHERE g.merged_id = c.id AND g.undone_at IS NULL)"""


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
    names: dict[int, str],
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
                thread_key, "" if group or party is None else party.external_id, names[channel_id],
                _name_of_group(name) if group else name, met.username if met and not group else "",
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
                due_reason, seq, public_seq, contact_vip)
            SELECT t.*, %s, %s, %s, %s, 3, '[]', '{{}}', '', '', '', '', 0, 0, '', 0, 0,
                   coalesce((SELECT vip FROM inbox_contact p WHERE p.id = t.contact_id), false)
              FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                          %s::text[], %s::text[], %s::timestamptz[])
                      AS t (public_id, channel_id, contact_id, kind, thread_key, recipient_key, platform, name, username, avatar, at)
            RETURNING {_THREAD}""",
        [brand_id, state, now if historical else None, now, *_sql.columns(records, 11)],
    )
    return {(row[1], row[2]): Thread(*row) for row in made}


def _name_of_group(name: str) -> str:
    """By whoever is known in it, as long as a name may be."""
    return f"Group with {name}"[:200] if name else "Group"


def introduce(
    messages: dict[Key, InboundMessage], threads: dict[Key, Thread], people: dict[Key, Met]
) -> None:
    """Where the brand began a thread and the platform does not say with whom, its person is whoever answers. Where it hid the person,
    it is whoever is named first; whom somebody said the hidden one to be, that they stay."""
    met: dict[int, tuple[Any, ...]] = {}
    named: set[int] = set()
    unhidden: list[Unhidden] = []
    for (channel_id, _), message in messages.items():
        thread, party = threads[(channel_id, message.thread_id)], customer_of(message)
        is_direct = message.thread_kind is ThreadKind.DIRECT and thread.kind == "direct"
        if not is_direct or party is None or not party.external_id or thread.id in named:
            continue
        is_news = thread.recipient_key.startswith(f"{STAND_IN}:") and not party.stand_in
        if thread.contact_id is None or is_news:
            who = people[(channel_id, party.external_id)]
            shown = (who.name or who.username, who.username, who.avatar)
            met[thread.id] = (thread.id, who.contact_id, party.external_id, *shown)
            if not party.stand_in:
                named.add(thread.id)
                if thread.contact_id is not None:
                    unhidden.append(
                        Unhidden(thread.id, thread.channel_id, thread.recipient_key, thread.contact_id, who)
                    )
    for thread_id, contact_id in _unhiding.stay(unhidden).items():
        met[thread_id] = (thread_id, contact_id, *met[thread_id][2:])
    if met:
        _sql.run(
            """UPDATE inbox_conversation c SET contact_id = p.contact_id, recipient_key = p.external_id, contact_name = p.name,
                      contact_username = p.username, contact_avatar = p.avatar,
                      contact_vip = (SELECT vip FROM inbox_contact t WHERE t.id = p.contact_id)
                 FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
                      AS p(id, contact_id, external_id, name, username, avatar)
                WHERE c.id = p.id AND c.kind = 'direct' AND (c.contact_id IS NULL OR c.recipient_key LIKE %s)""",
            [*_sql.columns(list(met.values()), 6), f"{STAND_IN}:%"],
        )


def begin_with_the_first(
    messages: dict[Key, InboundMessage], threads: dict[Key, Thread], joined: Iterable[int]
) -> None:
    """Where many speak under one comment it is the conversation of whoever wrote first, and not of whoever was told first. `joined`:
    conversations to which something came that stood elsewhere or under another name."""
    others = set(joined) | {
        thread.id
        for (channel_id, _), message in messages.items()
        if message.thread_kind is ThreadKind.COMMENT and not message.outbound
        if (thread := threads[(channel_id, message.thread_id)]).recipient_key != message.author.external_id
    }
    if others:
        _sql.run(
            f"""UPDATE inbox_conversation c SET contact_id = h.contact_id, recipient_key = h.external_id, contact_username = h.username,
                      contact_name = CASE h.name WHEN '' THEN h.username ELSE h.name END, contact_avatar = h.avatar_url,
                      contact_vip = (SELECT vip FROM inbox_contact t WHERE t.id = h.contact_id)
                 FROM unnest(%s::bigint[]) AS k(id)
                CROSS JOIN LATERAL (
                    SELECT m.author_handle_id AS id FROM inbox_message m
                     WHERE m.conversation_id = k.id AND m.direction = 'in' AND m.author_handle_id IS NOT NULL AND m.kind <> 'system'
                     ORDER BY m.sent_at, m.order_key, m.id LIMIT 1) f
                 JOIN inbox_handle h ON h.id = f.id
                WHERE c.id = k.id AND c.kind = 'comment' AND c.recipient_key <> h.external_id AND {NOT_MERGED}""",
            [array(sorted(others))],
        )


def make_groups(
    messages: dict[Key, InboundMessage], threads: dict[Key, Thread], channels: Mapping[int, Channel]
) -> None:
    """A conversation with one person in which another writes, on a platform that has groups, was one all along: the platform did not
    say so at once. It belongs to nobody from then on, as a group that was told belongs to nobody."""
    met: list[tuple[int, str, bool]] = []
    for (channel_id, _), message in messages.items():
        thread, told = threads[(channel_id, message.thread_id)], message.thread_kind is ThreadKind.GROUP
        if thread.kind != "direct" or not platforms.get(channels[channel_id].platform).receive.groups:
            continue
        speaks = (
            not message.outbound and message.kind is not MessageKind.SYSTEM and not message.author.stand_in
        )
        if told or (speaks and message.author.external_id != thread.recipient_key):
            met.append((thread.id, message.author.external_id, told))
    if met:
        _sql.run(
            """UPDATE inbox_conversation c SET kind = 'group', contact_id = NULL, recipient_key = '', contact_username = '',
                      contact_avatar = '', contact_vip = false,
                      contact_name = CASE c.contact_name WHEN '' THEN 'Group' ELSE left('Group with ' || c.contact_name, 200) END
                 FROM unnest(%s::bigint[], %s::text[], %s::boolean[]) AS g(id, author, told)
                WHERE c.id = g.id AND c.kind = 'direct'
                  AND (g.told OR (c.recipient_key <> '' AND c.recipient_key <> g.author COLLATE "C"))""",
            _sql.columns(met, 3),
        )


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
    if not seq_of:
        return
    _sql.run(
        """UPDATE inbox_conversation c SET seq = s.seq FROM unnest(%s::bigint[], %s::bigint[]) AS s(id, seq)
            WHERE c.id = s.id AND c.seq < s.seq""",
        [list(seq_of), list(seq_of.values())],
    )


def rename_rows(named: list[tuple[int, str, int, str, str, str]]) -> list[int]:
    """(channel id, platform id, contact id, name, username, avatar): what the list shows of a person there. Returns the conversations
    where that changed."""
    if not named:
        return []
    changed = _sql.rows(
        """UPDATE inbox_conversation c SET contact_name = n.name, contact_username = n.username, contact_avatar = n.avatar
             FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])
                  AS n(channel_id, external_id, contact_id, name, username, avatar)
            WHERE c.contact_id = n.contact_id AND c.channel_id = n.channel_id
              AND c.recipient_key = n.external_id COLLATE "C"
              AND (c.contact_name, c.contact_username, c.contact_avatar) IS DISTINCT FROM (n.name, n.username, n.avatar)
        RETURNING c.id""",
        _sql.columns(named, 6),
    )
    return [pk for (pk,) in changed]
