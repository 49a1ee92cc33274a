"""News for open pages: each fragment is rendered once and sent once to a group, never per viewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.utils import timezone

from inbox import broadcasting, thread_fragments
from inbox.models import Brand, BrandSequence, BulkRun, Conversation, Event, Person, ViewCursor
from inbox.queries import (  # fmt: skip
    composer,
    event_entries,
    inbox_list,
    notices,
    rail,
    staffing,
    thread_news,
    timeline,
)
from inbox.queries.event_entries import EventEntry
from inbox.queries.thread_news import Said
from inbox.queries.timeline import Entry

log = structlog.get_logger(__name__)

CATCH_UP_ROWS = 200
CATCH_UP_ENTRIES = 200
MANY_ROWS = 100  # from so many on, pages are told which have changed and ask for those that they show


def brand_group(brand_id: int) -> str:
    return f"brand-{brand_id}"


def conversation_group(conversation_id: int) -> str:
    return f"conversation-{conversation_id}"


def company_group(brand_id: int) -> str:
    return f"company-{brand_id}"


def doors_group(brand_id: int) -> str:
    return f"doors-{brand_id}"


def nudge_company(brand_id: int) -> None:
    """Somebody took or left something: whoever tells the brand's pages of their company looks at once, not with the next round."""
    _nudge(company_group(brand_id))


def nudge_doors(brand_id: int, person_id: int) -> None:
    """This person may not be who they were: their pages' sockets look at once whether they may still listen."""
    _nudge(doors_group(brand_id), str(person_id))


def _nudge(group: str, text: str = "") -> None:
    try:
        broadcasting.send(group, {"type": "push", "group": group, "text": text})
    except Exception as error:  # the broker is away; they look every few seconds anyway
        log.warning("not_nudged", group=group, error=str(error))


def push_rows(
    brand_id: int,
    conversation_ids: Iterable[int],
    first_seq: int,
    last_seq: int,
    *,
    bells: notices.Bells = notices.NO_BELL,
    threads: Mapping[int, Sequence[int]] | None = None,
) -> None:
    """Rows as they now are, with the counters of the views. A page that sees a gap before `first_seq` asks for what it missed.

    `threads`: by conversation the numbers with which its thread is told, too: these pushes go another
    way, and a page that has it open asks for one that does not come.
    """
    threads = threads or {}
    ids = list(conversation_ids)
    beside = Conversation.objects.filter(pk__in=threads.keys() - set(ids)).values_list("pk", "public_id")
    expected = {str(public): list(threads[pk]) for pk, public in beside}
    if len(ids) > MANY_ROWS:
        columns = ("pk", "public_id", "state", "assignee_id", "channel_id", "contact_id")
        found = Conversation.objects.filter(pk__in=ids).values_list(*columns)
        changed = [[str(public), *facts, *threads.get(pk, ())] for pk, public, *facts in found]
        message = _rows_message(brand_id, [], first_seq, last_seq, bells)
        _send(brand_group(brand_id), message | {"changed": changed, "threads": expected})
        return
    brand = Brand.objects.get(pk=brand_id)
    rows = inbox_list.rows_by_id(brand, ids, now=timezone.now())
    named = {str(row.conversation.public_id): threads.get(row.conversation.pk) for row in rows}
    expected |= {public: list(numbers) for public, numbers in named.items() if numbers}
    message = _rows_message(brand_id, rows, first_seq, last_seq, bells)
    _send(brand_group(brand_id), message | ({"threads": expected} if expected else {}))


def push_messages(news: Sequence[Said]) -> None:
    """Messages as they now are. Where one may have opened or closed the reply window, the composer's state goes along.

    A handful of queries, however many threads: when fifty people write at once, the fiftieth thread does not wait for forty-nine.
    """
    threads = _conversations(place for each in news for place in each.told_in)
    messages = thread_news.messages_of(news, each=CATCH_UP_ENTRIES)
    unavailable = composer.unreachable(threads.values())
    for each, place in ((said, place) for said in news for place in said.told_in):
        conversation = threads.get(place)
        if conversation is None:  # purged meanwhile
            continue
        said = messages[each.conversation_id]
        entries = timeline.dress(said, conversation=conversation, brand_slug=conversation.brand.slug)
        of_the_window = any(message.may_move_the_window for message in said)
        _send_thread(
            conversation, entries, seq=each.seq, with_composer=of_the_window, gone=each.gone,
            unavailable=unavailable.get(conversation.pk, ""),
        )  # fmt: skip


