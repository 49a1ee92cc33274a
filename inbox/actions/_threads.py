"""What a batch does to each conversation's row, decided here from facts and written in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from inbox.actions import _snoozing, _sql
from inbox.actions._conversations import Thread
from inbox.exchange import Origin
from inbox.rules import blank

Stretch = tuple[datetime | None, datetime | None]  # behind the one, and up to the other or without end


@dataclass(slots=True)
class Change:
    thread: Thread
    received: list[datetime] = field(default_factory=list)  # customer's messages, not historical
    answered: list[datetime] = field(default_factory=list)  # the brand's
    opened: list[datetime] = field(default_factory=list)  # whatever opens the reply window
    read_at: datetime | None = None
    read_ids: list[int] = field(default_factory=list)  # messages that a look was told to be at
    added: int = 0
    unread: int = 0
    seq: int = 0
    public_seq: int | None = None
    reopen: bool = False
    joined: bool = False  # by messages that stood elsewhere
    moved: list[tuple[str, datetime, datetime]] = field(default_factory=list)  # direction, from, to

    def note_move(self, direction: str, origin: str, stood_at: datetime, sent_at: datetime) -> None:
        """A message of this conversation stands elsewhere by now."""
        self.moved.append((direction, stood_at, sent_at))
        if direction == "out" and origin != Origin.AUTOMATION:
            self.answered.append(sent_at)
        if direction == "out" and self.thread.customer_read_at == stood_at:  # a look was told to be at it
            self.read_at = latest(self.read_at, sent_at)

    @property
    def has_moved_what_the_row_tells(self) -> bool:
        row, waits = self.thread, self.thread.waiting_since
        return any(
            stood_at in (row.last_inbound_at, waits) or (waits is not None and at < waits)
            if direction == "in"
            else at < stood_at == row.last_outbound_at
            for direction, stood_at, at in self.moved
        )


def latest(*times: datetime | None) -> datetime | None:
    known = [time for time in times if time is not None]
    return max(known) if known else None


def apply(changes: Sequence[Change]) -> None:
    """Update the rows: counts, times, state, who waits since when, and the newest message's preview."""
    if changes:
        since = _put_straight([change for change in changes if change.has_moved_what_the_row_tells])
        since |= {
            change.thread.id: (_last_answer(change), None)
            for change in changes
            if _must_look_up_waiting(change)
        }
        waiting = _first_unanswered(since)
        _write([_row(change, waiting) for change in changes])
        _snoozing.forget_timers(
            [change.thread.id for change in changes if change.reopen and change.thread.state == "snoozed"]
        )


def _last_answer(change: Change) -> datetime | None:
    return latest(change.thread.last_outbound_at, *change.answered)


def _must_look_up_waiting(change: Change) -> bool:
    """An answer moved past the wait we knew, while a later customer message may have been there already."""
    if not change.answered:
        return False
    thread, answer = change.thread, _last_answer(change)
    return bool(
        answer and thread.waiting_since and thread.waiting_since <= answer
        and thread.last_inbound_at and thread.last_inbound_at > answer
    )  # fmt: skip


def _put_straight(changes: Sequence[Change]) -> dict[int, Stretch]:
    """The times that these rows had of messages which stand elsewhere now. Returns where to look for who waits."""
    if not changes:
        return {}
    told = {
        pk: (last_in, last_out)
        for pk, last_in, last_out in _sql.rows(
            """SELECT c.id,
                      (SELECT m.sent_at FROM inbox_message m
                        WHERE m.conversation_id = c.id AND m.kind <> 'system' AND m.direction = 'in' AND NOT m.historical
                        ORDER BY m.sent_at DESC LIMIT 1),
                      (SELECT m.sent_at FROM inbox_message m
                        WHERE m.conversation_id = c.id AND m.kind <> 'system' AND m.direction = 'out'
                          AND m.external_id IS NOT NULL AND m.origin <> 'automation' ORDER BY m.sent_at DESC LIMIT 1)
                 FROM unnest(%s::bigint[]) AS c(id)""",
            [[change.thread.id for change in changes]],
        )
    }
    since: dict[int, Stretch] = {}
    for change in changes:
        row, asked = change.thread, [(was, at) for direction, was, at in change.moved if direction == "in"]
        row.last_inbound_at, row.last_outbound_at = told[row.id]
        answered = [was for direction, was, at in change.moved if direction == "out" and at < was]
        if row.state == "open" and answered:
            # Whom it seemed to answer waits after all. What came behind it is known already, or was seen to by whoever resolved it.
            since[row.id] = (_last_answer(change), None if asked else max(answered))
        if row.waiting_since and asked:
            first = min(map(min, asked)) - timedelta(microseconds=1)
            since.setdefault(row.id, (latest(_last_answer(change), first), None))
            if row.waiting_since in [was for was, _ in asked]:
                row.waiting_since = None
    return since


