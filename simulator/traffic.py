"""A believable stream of customers: hand-written scenarios that answer the brand, or a corpus of real openings."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator import bookmarks, conversations, customers, scenarios, wire
from simulator.bookmarks import Bookmark
from simulator.corpora import Corpus
from simulator.drafts import Impossible
from simulator.kernel import NEVER, Kernel
from simulator.models import Account, Message, Person
from simulator.saying import say
from simulator.scenarios import Scenario, Step
from simulator.world import Happening

PAST = 28
PAST_STEP_MS = (
    45_000  # half of them have waited longer than the ten minutes that people expect, half have not
)
_REPLY_SECONDS = (4.0, 14.0)
LOOK_SECONDS = 0.5
SETTLED = 4  # looks in a row that found nothing new
GIVEN_UP = 60  # of them, where an account has still nobody who is told of it


@dataclass(slots=True, kw_only=True)
class Visit:
    """One customer going through one scenario."""

    scenario: Scenario
    account: Account
    person: Person
    thread: str = ""
    step: int = 0
    last: str = ""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Traffic:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._task: asyncio.Task[None] | None = None
        self._side: set[asyncio.Task[None]] = set()
        self._visits: dict[tuple[str, str, str], Visit] = {}
        self._sent = 0
        self._past = 0
        self._given: dict[str, Any] = {}
        self._dice = random.Random(1)
        self.pause: Callable[[float, float], float] = self._between

    @property
    def visits(self) -> list[Visit]:
        return list(self._visits.values())

    def _between(self, low: float, high: float) -> float:
        return self._dice.uniform(low, high)

    # Control

    async def play(self, given: dict[str, Any]) -> dict[str, Any]:
        settings = self.kernel.world.settings
        corpus = str(given.get("corpus") or settings.corpus or "builtin")
        platforms = [str(one) for one in wire.listed(given, "platforms") or self.kernel.platforms]
        if unknown := [one for one in platforms if one not in self.kernel.platforms]:
            raise Impossible(f"Unknown platforms: {', '.join(unknown)}.")
        rate = float(given.get("rate") or settings.rate)
        if not 0 < rate <= 2000:
            raise Impossible("rate must lie above 0 and at most 2000 messages a second.")
        seed, limit = int(given.get("seed") or 1), given.get("limit")
        limit = None if limit is None else int(limit)
        skipped: dict[str, Any] = {}
        digest = ""
        if corpus != "builtin":
            skipped = await asyncio.to_thread(conversations.usable, Path(corpus))
            digest = await asyncio.to_thread(bookmarks.digest, Path(corpus))
        self.stop()
        self._dice = random.Random(seed)
        self._sent = 0
        self._given = {
            "corpus": corpus,
            "rate": rate,
            "platforms": platforms,
            "loop": bool(given.get("loop", corpus == "builtin")),
            **skipped,
        }
        self._past = PAST if given.get("past") and not self.kernel.world.messages else 0
        if corpus == "builtin":
            stream = self._scenarios(platforms)
        else:  # one that is named is played from its beginning, that of the settings from where it stopped
            mark = Bookmark(self.kernel.world.store, digest, anew=bool(given.get("corpus")))
            stream = Corpus(
                self.kernel,
                Path(corpus),
                self._accounts(platforms),
                mark,
                self._dice,
                loop=self._given["loop"],
            ).stream()
        self._task = asyncio.create_task(self._run(stream, rate=rate, limit=limit))
        return self.status()

    def stop(self) -> None:
        for task in [self._task, *self._side]:
            if task is not None:
                task.cancel()
        self._task = None
        self._visits.clear()

    def status(self) -> dict[str, Any]:
        playing = self._task is not None and not self._task.done()
        return {"playing": playing, "sent": self._sent, "visits": len(self._visits), **self._given}

    # The stream

    async def _run(self, stream: Iterator[list[dict[str, Any]]], *, rate: float, limit: int | None) -> None:
        """Bursts around a steady mean: the clock of the stream never drifts behind its rate."""
        loop = asyncio.get_running_loop()
        await self._fill(stream)
        due = loop.time()
        for burst in stream:
            for given in burst:
                if limit is not None and self._sent >= limit:
                    return
                self._perform(given)
                self._sent += 1
                due += self._dice.expovariate(rate) if rate < 20 else 1 / rate
                wait = due - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                elif self._sent % 20 == 0:
                    await asyncio.sleep(0)

    async def _fill(self, stream: Iterator[list[dict[str, Any]]]) -> None:
        """A first start finds the conversations of the last half hour, dated back, so that nobody meets an empty inbox."""
        now = self.kernel.world.clock.now_ms()
        for ago in range(self._past, 0, -1):
            at_ms = now - ago * PAST_STEP_MS + self._dice.randint(0, PAST_STEP_MS // 2)
            burst = next(stream, [])
            for left, given in zip(range(len(burst) - 1, -1, -1), burst, strict=True):
                # Where nothing from before a consent can be known, none of it is made up; the order stays.
                known_from = self.kernel.known_from_ms(given["_account"], kind=given["kind"])
                dated = min(now - left, at_ms)
                if known_from != NEVER:
                    dated = max(dated, known_from + self._sent)
                self._perform({**given, "at_ms": dated})
                self._sent += 1
                at_ms += self._dice.randint(15_000, 60_000)  # each after the one before
                await asyncio.sleep(0.03)

    async def begin_when_connected(self) -> None:
        """Plays once receivers have subscribed: what is written before goes unheard. Where it could be known to nobody even later, it
        is waited for longer, as another account may be connected by hand a good while after the first."""
        connected, still = -1, 0
        while connected < 1 or still < (GIVEN_UP if self._lost() else SETTLED):
            await asyncio.sleep(LOOK_SECONDS)
            now = sum(self.kernel.connected(one) for one in self.kernel.world.accounts.values())
            still = still + 1 if now == connected else 0
            connected = now
        try:
            await self.play({"past": True})
        except Impossible as why:
            say(str(why))

    def _perform(self, given: dict[str, Any]) -> Message | None:
        account, person = given.pop("_account"), given.pop("_person")
        visit, played = given.pop("_visit", None), given.pop("_played", None)
        if played is not None:
            played()
        try:
            message = customers.write(
                self.kernel, account=account, person=person, given=given, client="traffic"
            )
        except Exception as error:  # whatever it is, the next one is due
            if not isinstance(error, Impossible):
                say(f"a message of the traffic failed: {type(error).__name__}: {error}")
            return None
        if visit is not None and message is not None:
            self._enter(visit, message)
        return message

    def _accounts(self, platforms: list[str]) -> list[Account]:
        return [one for one in self.kernel.world.accounts.values() if one.platform in platforms]

    def _lost(self) -> list[Account]:
        """Those of which nobody could ever know what is written now, while others are known of."""
        accounts = self.kernel.world.accounts.values()
        if not any(self.kernel.connected(one) for one in accounts):
            return []
        return [one for one in accounts if self.kernel.known_from_ms(one, kind="text") == NEVER]

    # Hand-written scenarios

    def _scenarios(self, platforms: list[str]) -> Iterator[list[dict[str, Any]]]:
        accounts = self._accounts(platforms)
        for turn in itertools.count():
            fitting = [one for one in scenarios.load() if set(one.platforms) & set(platforms)]
            self._dice.shuffle(fitting)
            for scenario in fitting:
                lost = self._lost()
                fit = [one for one in accounts if one.platform in scenario.platforms]
                choice = [one for one in fit if one not in lost] or fit
                # The first brand gets most of the post, so that one inbox looks like an afternoon.
                weights = [4 if one.brand == "Acme" else 1 for one in choice]
                account = self._dice.choices(choice, weights)[0]
                person = self._visitor(account, scenario, turn)
                visit = Visit(scenario=scenario, account=account, person=person)
                yield [self._given_of(visit, step) for step in scenario.opening]
            if not self._given.get("loop"):
                return

    def _visitor(self, account: Account, scenario: Scenario, turn: int) -> Person:
        name = scenario.name
        if turn and scenario.topic != "spam":
            name = self._dice.choice(scenarios.NAMES[scenario.language])
        return customers.person_from(
            self.kernel, account=account, given={"name": name}, language=scenario.language
        )

    def _given_of(self, visit: Visit, step: Step) -> dict[str, Any]:
        text = scenarios.filled(step.text, self._dice)
        given = {
            **step.more,
            "kind": step.kind,
            "text": text,
            "_account": visit.account,
            "_person": visit.person,
            "_visit": visit,
        }
        if "title" in step.more:  # a group is found by its title: each asks in one of their own
            given["title"] = str(step.more["title"]).replace("{name}", visit.person.name.split()[0])
        if visit.thread and step.kind not in {"comment", "mention"}:
            given["thread"] = visit.thread
        return given

    def _enter(self, visit: Visit, message: Message) -> None:
        visit.thread, visit.last = message.thread, message.id
        self._visits[visit.account.platform, visit.account.id, message.thread] = visit
        for change in visit.scenario.changes:
            if change.after == message.text or change.after == "last":
                self._aside(self._change(visit, message, change.kind, change.text))

    async def _change(self, visit: Visit, message: Message, kind: str, text: str) -> None:
        await asyncio.sleep(self.pause(1.5, 6))
        messaging = self.kernel.messaging
        if kind == "edit" and not message.deleted:
            messaging.edit(
                account=visit.account, message=message, text=text, actor=message.sender, client="traffic"
            )
        elif kind == "unsend":
            messaging.unsend(account=visit.account, message=message, actor=message.sender, client="traffic")

    # The brand has answered: the customer reads, waits, reacts

    def hear(self, happening: Happening) -> None:
        if (
            happening.kind != "message"
            or happening.message is None
            or happening.client not in {"api", "native_app"}
        ):
            return
        message, account = happening.message, happening.account
        visit = self._visits.get((account.platform, account.id, message.thread))
        if visit is not None and message.kind != "comment":
            self._aside(self._respond(visit, message))

    async def _respond(self, visit: Visit, reply: Message) -> None:
        messaging, world = self.kernel.messaging, self.kernel.world
        thread = world.thread(visit.account, reply.thread)
        if thread is None or visit.step >= len(visit.scenario.replies):
            return
        step = visit.scenario.replies[visit.step]
        visit.step += 1
        await asyncio.sleep(self.pause(1, 4))
        messaging.customer_reads(account=visit.account, thread=thread, person=visit.person, up_to=reply)
        await asyncio.sleep(self.pause(*_REPLY_SECONDS))
        native = world.native(visit.person, visit.account)
        if step.kind == "react":
            if visit.account.platform == "instagram":
                messaging.react(
                    account=visit.account,
                    message=reply,
                    actor=native,
                    emoji=step.text or "❤️",
                    client="traffic",
                )
            return
        if visit.account.platform == "x":
            messaging.customer_types(account=visit.account, thread=thread, person=visit.person)
            await asyncio.sleep(self.pause(1, 3))
        self._perform(self._given_of(visit, step))

    def _aside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
