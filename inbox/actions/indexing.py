"""Search follows the brand's events: what was said, changed or renamed is found by its new words, about a second later.

The events are the queue and `SearchCursor` says how far they have been read, forwards from the day on which search came and backwards to the
first. Nothing here takes the brand's lock and nothing is recorded, so neither customers nor colleagues wait for it. Two that read at once
write the same rows; the cursor moves once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from inbox.actions import _isolating, _sql
from inbox.models import BrandSequence, Event, EventKind, SearchCursor
from inbox.rules import eras, people_words, search_words

log = structlog.get_logger(__name__)
BATCH = 500  # events
NEWS = (
    EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_ECHOED, EventKind.MESSAGE_FOUND, EventKind.MESSAGE_OF_SYSTEM, EventKind.MESSAGE_AMENDED,
    EventKind.NOTE_ADDED, EventKind.REPLY_QUEUED, EventKind.REPLY_SENT, EventKind.CONTACT_UPDATED, EventKind.CONTACTS_MERGED, EventKind.CONTACTS_PARTED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to read; `cursor` and `older_than` are what the cursor said when they were chosen, and what it will say."""

    brand_id: int
    before: tuple[int, int]
    after: tuple[int, int]
    message_ids: tuple[int, ...] = ()
    conversation_ids: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.before == self.after


def next_batch(brand_id: int, *, limit: int = BATCH) -> Batch:
    """The next events; where there are none, the newest of those from before."""
    seq, older_than = _cursor(brand_id)
    of_brand = Event.objects.filter(brand_id=brand_id)
    columns = ("seq", "kind", "message_id", "conversation_id")
    news = list(of_brand.filter(seq__gt=seq).order_by("seq").values_list(*columns)[:limit])
    if news:
        return _batch(brand_id, news, (seq, older_than), (news[-1][0], older_than))
    past = of_brand.filter(seq__lt=older_than, seq__gte=0).order_by("-seq").values_list(*columns)[:limit]
    told = list(past) if older_than else []
    return _batch(brand_id, told, (seq, older_than), (seq, told[-1][0] if len(told) == limit else 0))


def _batch(
    brand_id: int,
    told: Sequence[tuple[int, str, int | None, int | None]],
    before: tuple[int, int],
    after: tuple[int, int],
) -> Batch:
    news = [(message_id, conversation_id) for _, kind, message_id, conversation_id in told if kind in NEWS]
    return Batch(
        brand_id, before, after,
        tuple({message_id for message_id, _ in news if message_id}),
        tuple({conversation_id for _, conversation_id in news if conversation_id}),
    )  # fmt: skip


def index(batch: Batch) -> bool:
    """Write the words of what the batch tells of, as they are now. False: somebody else read it first.

    What cannot be written is left out and logged; it does not keep the others from being found.
    """
    try:
        return _index(batch)
    except OperationalError:  # the database is away or busy: nothing is wrong with any message
        raise
    except Exception:
        log.exception("search_batch_failed", brand=batch.brand_id, after=batch.before)
    _isolating.each(sorted(batch.message_ids), partial(_index_messages, batch.brand_id), noun="message")
    _isolating.each(_people_in(batch), partial(_index_people, batch.brand_id), noun="contact")
    return _move(batch)


@transaction.atomic(durable=True)
def _index(batch: Batch) -> bool:
    _index_messages(batch.brand_id, batch.message_ids)
    _index_people(batch.brand_id, _people_in(batch))
    return _move(batch)