def push_events(conversation_id: int, events: Sequence[Event], *, of_person: bool = False) -> None:
    """What colleagues did, as lines between the messages, and the head as it now is. `of_person`: and who it is, and whether one may write to them."""
    conversation = _conversations([conversation_id]).get(conversation_id)
    if conversation is None:  # purged meanwhile
        return
    shown, seq = _shown_events(conversation, events), max((event.seq for event in events), default=0)
    _send_thread(conversation, shown, seq=seq, with_head=True, with_composer=of_person, with_person=of_person)


def push_channel_changed(brand_id: int, channel_id: int, seq: int) -> None:
    """A channel was parked or works again: pages with one of its conversations open ask what may be written now."""
    message = _rows_message(brand_id, [], seq, seq)
    _send(brand_group(brand_id), {**message, "channel": channel_id})


def push_counts(brand_id: int, told: int, counts: dict[str, tuple[int, int]]) -> None:
    """Counters of saved views that changed. A page that misses one asks for all of its own."""
    _send(brand_group(brand_id), {"type": "counts", "counted": told, "counts": counts})


def counts_for(person: Person | AnonymousUser, brand: Brand) -> str:
    """This person's saved views and all counters of theirs, as they are now; and the word for their whole rail."""
    return _text({"type": "counts"} | rail.figures_for(person, brand))


def push_views(brand_id: int) -> None:
    """Views were changed or removed: pages ask which there are. One that misses it hears of it with the pulse."""
    told = ViewCursor.objects.filter(pk=brand_id).values_list("told", flat=True).first()
    try:
        _send(brand_group(brand_id), {"type": "counts", "counted": told or 0, "counts": {}, "anew": True})
    except Exception as error:  # the broker is away; the view is changed all the same
        log.warning("views_not_told", error=type(error).__name__)


def push_bulk(run_id: int) -> None:
    """How far it has come, on the pages of whoever asked for it."""
    run = BulkRun.objects.select_related("brand").get(pk=run_id)
    html = render_to_string("inbox/_bulk.html", {"run": run})
    _send(brand_group(run.brand_id), {"type": "bulk", "person": run.person_id, "html": html})


def push_presence(brand_ids: Iterable[int]) -> None:
    """Who is there, away or gone, as it is now. A page that missed it hears of it with the pulse, and asks."""
    for brand_id in brand_ids:
        try:
            _send(brand_group(brand_id), _presence(brand_id))
        except Exception as error:  # the broker is away; nobody's coming or going hangs on it
            log.warning("presence_not_told", error=type(error).__name__)


def presence_for(brand: Brand) -> str:
    return _text(_presence(brand.pk))


def _presence(brand_id: int) -> dict[str, Any]:
    there, people = staffing.there(brand_id)
    return {"type": "presence", "there": there, "people": people}


def push_typing(conversation_id: int, name: str) -> None:
    conversation = _conversation(conversation_id)
    _send(
        conversation_group(conversation_id),
        {"type": "typing", "conversation": str(conversation.public_id), "name": name},
    )


