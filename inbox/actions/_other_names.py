"""Messages that are told by their id, and now and then by another name alone (`InboundMessage.told_as`): one row, in the thread and under the
id that the better telling says, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _messages, _sql
from inbox.actions._arrivals import Batch, Key, Met
from inbox.actions._conversations import Thread
from inbox.actions._threads import Change
from inbox.exchange import InboundMessage
from inbox.models import EventKind
from inbox.queries.news import REWORDED
from inbox.rules.cleaning import LONGEST, clean


@dataclass(frozen=True, slots=True)
class _Stored:
    """A message that stands under its other name."""

    id: int
    conversation_id: int
    thread_key: str
    alone: bool  # nothing else is said in its conversation
    twin_in: int | None  # the conversation in which it stands under its id as well
    clicked: bool  # one of ours wrote it here


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A message that does not stand in the thread that a telling says. `twin_in`: a conversation in which it stands, too."""

    message_id: int
    conversation_id: int
    twin_in: int | None = None


def settle(batch: Batch) -> None:
    """Tellings that do not know the id of a message that is here already, or comes with them, are of that."""
    nameless = [key for key, each in batch.messages.items() if each.told_as == key[1]]
    if not nameless:
        return
    ids = _known(nameless)
    ids |= {(key[0], each.told_as): key[1] for key, each in _named(batch.messages).items()}
    for key in nameless:
        if key in ids:
            told = replace(batch.messages.pop(key), external_id=ids[key])
            better = (key[0], ids[key])
            batch.messages[better] = _with_words(batch.messages.get(better, told), told)
            if key[1] in told.author.external_id:  # somebody who was made up for this telling
                batch.parties.pop((key[0], told.author.external_id), None)


def rename(
    ledger: events.Ledger, messages: Mapping[Key, InboundMessage], people: Mapping[Key, Met], now: datetime
) -> tuple[list[Key], dict[Key, Misplaced]]:
    """What stands under another name stands under its id from now on. Returns what that was, and what is not where it belongs."""
    named = _named(messages)
    renamed: list[Key] = []
    elsewhere: dict[Key, Misplaced] = {}
    here = _stored(named)
    replies = _shows_replies({key: messages[key] for key, stored in here.items() if not stored.clicked})
    for key, stored in here.items():
        told = messages[key]
        twin_in = stored.twin_in or replies.get(key)
        if twin_in is not None:
            elsewhere[key] = Misplaced(stored.id, stored.conversation_id, twin_in)
            continue
        renamed.append(key)
        seq = ledger.record(
            EventKind.MESSAGE_AMENDED, at=now, conversation_id=stored.conversation_id, message_id=stored.id, what="named"
        )  # fmt: skip
        _write(key, stored, told, people.get((key[0], told.author.external_id)), seq)
        if stored.thread_key == told.thread_id:
            continue
        if stored.alone and not _conversations.find_threads([(key[0], told.thread_id)]):
            _sql.run(
                "UPDATE inbox_conversation SET thread_key = %s WHERE id = %s",
                [told.thread_id, stored.conversation_id],
            )
        else:
            elsewhere[key] = Misplaced(stored.id, stored.conversation_id)
    return renamed, elsewhere


def reword(
    ledger: events.Ledger,
    messages: Mapping[Key, InboundMessage],
    change_of: Callable[[Thread], Change],
    now: datetime,
) -> list[Key]:
    """One telling of two may have no words: a message that is here without any gets those of the other. Returns which did."""
    told = {key: each for key, each in _named(messages).items() if each.text}
    bare = _bare(list(told))
    threads = {row.id: row for row in _conversations.threads_by_id([place[1] for place in bare.values()])}
    for key, (message_id, conversation_id) in bare.items():
        each, change = told[key], change_of(threads[conversation_id])
        # Whoever answers or sorts has not read them.
        change.seq = change.public_seq = ledger.record(
            EventKind.MESSAGE_AMENDED, at=now, conversation_id=conversation_id, message_id=message_id,
            what="named" if each.outbound else REWORDED,
        )  # fmt: skip
        words = clean(each.text[:LONGEST])
        _sql.run(
            """UPDATE inbox_message SET text = %s, created_text = %s, kind = %s, card = %s, seq = %s,
                      reply_to = CASE reply_to WHEN '' THEN %s ELSE reply_to END WHERE id = %s""",
            [words, words, each.kind.value, _messages.card_of(each), change.seq, each.reply_to, message_id],
        )
    return list(bare)


def keep(messages: Mapping[Key, InboundMessage], places: _messages.Places) -> None:
    """Which message the other name is of, for tellings to come."""
    records = [
        (key[0], each.told_as, place[0])
        for key, each in _named(messages).items()
        if (place := places.of(key)) is not None
    ]
    if records:
        _sql.run(
            """INSERT INTO inbox_othername (channel_id, name, message_id)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) ON CONFLICT DO NOTHING""",
            _sql.columns(records, 3),
        )