@transaction.atomic
def _index_messages(brand_id: int, message_ids: Sequence[int]) -> None:
    """The messages' own rows are read, so the order of the news does not matter."""
    if not message_ids:
        return
    records = []
    wordless = []
    for message_id, conversation_id, direction, sent_at, text in _sql.rows(
        """SELECT m.id, m.conversation_id, m.direction, m.sent_at, m.text
             FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
            WHERE m.id = ANY(%s) AND c.brand_id = %s ORDER BY m.id""",
        [list(message_ids), brand_id],
    ):
        words = search_words.lexemes(text)
        if words:
            words.update(eras.marks(brand_id, sent_at))
            records.append((message_id, conversation_id, direction, sent_at, " ".join(words)))
        else:
            wordless.append(message_id)
    if wordless:
        _sql.run("DELETE FROM inbox_messagewords WHERE message_id = ANY(%s)", [wordless])
    if records:
        _sql.run(
            """INSERT INTO inbox_messagewords AS w (message_id, brand_id, conversation_id, direction, sent_at, words)
               SELECT r.id, %s, r.conversation_id, r.direction, r.sent_at, array_to_tsvector(string_to_array(r.words, ' '))
                 FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::text[])
                      AS r(id, conversation_id, direction, sent_at, words)
               ON CONFLICT (message_id) DO UPDATE SET conversation_id = excluded.conversation_id, sent_at = excluded.sent_at,
                      words = excluded.words
                WHERE (w.sent_at, w.words, w.conversation_id) IS DISTINCT FROM (excluded.sent_at, excluded.words, excluded.conversation_id)""",
            [brand_id, *_sql.columns(records, 5)],
        )


@transaction.atomic
def _index_people(brand_id: int, contact_ids: Sequence[int]) -> None:
    if not contact_ids:
        return
    records = [
        (contact_id, " ".join(people_words.lexemes(brand_id, names=[name, *names], usernames=usernames)))
        for contact_id, name, names, usernames in _sql.rows(
            """SELECT t.id, t.name, array_agg(h.name) FILTER (WHERE h.name <> ''), array_agg(h.username) FILTER (WHERE h.username <> '')
                 FROM inbox_contact t LEFT JOIN inbox_handle h ON h.contact_id = t.id
                WHERE t.id = ANY(%s) AND t.brand_id = %s GROUP BY t.id, t.name ORDER BY t.id""",
            [list(contact_ids), brand_id],
        )
        for names, usernames in [(names or [], usernames or [])]
    ]
    if records:
        _sql.run(
            """INSERT INTO inbox_contactwords AS w (contact_id, words)
               SELECT r.id, array_to_tsvector(string_to_array(r.words, ' ')) FROM unnest(%s::bigint[], %s::text[]) AS r(id, words)
               ON CONFLICT (contact_id) DO UPDATE SET words = excluded.words WHERE w.words IS DISTINCT FROM excluded.words""",
            _sql.columns(records, 2),
        )


def _people_in(batch: Batch) -> list[int]:
    """Whose conversations these are, and who wrote: in a group that is not the same. With them whoever is, or was, said to be one of them: of
    somebody without a conversation or an account of their own nothing else is told, and a name may have to go."""
    return [
        row[0]
        for row in _sql.rows(
            """WITH RECURSIVE people(id) AS (
                   (SELECT contact_id FROM inbox_conversation WHERE id = ANY(%s) AND contact_id IS NOT NULL
                    UNION SELECT h.contact_id FROM inbox_message m JOIN inbox_handle h ON h.id = m.author_handle_id WHERE m.id = ANY(%s))
                   UNION SELECT g.absorbed_id FROM people JOIN inbox_contactmerge g ON g.kept_id = people.id)
               SELECT id FROM people""",
            [list(batch.conversation_ids), list(batch.message_ids)],
        )
    ]


def _move(batch: Batch) -> bool:
    """Compare and set."""
    return bool(
        _sql.run(
            """INSERT INTO inbox_searchcursor AS c (brand_id, seq, older_than) VALUES (%s, %s, %s)
               ON CONFLICT (brand_id) DO UPDATE SET seq = excluded.seq, older_than = excluded.older_than
                WHERE (c.seq, c.older_than) = (%s, %s)""",
            [batch.brand_id, *batch.after, *batch.before],
        )
    )


def _cursor(brand_id: int) -> tuple[int, int]:
    return SearchCursor.objects.filter(pk=brand_id).values_list("seq", "older_than").first() or (0, 0)


def behind() -> Iterable[int]:
    """Brands with events that have not been read for search."""
    found = BrandSequence.objects.filter(
        Q(last__gt=Coalesce(F("brand__search_cursor__seq"), 0)) | Q(brand__search_cursor__older_than__gt=0)
    )
    return list(found.order_by("pk").values_list("pk", flat=True))
