"""One POST on its way, and how it survives a restart."""

import base64
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.platforms.base import Event, Packet
from simulator.world import World


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One POST on its way, with all it needs after a restart."""

    id: str
    platform: str
    account: str
    url: str
    packet: Packet
    attempt: int = 0
    due: float = 0.0
    faults: list[str] = field(default_factory=list)
    forged: bool = False

    @property
    def spoiled(self) -> bool:
        """Whether it goes under a bad signature now: that is so once."""
        return "signature.bad" in self.faults and self.attempt == 0


def note_told(event: Event) -> None:
    """The message, or what has just become of it, was or will be told."""
    if event.message is not None and event.what == "message":
        event.message.told = True
    elif change := event.change:
        change["told"] = True


def stored(delivery: Delivery) -> dict[str, Any]:
    keys = [
        [e.platform, e.account, e.message.id, e.what] for e in delivery.packet.events if e.message is not None
    ]
    return {
        "id": delivery.id,
        "platform": delivery.platform,
        "account": delivery.account,
        "url": delivery.url,
        "body": base64.b64encode(delivery.packet.body).decode(),
        "headers": delivery.packet.headers,
        "messages": keys,
        "attempt": delivery.attempt,
        "faults": delivery.faults,
        "forged": delivery.forged,
    }


def restored(row: dict[str, Any], world: World) -> Delivery:
    keys = row["messages"]
    blank = Event(platform=row["platform"], account=row["account"], url=row["url"], payload={})
    events = tuple(
        replace(blank, message=world.messages.get((platform, account, one)), what=what)
        for platform, account, one, what in keys
    ) or (blank,)
    return Delivery(
        id=row["id"],
        platform=row["platform"],
        account=row["account"],
        url=row["url"],
        packet=Packet(body=base64.b64decode(row["body"]), headers=row["headers"], events=events),
        attempt=row["attempt"],
        faults=row["faults"],
        forged=row.get("forged", False),
    )
