"""What of a page comes in. Of what was before the channel only that for which somebody asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from connectors.contract import Delivered, Edited, InboundEvent, InboundMessage, Page, Reacted, Unsent
from connectors.queries import past
from inbox.models import Channel, Message

CHANGES = (Edited, Unsent, Reacted, Delivered)  # of a message that stood before them


def messages(page: Page) -> list[InboundMessage]:
    return [event for event in page.events if isinstance(event, InboundMessage)]


def unknown(channel: Channel, ids: Collection[str]) -> set[str]:
    known = Message.objects.filter(channel=channel, external_id__in=ids)
    return set(ids) - set(known.values_list("external_id", flat=True))


def unasked(channel: Channel, page: Page) -> set[str]:
    """What is not here, is from before the channel, and was asked for by nobody; also that which another page tells, and this one that
    it was changed even before."""
    begins = past.begins(channel)
    told = {each.external_id: each.sent_at for each in messages(page)}
    changed = [
        (each.target, each.at)
        for each in page.events
        if isinstance(each, CHANGES) and each.target not in told
    ]
    early = [(name, at) for name, at in (*told.items(), *changed) if at < begins]
    if not early:
        return set()
    asked = past.asked_for(channel)
    return unknown(channel, {name for name, at in early if not asked.is_wanted(at)})


def without(channel: Channel, page: Page, out: Collection[str]) -> Page:
    """All but these messages and what belongs to them, and but what cannot be read of that time."""
    page = replace(page, events=_but(page.events, out)) if out else page
    if len(page.failed_at) != len(page.failures) or not page.failures:
        return page
    asked = past.asked_for(channel)
    each_with_its_time = zip(page.failures, page.failed_at, strict=True)
    kept = [(each, at) for each, at in each_with_its_time if at is None or asked.is_wanted(at)]
    return replace(page, failures=tuple(each for each, _ in kept), failed_at=tuple(at for _, at in kept))


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
