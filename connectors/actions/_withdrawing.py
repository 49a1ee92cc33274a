"""Messages that history no longer shows. That alone proves nothing; this is the rule:

* the page lists the stretch around the message without a gap, and could read every item of it;
* its thread still shows another message there (a thread that is gone may have moved, or been hidden from us);
* the message is of a kind that history shows at all;
* and the platform, asked for this one message by its id, says that it is not there any more.
"""

from __future__ import annotations

from connectors.abilities import Confirms
from connectors.contract import Connector, Context, InboundMessage, MessageKind, Page, Unsent
from inbox.models import Channel, Direction, Message

AT_ONCE = 5  # each costs a call; the rest comes with the next walk
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