def _shows_replies(named: Mapping[Key, InboundMessage]) -> dict[Key, int]:
    """Those that are replies of ours of which no answer was heard, and the conversation in which each waits for just this telling: its id
    has to stay unknown, so that the reply is settled by it and not sent again."""
    ours = {key: told for key, told in named.items() if told.outbound}
    threads = _conversations.find_threads([(key[0], told.thread_id) for key, told in ours.items()])
    return {key: threads[(key[0], ours[key].thread_id)].id for key in _messages.match_echoes(ours, threads)}


def _named(messages: Mapping[Key, InboundMessage]) -> dict[Key, InboundMessage]:
    return {key: each for key, each in messages.items() if each.told_as not in ("", key[1])}


def _with_words(one: InboundMessage, other: InboundMessage) -> InboundMessage:
    if one.text or not other.text:
        return one
    return replace(
        one, text=other.text, kind=other.kind, card=other.card, reply_to=one.reply_to or other.reply_to
    )


def _bare(keys: list[Key]) -> dict[Key, tuple[int, int]]:
    """Those of these that are here without words, and not because somebody took them away: (message id, conversation id)."""
    if not keys:
        return {}
    found = _sql.rows(
        """SELECT m.channel_id, m.external_id, m.id, m.conversation_id FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C"
            WHERE m.created_text = '' AND m.client_id IS NULL AND m.deleted_at IS NULL AND m.expired_at IS NULL""",
        _sql.columns(keys, 2),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


def _known(names: list[Key]) -> dict[Key, str]:
    found = _sql.rows(
        """SELECT o.channel_id, o.name, m.external_id FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, name)
             JOIN inbox_othername o ON o.channel_id = k.channel_id AND o.name = k.name COLLATE "C"
             JOIN inbox_message m ON m.id = o.message_id""",
        _sql.columns(names, 2),
    )
    return {(channel_id, name): external_id for channel_id, name, external_id in found}


def _stored(named: Mapping[Key, InboundMessage]) -> dict[Key, _Stored]:
    if not named:
        return {}
    found = _sql.rows(
        """SELECT k.channel_id, k.external_id, m.id, m.conversation_id, c.thread_key,
                  NOT EXISTS (SELECT FROM inbox_message o WHERE o.conversation_id = m.conversation_id AND o.id <> m.id),
                  (SELECT o.conversation_id FROM inbox_message o
                    WHERE o.channel_id = m.channel_id AND o.external_id = k.external_id COLLATE "C"),
                  m.client_id IS NOT NULL
             FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS k(channel_id, external_id, name)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.name COLLATE "C"
             JOIN inbox_conversation c ON c.id = m.conversation_id""",
        _sql.columns([(*key, each.told_as) for key, each in named.items()], 3),
    )
    return {(row[0], row[1]): _Stored(*row[2:]) for row in found}


def _write(key: Key, stored: _Stored, told: InboundMessage, author: Met | None, seq: int) -> None:
    # A message keeps its platform id (inbox_message_only_forward), but for the one that is named here.
    _sql.rows("SELECT set_config('parley.releases', %s, true)", [str(stored.id)])
    _sql.run(
        "UPDATE inbox_message SET external_id = %s, order_key = %s, seq = %s WHERE id = %s",
        [key[1], _messages.order_key_of(told), seq, stored.id],
    )
    _sql.run("UPDATE inbox_conversation SET seq = %s WHERE id = %s", [seq, stored.conversation_id])
    if author is None or told.outbound:
        return
    # Whom it showed may have been made up, or be who wrote what went before. Whom somebody said that to be, they stay.
    name = author.name or author.username
    if stored.alone:
        _sql.run(
            f"""UPDATE inbox_conversation c SET contact_id = %s, recipient_key = %s, contact_name = %s, contact_username = %s, contact_avatar = %s,
                      contact_vip = (SELECT vip FROM inbox_contact t WHERE t.id = %s)
                WHERE c.id = %s AND NOT EXISTS (SELECT FROM inbox_contactmerge g WHERE g.kept_id = c.contact_id AND g.undone_at IS NULL)
                  AND {_conversations.NOT_MERGED}""",
            [
                author.contact_id,
                told.author.external_id,
                name,
                author.username,
                author.avatar,
                author.contact_id,
                stored.conversation_id,
            ],
        )
    _sql.run(
        "UPDATE inbox_message SET author_handle_id = %s, author_name = %s WHERE id = %s",
        [author.handle_id, name[:200], stored.id],
    )