def _first_unanswered(since: dict[int, Stretch]) -> dict[int, datetime]:
    if not since:
        return {}
    return dict(
        _sql.rows(
            """SELECT a.id, min(m.sent_at) FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS a(id, since, until)
                 JOIN inbox_conversation c ON c.id = a.id JOIN inbox_message m ON m.conversation_id = a.id AND m.sent_at > a.since
                  AND m.sent_at <= coalesce(a.until, 'infinity')
                WHERE m.direction = 'in' AND NOT m.historical AND m.kind <> 'system'
                  AND (c.no_reply_needed_at IS NULL OR m.created_at > c.no_reply_needed_at) GROUP BY a.id""",
            _sql.columns([(pk, *stretch) for pk, stretch in since.items()], 3),
        )
    )


def waiting_since(change: Change, looked_up: datetime | None) -> datetime | None:
    """The earliest customer message after the brand's last answer."""
    answer, before = _last_answer(change), change.thread.waiting_since
    waits = [time for time in change.received if answer is None or time > answer]
    if before and (answer is None or before > answer):
        waits.append(before)
    if looked_up:
        waits.append(looked_up)
    return min(waits, default=None)


def _openings(change: Change) -> list[datetime]:
    """What came late may be older than the platform's word that the window was closed: it knew of that, and was not moved."""
    shut_at = change.thread.window_shut_at
    return [at for at in change.opened if shut_at is None or at > shut_at]


def _row(change: Change, looked_up: dict[int, datetime]) -> tuple[Any, ...]:
    thread = change.thread
    return (
        thread.id, change.added, change.unread, change.reopen, latest(thread.last_inbound_at, *change.received),
        _last_answer(change), waiting_since(change, looked_up.get(thread.id)), latest(thread.window_opened_at, *_openings(change)),
        latest(thread.customer_read_at, change.read_at), change.seq, change.public_seq,
    )  # fmt: skip


# The newest message either side could see, as a list row shows it.
NEWEST = """
    SELECT m.id, m.sent_at, m.direction, m.author_name,
           CASE WHEN m.deleted_at IS NOT NULL THEN 'Unsent a message'
                WHEN m.expired_at IS NOT NULL THEN 'Words that are no longer kept'
                WHEN m.text ~ '%SEEN%' THEN left(regexp_replace(left(m.text, 400), '\\s+', ' ', 'g'), 160)
                WHEN m.kind = 'story_mention' THEN 'Mentioned you in a story'
                WHEN m.attachment_count > 0 THEN
                     'Sent ' || coalesce((SELECT CASE a.kind WHEN 'image' THEN 'a picture' WHEN 'video' THEN 'a video'
                          WHEN 'audio' THEN 'a voice message' WHEN 'share' THEN 'a post' WHEN 'sticker' THEN 'a sticker'
                          ELSE 'a file' END FROM inbox_attachment a WHERE a.message_id = m.id ORDER BY a.position LIMIT 1), 'a file')
                ELSE CASE m.kind WHEN 'story_reply' THEN 'Replied to a story'
                     WHEN 'share' THEN 'Shared a post' WHEN 'quick_reply' THEN 'Tapped an answer' WHEN 'postback' THEN 'Pressed a button'
                     WHEN 'referral' THEN 'Came from an advertisement or a link' WHEN 'comment' THEN 'Commented in public'
                     WHEN 'mention' THEN 'Mentioned you in public' WHEN 'system' THEN 'Something changed in the conversation'
                     WHEN 'encrypted' THEN 'Sent an encrypted message' WHEN 'unsupported' THEN 'Sent what Parley cannot show yet'
                     ELSE 'An empty message' END END AS preview
      FROM inbox_message m
     WHERE m.conversation_id = {conversation} AND m.direction <> 'note'
     ORDER BY m.sent_at DESC, m.order_key DESC, m.id DESC LIMIT 1""".replace("%SEEN%", blank.seen_sql())


