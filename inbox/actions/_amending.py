"""Edits, unsends and reactions: kept as they come, then each message they touch is folded anew."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from inbox import platforms
from inbox.actions import _sql, _taken_echoes
from inbox.actions._arrivals import Batch, Key
from inbox.exchange import Edited, Reacted, Unsent
from inbox.models import Channel
from inbox.rules import amendments
from inbox.rules.cleaning import LONGEST, clean

Record = tuple[Any, ...]  # channel, target, kind, at, version, actor, actor's name, emoji, removed, text
Identity = tuple[Any, ...]  # what an amendment is told once by: all of that but the name and the text
REWORDING = frozenset({"edit", "unsend"})  # what changes the words that somebody answers


def keep(batch: Batch, now: datetime) -> dict[Key, set[str]]:
    """Store what is new. Returns the messages (by platform id) that something new happened to, and the kinds of it."""
    told: dict[Key, set[str]] = defaultdict(set)
    first: dict[Identity, Record] = {}
    others = []
    for channel_id, event in batch.amendments:
        record = _record(channel_id, event)
        if _words_of(first.setdefault(_identity(record), record)) != _words_of(record):
            others.append(record)
    if not first:
        return told
    new = _insert(first.values(), told, now)
    was_told = [record for identity, record in first.items() if identity not in new]
    if like := [record for record in (*was_told, *others) if _words_of(record)]:
        _insert(_behind_their_like(like), told, now)
    return told


def _identity(record: Record) -> Identity:
    return (*record[:6], record[7], record[8])


def _words_of(record: Record) -> str:
    """Of an edit whose words were told."""
    words: str = record[9]
    return words


def _insert(records: Iterable[Record], told: dict[Key, set[str]], now: datetime) -> set[Identity]:
    if not (rows := list(records)):
        return set()
    made = _sql.rows(
        """INSERT INTO inbox_amendment (channel_id, target, kind, at, version, actor, actor_name, emoji, removed, text, learned_at)
           SELECT a.*, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::text[], %s::text[],
                                      %s::text[], %s::boolean[], %s::text[]) AS a
           ON CONFLICT DO NOTHING RETURNING channel_id, target, kind, at, version, actor, emoji, removed""",
        [now, *_sql.columns(rows, 10)],
    )
    for row in made:
        told[(row[0], row[1])].add(row[2])
    return {tuple(row) for row in made}


def _behind_their_like(edits: list[Record]) -> list[Record]:
    """Edits of the very time and number of another one, with other words (two within a second, where no more is told): the later told is
    the later made, a microsecond behind. Words that were told before, or erased since, are left out."""
    known: dict[tuple[Any, ...], list[tuple[datetime, str]]] = defaultdict(list)
    for channel_id, target, version, at, text in _sql.rows(
        """SELECT a.channel_id, a.target, a.version, a.at, a.text FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
             JOIN inbox_amendment a ON a.channel_id = k.channel_id AND a.target = k.target COLLATE "C"
            WHERE a.kind = 'edit' AND NOT a.removed ORDER BY a.at""",
        _sql.columns(list(dict.fromkeys((edit[0], edit[1]) for edit in edits)), 2),
    ):
        known[(channel_id, target, version, _millisecond(at))].append((at, text))
    placed = []
    for edit in edits:
        like = known[(edit[0], edit[1], edit[4], _millisecond(edit[3]))]
        if any(text in ("", _words_of(edit)) for _, text in like):
            continue
        at = max((at for at, _ in like), default=edit[3]) + timedelta(microseconds=1)
        like.append((at, _words_of(edit)))
        placed.append((*edit[:3], at, *edit[4:]))
    return placed


def _millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _record(channel_id: int, event: Edited | Unsent | Reacted) -> Record:
    match event:
        case Edited():
            return (
                channel_id,
                event.target,
                "edit",
                event.at,
                event.version,
                "",
                "",
                "",
                event.text is None,  # there was an edit, and its words were not told
                clean((event.text or "")[:LONGEST]),
            )
        case Unsent():
            return (channel_id, event.target, "unsend", event.at, 0, "", "", "", False, "")
        case Reacted():
            return (
                channel_id, event.target, "reaction", event.at, 0, event.actor.external_id,
                clean(event.actor.name or event.actor.username)[:200], clean(event.emoji or event.name)[:64], event.removed, "",
            )  # fmt: skip


def known_for(keys: list[Key]) -> set[Key]:
    """Which of these messages have amendments that came before them."""
    if not keys:
        return set()
    return {
        (row[0], row[1])
        for row in _sql.rows(
            """SELECT DISTINCT a.channel_id, a.target FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
                 JOIN inbox_amendment a ON a.channel_id = k.channel_id AND a.target = k.target COLLATE "C" """,
            _sql.columns(keys, 2),
        )
    }


def refold(targets: dict[Key, tuple[int, int]]) -> dict[Key, list[amendments.Amended]]:
    """Bring the shown columns of these messages (key → (message id, seq)) in line with all that happened to them, and
    tell what that was."""
    if not targets:
        return {}
    keys = list(targets)
    told: dict[Key, list[amendments.Amended]] = defaultdict(list)
    for row in _sql.rows(
        """SELECT a.channel_id, a.target, a.kind, a.at, a.version, a.text, a.actor, a.actor_name, a.emoji, a.removed
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
             JOIN inbox_amendment a ON a.channel_id = k.channel_id AND a.target = k.target COLLATE "C" """,
        _sql.columns(keys, 2),
    ):
        told[(row[0], row[1])].append(amendments.Amended(*row[2:]))
    created = {
        message_id: (text, is_expired)
        for message_id, text, is_expired in _sql.rows(
            "SELECT id, created_text, expired_at IS NOT NULL FROM inbox_message WHERE id = ANY(%s)",
            [[m for m, _ in targets.values()]],
        )
    }
    shown = {}
    for key in keys:
        text, is_expired = created[targets[key][0]]
        shown[key] = amendments.fold(text, told[key], expired=is_expired)
    gone = [key for key in keys if shown[key].deleted_at or created[targets[key][0]][1]]
    _sql.run(
        """UPDATE inbox_message m SET text = f.text, edited_at = f.edited_at, edit_count = f.edit_count, deleted_at = f.deleted_at,
                  reactions = f.reactions, seq = f.seq,
                  created_text = CASE WHEN f.deleted_at IS NULL THEN m.created_text ELSE '' END,
                  card = CASE WHEN f.deleted_at IS NULL THEN m.card ELSE '{}' END
             FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::timestamptz[], %s::jsonb[], %s::bigint[])
                  AS f(id, text, edited_at, edit_count, deleted_at, reactions, seq) WHERE m.id = f.id""",
        _sql.columns(
            [
                (
                    targets[key][0], fold.text, fold.edited_at, fold.edit_count, fold.deleted_at,
                    json.dumps([{"emoji": emoji, "actor": actor, "name": name} for emoji, actor, name in fold.reactions]),
                    targets[key][1],
                )
                for key, fold in shown.items()
            ],
            7,
        ),
    )  # fmt: skip
    _erase(gone, [targets[key][0] for key in gone])
    return told


def forget_words(keys: list[Key]) -> None:
    """Of those of these messages that were unsent and are not here, the words that an edit told: no refold comes for them."""
    if not keys:
        return
    _sql.run(
        """UPDATE inbox_amendment a SET text = '' FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
            WHERE a.channel_id = k.channel_id AND a.target = k.target COLLATE "C" AND a.kind = 'edit' AND a.text <> ''
              AND EXISTS (SELECT FROM inbox_amendment u
                           WHERE u.channel_id = a.channel_id AND u.target = a.target AND u.kind = 'unsend')""",
        _sql.columns(keys, 2),
    )


def openings(told: Iterable[amendments.Amended], channel: Channel) -> list[datetime]:
    """Those of the customer's reactions that open the reply window, where the platform counts them."""
    if "reaction" not in platforms.get(channel.platform).window.opens_on:
        return []
    brand = channel.external_id
    return [each.at for each in told if each.kind == "reaction" and not each.removed and each.actor != brand]


def _erase(keys: list[Key], message_ids: list[int]) -> None:
    """The words and files of what was unsent or has expired must go, wherever we kept them."""
    if not keys:
        return
    _sql.run(
        """UPDATE inbox_amendment a SET text = '' FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
            WHERE a.channel_id = k.channel_id AND a.target = k.target COLLATE "C" AND a.kind = 'edit' AND a.text <> ''""",
        _sql.columns(keys, 2),
    )
    _taken_echoes.forget(message_ids)
    # The file itself is removed by the sweep that finds a path on a GONE attachment (connectors.actions.erasing).
    _sql.run(
        """UPDATE inbox_attachment SET url = '', title = '', name = '', fetch_state = 'gone', fetch_at = NULL
            WHERE message_id = ANY(%s)""",
        [message_ids],
    )
