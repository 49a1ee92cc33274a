"""What a connector may be able to do besides, because its platform has such a thing. It need not name these classes: to have the method
is enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.contract import (
    Context,
    InboundMessage,
    RateNotice,
    Redelivery,
    RedeliveryBounds,
    Subscription,
)


@runtime_checkable
class Watches(Protocol):
    """What a connector adds whose platform says whether it still delivers to us. Platforms switch webhooks off by themselves."""

    def subscription(self, ctx: Context, callback_url: str) -> Subscription:
        """As the platform has it now."""


@runtime_checkable
class Confirms(Protocol):
    """What a connector adds whose history may show that a message was withdrawn (`Page.stretch`)."""

    def is_withdrawn(self, ctx: Context, external_id: str) -> bool:
        """Whether the platform says of this one message that it is there no more. Any other refusal is no such answer."""


@runtime_checkable
class Surveys(Protocol):
    """What a connector adds whose platform tells nobody that a stranger deleted a public post, and shows many by their ids."""

    surveyed_at_once: int

    def gone(self, ctx: Context, external_ids: Sequence[str]) -> Collection[str]:
        """Which of these public posts the platform says are there no more, or no longer for us. Silence about one is no such answer."""


@runtime_checkable
class Gestures(Protocol):
    """What a connector adds whose platform can show a customer that somebody writes to them (`SendRules.typing`)."""

    def show_writing(self, ctx: Context, thread_id: str, recipient_id: str) -> Sequence[RateNotice]:
        """Show it for a while; it is called again while somebody goes on. What the platform said of its limits."""


@runtime_checkable
class Completes(Protocol):
    """What a connector adds whose deliveries name messages that they do not tell (`InboundMessage.untold`)."""

    def told(self, ctx: Context, external_id: str, thread_id: str) -> InboundMessage:
        """That message with its words and, as far as the platform says, its author. TELL where it is there no more."""


@runtime_checkable
class Redelivers(Protocol):
    """What a connector adds whose platform delivers a time once more when it is asked to, and says when that is done
    (`RedeliveryEnded`). Limits are told of the bucket "redelivery"."""

    redelivery: RedeliveryBounds

    def deliver_again(self, ctx: Context, callback_url: str, since: datetime, until: datetime) -> Redelivery:
        """Ask for all of this time, which lies within the bounds. RETRY with `retry_at` while another task is under way."""
