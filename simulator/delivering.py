"""Delivers signed events to whoever registered, with acknowledgement deadlines and redelivery."""

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

import httpx

from simulator import deliveries
from simulator.deliveries import Delivery
from simulator.faults import Faults, Hit
from simulator.platforms.base import Event, Packet, Platform
from simulator.world import Happening, World

log = logging.getLogger("simulator.delivering")

_GATHER_SECONDS = 0.02
_AT_ONCE = 24
_KEPT_PER_MESSAGE = 24


class Deliverer:
    def __init__(self, *, world: World, faults: Faults, platforms: dict[str, Platform]) -> None:
        self.world = world
        self.faults = faults
        self.platforms = platforms
        self.client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=_AT_ONCE),
        )
        self._gathering: dict[tuple[str, str, str], list[Event]] = {}
        self._held: dict[int, Event] = {}
        self._waiting: dict[str, Delivery] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hurry = asyncio.Event()
        self._serial = 0

    @property
    def pending(self) -> int:
        """Events and deliveries neither acknowledged nor given up, and feed rows not yet to be polled."""
        lagging = self.world.lagging()
        return sum(map(len, self._gathering.values())) + len(self._held) + len(self._waiting) + lagging

    # From happenings to events

    def hear(self, happening: Happening) -> None:
        """A listener of the world. API sends are announced by the sending code, which owns the echo's moment."""
        if happening.kind == "message" and happening.client == "api":
            return
        for event in self.platforms[happening.account.platform].events(happening):
            self.announce(event)

    def echo(self, happening: Happening) -> list[asyncio.Task[None]]:
        """The echo of an API send: early, on time or late. Early ones must be awaited before the call answers."""
        account = happening.account
        early = self.faults.draw("echo.early", platform=account.platform, account=account.id)
        late = None if early else self.faults.draw("echo.late", platform=account.platform, account=account.id)
        sent = []
        for event in self.platforms[account.platform].events(happening):
            if early:
                sent.append(self._spawn(self._deliver_alone(replace(event, fault="echo.early"))))
            elif late:
                self._hold(replace(event, fault="echo.late"), seconds=late.number("delay_ms", 5000) / 1000)
            else:
                self.announce(event)
        return sent

    def announce(self, event: Event) -> None:
        scope = {"platform": event.platform, "account": event.account}
        platform = self.platforms[event.platform]
        if self.faults.draw("webhook.disabled", **scope):
            platform.give_up_webhook(event)
            self._drop(event, fault="webhook.disabled")
            return
        if self.faults.draw("drop", **scope):
            self._drop(event, fault="drop")
            return
        if platform.replays and (hit := self.faults.draw("replay.job", **scope)):
            self._replay(event, hit)
        if hit := self.faults.draw("signature.bad", **scope):
            if hit.rule.params.get("mode") == "spoiled":
                event = replace(event, fault="signature.bad")
            else:
                forged = self.platforms[event.platform].forge(event)
                self._spawn(
                    self._deliver_alone(replace(forged, message=None, fault="signature.bad", forged=True))
                )
        comes_again = event.fault != "signature.bad" or bool(self.platforms[event.platform].retry_delays())
        if comes_again:
            deliveries.note_told(event)
        if hit := self.faults.draw("dup.rebatched", **scope):
            self._hold(
                replace(self.platforms[event.platform].again(event), fault="dup.rebatched"),
                seconds=hit.random.uniform(0.05, hit.number("delay_ms", 600) / 1000),
            )
        if hit := self.faults.draw("reorder", **scope):
            self._hold(
                replace(event, fault="reorder"),
                seconds=hit.random.uniform(0, hit.number("max_ms", 1500) / 1000),
            )
            return
        self._gather(event)

    def _replay(self, event: Event, hit: Hit) -> None:
        """What was delivered already comes between what is new; then the platform says that its job is over."""
        since = self.world.clock.now_ms() - int(hit.number("minutes", 1440) * 60_000)
        again = self.platforms[event.platform].replayed(
            event, since_ms=since, most=int(hit.number("most", 500)), complete=hit.random.random() < 0.5
        )
        for each in again:
            self._hold(replace(each, fault="replay.job"), seconds=hit.random.uniform(0, 1))

    def _drop(self, event: Event, *, fault: str) -> None:
        self._note(event, status="dropped", fault=fault)
        if event.message is not None and event.what == "message":
            event.message.dropped = True
        elif change := event.change:
            change["fault"] = fault

    def _hold(self, event: Event, *, seconds: float) -> None:
        self._held[id(event)] = event
        self._spawn(self._release(event, seconds))

    async def _release(self, event: Event, seconds: float) -> None:
        await self._sleep(seconds)
        if self._held.pop(id(event), None) is not None:
            self._gather(event)

    def _gather(self, event: Event) -> None:
        key = (event.platform, event.url, event.group)
        waiting = self._gathering.setdefault(key, [])
        waiting.append(event)
        if len(waiting) == 1:
            self._spawn(self._send_gathered(key))

    async def _send_gathered(self, key: tuple[str, str, str]) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        events = self._gathering.pop(key, [])
        platform = self.platforms[key[0]]
        for start in range(0, len(events), platform.batch):
            for packet in platform.pack(events[start : start + platform.batch]):
                self._dispatch(packet)

    async def _deliver_alone(self, event: Event) -> None:
        for packet in self.platforms[event.platform].pack([event]):
            delivery = self._enlist(packet)
            await self._carry(delivery)

    # From packets to POSTs

    def _dispatch(self, packet: Packet) -> None:
        delivery = self._enlist(packet)
        self._spawn(self._carry(delivery))
        if hit := self._draw_exact(packet):
            self._spawn(self._repeat(packet, hit))

    def _draw_exact(self, packet: Packet) -> Hit | None:
        first = packet.events[0]
        return self.faults.draw("dup.exact", platform=first.platform, account=first.account)

    async def _repeat(self, packet: Packet, hit: Hit) -> None:
        twin = self._enlist(
            packet, fault="dup.exact", due=time.monotonic() + hit.number("delay_ms", 300) / 1000
        )
        await self._carry(twin)

    def _enlist(self, packet: Packet, *, fault: str = "", due: float = 0.0) -> Delivery:
        self._serial += 1
        first = packet.events[0]
        faults = [one.fault for one in packet.events if one.fault] + ([fault] if fault else [])
        delivery = Delivery(
            id=f"{self.world.clock.now_ms()}-{self._serial}",
            platform=first.platform,
            account=first.account,
            url=first.url,
            packet=packet,
            due=due,
            faults=faults,
            forged=all(one.forged for one in packet.events),
        )
        self._waiting[delivery.id] = delivery
        self.world.store.put("delivery", delivery.id, deliveries.stored(delivery))
        return delivery

    def resume(self) -> None:
        """Takes up what a former run had not delivered."""
        for _, row in self.world.store.load("delivery"):
            delivery = deliveries.restored(row, self.world)
            self._waiting[delivery.id] = delivery
            self._spawn(self._carry(delivery))

    async def _carry(self, delivery: Delivery) -> None:
        """Posts until acknowledged or given up."""
        platform = self.platforms[delivery.platform]
        delays = platform.retry_delays()
        while delivery.id in self._waiting:
            await self._sleep(delivery.due - time.monotonic())
            packet = platform.spoil(delivery.packet) if delivery.spoiled else delivery.packet
            status = await self._post(delivery, packet, platform)
            if delivery.id not in self._waiting:
                return
            acknowledged = isinstance(status, int) and 200 <= status < 300
            if acknowledged or delivery.forged or delivery.attempt >= len(delays):
                del self._waiting[delivery.id]
                self.world.store.remove("delivery", delivery.id)
                return
            delivery.due = time.monotonic() + delays[delivery.attempt] * self.world.settings.retry_scale
            delivery.attempt += 1
            self.world.store.put("delivery", delivery.id, deliveries.stored(delivery))

    async def _post(self, delivery: Delivery, packet: Packet, platform: Platform) -> int | str:
        await self.world.store.written()
        headers = {"content-type": "application/json", "user-agent": platform.label, **packet.headers}
        async with self._slots:
            status: int | str
            try:
                answer = await self.client.post(
                    delivery.url, content=packet.body, headers=headers, timeout=platform.ack_seconds
                )
                status = answer.status_code
            except httpx.TimeoutException:
                status = "timeout"
            except httpx.HTTPError as error:
                status = type(error).__name__
            except (httpx.InvalidURL, OverflowError, ValueError):
                status = "InvalidURL"
        faults = sorted(set(delivery.faults))
        for event in packet.events:
            self._note(event, status=status, fault=",".join(faults))
        return status

    def _note(self, event: Event, *, status: int | str, fault: str = "") -> None:
        message = event.message
        if message is None:
            return
        row: dict[str, Any] = {"at_ms": self.world.clock.now_ms(), "status": status}
        if event.what != "message":
            row["what"] = event.what
        if fault or event.fault:
            row["fault"] = fault or event.fault
        message.deliveries.append(row)
        if len(message.deliveries) > _KEPT_PER_MESSAGE:
            del message.deliveries[1]
        if event.what == "message" and isinstance(status, int) and 200 <= status < 300:
            message.known = True
        self.world.save_message(message)

    # Running

    def hurry(self) -> None:
        """Every waiting redelivery and held event goes now."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            return

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def redirect(self, old: str, new: str) -> None:
        """What waits to be delivered again goes where its receiver lives now."""
        for delivery in self._waiting.values():
            if delivery.url == old:
                delivery.url = new
                self.world.store.put("delivery", delivery.id, deliveries.stored(delivery))

    def forget(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        self._gathering.clear()
        self._held.clear()
        self._waiting.clear()

    async def close(self) -> None:
        """Keeps on disk whatever was still on its way."""
        held = [event for events in self._gathering.values() for event in events] + list(self._held.values())
        for event in held:
            for packet in self.platforms[event.platform].pack([event]):
                self._enlist(packet)
        for task in list(self._tasks):
            task.cancel()
        await self.client.aclose()
