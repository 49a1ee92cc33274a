"""Messages that history no longer shows. That alone proves nothing; this is the rule:

* the page lists the stretch around the message without a gap, and could read every item of it;
* its thread still shows another message there (a thread that is gone may have moved, or been hidden from us);
* the message is of a kind that history shows at all;
* and the platform, asked for this one message by its id, says that it is not there any more.

Public posts of others are in no such list. Where their platform shows many by their ids, each is asked for about once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models.functions import Mod

from connectors.abilities import Confirms, Surveys
from connectors.contract import Connector, Context, InboundMessage, MessageKind, Page, Unsent
from inbox.models import Channel, Direction, Message

AT_ONCE = 5  # each costs a call; the rest comes with the next walk
SURVEY_EVERY = timedelta(minutes=15)
SURVEYED_FOR = timedelta(days=30)  # each that is asked for costs: of what is older nobody is asked
# A prime, so that every share has its turn whatever the plan of the comparisons; with one each quarter of an hour about once a day.
SHARES = 97
_UNLISTED = [
    MessageKind.SYSTEM,
    MessageKind.REFERRAL,
    MessageKind.POSTBACK,
    MessageKind.ENCRYPTED,
    MessageKind.UNSUPPORTED,
    MessageKind.COMMENT,
    MessageKind.MENTION,
]


def suspects(channel: Channel, page: Page) -> list[tuple[str, str]]:
    """(external id, thread) of messages of ours that this page should list and does not."""
    stretch = page.stretch
    if stretch is None or page.failures or page.remarks:
        return []
    listed = [event.external_id for event in page.events if isinstance(event, InboundMessage)]
    threads = {event.thread_id for event in page.events if isinstance(event, InboundMessage)}
    missing = (
        Message.objects.filter(
            channel=channel,
            conversation__thread_key__in=threads,
            sent_at__gt=stretch.since,
            sent_at__lt=stretch.until,
            deleted_at=None,
        )
        .exclude(kind__in=_UNLISTED)
        .exclude(external_id=None)
        .exclude(external_id__in=listed)
        .exclude(direction=Direction.NOTE)
    )
    if not stretch.ours:
        missing = missing.exclude(direction=Direction.OUT)
    found = missing.order_by("-sent_at", "-pk").values_list("external_id", "conversation__thread_key")
    return [(external_id or "", thread) for external_id, thread in found[:AT_ONCE]]


def confirmed(suspect: tuple[str, str], connector: Connector, context: Context) -> Page:
    """The withdrawal as a page of its own, or an empty one."""
    external_id, thread_id = suspect
    if not isinstance(connector, Confirms) or not connector.is_withdrawn(context, external_id):
        return Page(())
    return Page((Unsent(external_id, context.now, thread_id),))


def surveyed(channel: Channel, connector: Connector, context: Context) -> Page:
    """What others deleted of the posts whose turn it is, as a page of its own."""
    if not isinstance(connector, Surveys):
        return Page(())
    held = _in_turn(channel, context.now, connector.surveyed_at_once)
    gone = set(connector.gone(context, list(held))) if held else set()
    return Page(tuple(Unsent(each, context.now, thread) for each, thread in held.items() if each in gone))


def _in_turn(channel: Channel, now: datetime, most: int) -> dict[str, str]:
    """Public posts of others that are still shown, by id, and the thread of each. Platforms charge for each that is asked for."""
    share = int(now.timestamp() / SURVEY_EVERY.total_seconds()) % SHARES
    public = Message.objects.filter(
        channel=channel,
        kind__in=[MessageKind.COMMENT, MessageKind.MENTION],
        direction=Direction.IN,
        deleted_at=None,
        expired_at=None,
        sent_at__gt=now - SURVEYED_FOR,
    )
    mine = public.exclude(external_id=None).annotate(share=Mod("pk", SHARES)).filter(share=share)
    rows = mine.order_by("-sent_at", "-pk").values_list("external_id", "conversation__thread_key")
    return {external_id or "": thread for external_id, thread in rows[:most]}