def catch_up(
    brand: Brand, *, since: int, read: int, conversation: Conversation | None, ask: int = 0
) -> list[str]:
    """What a page missed after `since`, and in its open thread after `read`, told as the live news; or that it should load itself anew.

    The end of the answer names the question, `ask`: news that was pushed meanwhile answers nothing.
    """
    last = newest_seq([brand.pk]).get(brand.pk, 0)
    now = timezone.now()
    rows = (
        inbox_list.rows_changed_since(brand, since, limit=CATCH_UP_ROWS + 1, now=now) if since < last else []
    )
    entries: list[Entry] = []
    if conversation and read < last:
        entries = timeline.changed_since(
            conversation, read, brand_slug=brand.slug, limit=CATCH_UP_ENTRIES + 1
        )
    bells = notices.told_since(brand, since, limit=CATCH_UP_ROWS) if since < last else notices.NO_BELL
    if since > last or len(rows) > CATCH_UP_ROWS or len(entries) > CATCH_UP_ENTRIES:
        counts = inbox_list.counts_of(brand.pk)
        return [_text({"type": "reload", "seq": last, "counts": counts, "ask": ask} | bells.as_news())]
    found = []
    if conversation and read < last:
        fresh = _conversation(conversation.pk)
        html = thread_fragments.html_of(fresh, entries, with_head=True, with_composer=True, with_person=True)
        gone = timeline.gone_since(conversation, read)
        found.append(_text(thread_fragments.message_of(conversation, html, last, gone)))
    rows_message = _rows_message(brand.pk, rows, since + 1, last, bells)
    channel = rail.channel_changed_since(brand, since) if since < last else {}
    return [*found, _text(rows_message | channel | {"ask": ask})]


def newest_seq(brand_ids: Iterable[int]) -> dict[int, int]:
    return dict(BrandSequence.objects.filter(pk__in=list(brand_ids)).values_list("pk", "last"))


def pulses(brand_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """How far each brand is: its newest event, the last change of a saved view's counter where it has any, and of anybody's presence."""
    ids = list(brand_ids)
    newest = newest_seq(ids)
    told = dict(ViewCursor.objects.filter(pk__in=ids).values_list("pk", "told"))
    there = staffing.changed(ids)
    return {
        pk: {"type": "pulse", "seq": newest.get(pk, 0), "there": there.get(pk, 0)}
        | ({"counted": told[pk]} if told.get(pk) else {})
        for pk in ids
    }


def _conversation(conversation_id: int) -> Conversation:
    return Conversation.objects.select_related("brand", "channel", "contact").get(pk=conversation_id)


def _conversations(ids: Iterable[int]) -> dict[int, Conversation]:
    return Conversation.objects.select_related("brand", "channel").in_bulk(list(ids))


def _shown_events(conversation: Conversation, events: Sequence[Event]) -> list[EventEntry]:
    shown = Event.objects.filter(
        conversation=conversation, seq__in=[event.seq for event in events], kind__in=timeline.SHOWN_EVENTS
    )
    return event_entries.entries_of(shown.select_related("actor").order_by("seq"))


def _send_thread(
    conversation: Conversation,
    entries: Sequence[Entry],
    *,
    seq: int,
    with_head: bool = False,
    with_composer: bool = False,
    with_person: bool = False,
    gone: Sequence[str] = (),
    unavailable: str | None = None,
) -> None:
    """One that cannot be shown keeps its news from no other; without a broker there is no other to be told."""
    try:
        html = thread_fragments.html_of(
            conversation, entries, with_head=with_head, with_composer=with_composer, with_person=with_person,
            unavailable=unavailable,
        )  # fmt: skip
    except Exception:
        log.exception("thread_not_told", conversation=conversation.pk, seq=seq)
        return
    message = thread_fragments.message_of(conversation, html, seq, gone)
    _send(conversation_group(conversation.pk), message)


def _rows_message(
    brand_id: int,
    rows: Sequence[inbox_list.Row],
    first: int,
    last: int,
    bells: notices.Bells = notices.NO_BELL,
) -> dict[str, Any]:
    html = render_to_string("inbox/live/rows.html", {"rows": rows})
    counts = inbox_list.counts_of(brand_id)
    return {"type": "rows", "first": first, "last": last, "html": html, "counts": counts} | bells.as_news()


def _send(group: str, message: dict[str, Any]) -> None:
    # With the names of the request or the deliveries that it follows from, which the log adds by itself.
    log.info("pushed", group=group, seq=message.get("last") or message.get("seq"))
    broadcasting.send(group, {"type": "push", "group": group, "text": _text(message)})


def _text(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()
