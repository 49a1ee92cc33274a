"""What of a page comes in. Of what was before the channel only that for which somebody asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from connectors.contract import InboundEvent, InboundMessage, Page
from connectors.queries import past
from inbox.models import Channel, Message


def messages(page: Page) -> list[InboundMessage]:
    return [event for event in page.events if isinstance(event, InboundMessage)]


def unknown(channel: Channel, ids: Collection[str]) -> set[str]:
    known = Message.objects.filter(channel=channel, external_id__in=ids)
    return set(ids) - set(known.values_list("external_id", flat=True))


def unasked(channel: Channel, page: Page) -> set[str]:
    """What is not here, is from before the channel, and was asked for by nobody."""
    begins = past.begins(channel)
    early = [each for each in messages(page) if each.sent_at < begins]
    if not early:
        return set()
    asked = past.asked_for(channel)
    return unknown(channel, {each.external_id for each in early if not asked.is_wanted(each.sent_at)})


def without(page: Page, out: Collection[str]) -> Page:
    """All but these messages and what belongs to them."""
    return replace(page, events=_but(page.events, out)) if out else page


def within(
    events: tuple[InboundEvent, ...], since: datetime | None, until: datetime
) -> tuple[InboundEvent, ...]:
    """Messages of the range, and what belongs to them."""
    out = {
        each.external_id
        for each in events
        if isinstance(each, InboundMessage) and not ((since is None or since <= each.sent_at) and each.sent_at < until)
    }  # fmt: skip
    return _but(events, out)


def _but(events: tuple[InboundEvent, ...], out: Collection[str]) -> tuple[InboundEvent, ...]:
    return tuple(
        each
        for each in events
        if (each.external_id if isinstance(each, InboundMessage) else getattr(each, "target", "")) not in out
    )