def _write(records: list[tuple[Any, ...]]) -> None:
    _sql.run(
        f"""UPDATE inbox_conversation c SET
                message_count = c.message_count + d.added, unread_count = c.unread_count + d.unread,
                state = CASE WHEN d.reopen THEN 'open' ELSE c.state END,
                resolved_at = CASE WHEN d.reopen THEN NULL ELSE c.resolved_at END,
                snoozed_until = CASE WHEN d.reopen THEN NULL ELSE c.snoozed_until END,
                last_inbound_at = d.last_inbound_at, last_outbound_at = d.last_outbound_at, waiting_since = d.waiting_since,
                window_opened_at = d.window_opened_at, customer_read_at = d.customer_read_at,
                seq = greatest(c.seq, d.seq), public_seq = greatest(c.public_seq, coalesce(d.public_seq, 0)),
                last_message_at = coalesce(n.sent_at, c.last_message_at),
                last_message_text = coalesce(n.preview, c.last_message_text),
                last_message_from = CASE n.direction WHEN 'in' THEN 'customer' WHEN 'out' THEN 'brand' ELSE c.last_message_from END,
                last_message_author = coalesce(n.author_name, c.last_message_author)
             FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::boolean[], %s::timestamptz[], %s::timestamptz[],
                         %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[])
                  AS d(id, added, unread, reopen, last_inbound_at, last_outbound_at, waiting_since, window_opened_at,
                       customer_read_at, seq, public_seq)
             LEFT JOIN LATERAL ({NEWEST.format(conversation="d.id")}) n ON true
            WHERE c.id = d.id""",
        _sql.columns(records, 11),
    )


def mark_seen_replies(
    conversation_ids: list[int], seq_of: dict[int, int], read_ids: Sequence[int] = ()
) -> list[tuple[int, int]]:
    """Replies sent no later than the customer's last look are READ, and those at which they were told to look. The time of a reply
    that the platform has not shown yet is ours, from before it left: it proves nothing. Returns (conversation id, message id)."""
    if not conversation_ids:
        return []
    return [
        (row[0], row[1])
        for row in _sql.rows(
            """UPDATE inbox_message m SET state = 'read', seq = s.seq
                 FROM unnest(%s::bigint[], %s::bigint[]) AS s(id, seq) JOIN inbox_conversation c ON c.id = s.id
                WHERE m.conversation_id = s.id AND m.direction = 'out' AND m.state IN ('sent', 'delivered')
                  AND ((m.order_key <> '' AND m.sent_at <= c.customer_read_at) OR m.id = ANY(%s))
            RETURNING m.conversation_id, m.id""",
            [
                conversation_ids,
                [seq_of[conversation_id] for conversation_id in conversation_ids],
                list(read_ids),
            ],
        )
    ]


def show_newest(conversation_id: int) -> None:
    """Bring the preview of a list row in line with its newest message."""
    _sql.run(
        f"""UPDATE inbox_conversation c SET last_message_at = n.sent_at, last_message_text = n.preview,
                   last_message_author = n.author_name,
                   last_message_from = CASE n.direction WHEN 'in' THEN 'customer' ELSE 'brand' END
              FROM ({NEWEST.format(conversation="%s")}) n WHERE c.id = %s""",
        [conversation_id, conversation_id],
    )
