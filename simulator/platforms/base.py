"""What a simulated platform has to offer to the rest of the simulator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response
from starlette.routing import BaseRoute

from simulator.models import Account, Message, Person, Thread
from simulator.world import Happening, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to be told to one subscriber address."""

    platform: str
    account: str
    url: str
    payload: dict[str, Any]
    message: Message | None = None
    # `message` for its creation, else the change: edit, unsend, react …
    what: str = "message"
    # Events of one group may share a POST.
    group: str = ""
    fault: str = ""
    # It never happened: nobody sends it a second time.
    forged: bool = False

    @property
    def change(self) -> dict[str, Any] | None:
        """What has just become of the message, as its history keeps it; None where this tells of the message itself, or of what is older."""
        if self.message is None or self.what == "message" or self.message.history[-1]["what"] != self.what:
            return None
        return self.message.history[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The exact bytes of one POST."""

    body: bytes
    headers: dict[str, str]
    events: tuple[Event, ...]


class Platform(Protocol):
    key: str
    ack_seconds: float
    batch: int
    label: str

    def prefixes(self) -> tuple[str, ...]: ...

    def routes(self) -> Sequence[BaseRoute]: ...

    def direct_thread(self, *, account: Account, person: Person) -> Thread: ...

    def message_id(self, *, thread: Thread, at_ms: int) -> str: ...

    def events(self, happening: Happening) -> list[Event]: ...

    def pack(self, events: Sequence[Event]) -> list[Packet]: ...

    def spoil(self, packet: Packet) -> Packet:
        """The same body under a signature made with a wrong secret."""
        ...

    def forge(self, event: Event) -> Event:
        """A made-up event that looks like this one; it never happened."""
        ...

    def again(self, event: Event) -> Event:
        """The event as the platform would repeat it inside another delivery."""
        ...

    def retry_delays(self) -> Sequence[float]: ...

    replays: bool
    # Whether what answers an answer in public stands below that; where not, it stands below the same comment.
    nests: bool

    def give_up_webhook(self, event: Event) -> None:
        """Nothing more is delivered to where this event would have gone."""
        ...

    def replayed(self, event: Event, *, since_ms: int, most: int, complete: bool) -> list[Event]:
        """What this event's address was told since then, oldest first, and the end of the job; of platforms that replay."""
        ...

    async def shake_hands(self, *, account: str) -> list[dict[str, Any]]: ...

    def refusal(self, what: str, *, path: str = "") -> Response:
        """`not_found`, `server`, `method`, `expired`, or `unread` for a body that is none, in the platform's own words."""
        ...

    # In which it can say that it is called too often. The first one ends by itself soon after the fault does.
    limit_forms: tuple[str, ...]

    def limited(self, form: str, *, account: Account, minutes: float) -> Response:
        """That it is called too often, in one of these forms; `minutes` are until it may be called again, where the form tells it."""
        ...

    def shown_until(self, message: Message) -> int:
        """The moment until which history showed a message that no delivery brought: until it was unsent, or something newer took its place,
        or its time was over. 0 where it never did, NEVER where it still does."""
        ...

    def changes_shown_until(self, message: Message) -> int:
        """The moment until which history showed what became of a message that no delivery tells of: 0 where it never did, NEVER where it
        still does."""
        ...


def order_key(*, platform: str, at_ms: int, message_id: str) -> str:
    """Sorts inside a thread as the platform does; an X id counts as a number."""
    return f"{at_ms:015d}.{message_id.zfill(20) if platform == 'x' else message_id}"


__all__ = ["Event", "Packet", "Platform", "World", "order_key"]
