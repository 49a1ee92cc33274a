"""Whether something the platform shows us of the brand's side was written by nobody: an auto-greeting, an answer to a frequent question,
a flow of another app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inbox.exchange import InboundEvent, InboundMessage, MessageKind, Origin
from inbox.rules import echoes


def told(event: InboundEvent, answers: Sequence[str], other_apps_are_bots: bool) -> InboundEvent:
    """A message of the brand's side with the origin it has for this account; all else as it is. `answers`: the exact words of its
    automatic answers. The connector says AUTOMATION of what another app may have written, where the platform tells that much; whether
    people write there, too, the brand alone knows."""
    if not isinstance(event, InboundMessage) or not event.outbound or event.kind is MessageKind.SYSTEM:
        return event
    if event.origin is Origin.AUTOMATION and not other_apps_are_bots:
        event = replace(event, origin=Origin.OTHER_CLIENT)
    if event.text and any(echoes.same_words(each, event.text) for each in answers):
        return replace(event, origin=Origin.AUTOMATION)
    return event


def is_by_nobody(message: InboundMessage) -> bool:
    """It goes to a customer and answers nobody."""
    return message.outbound and message.origin is Origin.AUTOMATION
