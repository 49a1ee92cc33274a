"""manage.py completeness: does the inbox hold exactly what happened on the platforms?"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from django.utils import timezone

from connectors import completeness, natives, sides
from connectors.differences import Difference, Findings, Gone, Kind
from connectors.management.telling import progress
from connectors.models import SyncSchedule, Task
from connectors.natives import Native
from connectors.queries import past
from connectors.queries.past import Past
from connectors.rules import aside
from connectors.sides import Kept, Lost
from inbox import platforms
from inbox.models import BrandSequence, Channel
from inbox.platforms import UnknownPlatform

MARGIN = 2.0  # seconds from a platform's door to our screen on a busy machine
# What the inbox may have learned while the ledger was being read, which therefore says nothing of it yet.
MAY_BE_NEWER = frozenset({Kind.UNKNOWN, Kind.DOUBLED, Kind.TEXT, Kind.DELETION, Kind.REACTIONS})


class Command(BaseCommand):
    help = "Compare the inbox with the simulator's ledger. Exit code 0: nothing differs; 1: something does; 2: could not compare."
    requires_system_checks = []  # what they find would end it with 1

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--simulator", help="its control address", default=f"http://127.0.0.1:{settings.SIMULATOR_PORT}"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
        parser.add_argument(
            "--show", type=int, help="name so many differences and count the others; without it each is named"
        )
        parser.add_argument("--wait", type=float, default=0, help="seconds to let what is on its way arrive")

    def handle(self, *args: Any, **options: Any) -> None:
        until = time.monotonic() + options["wait"]
        while True:
            try:
                findings = self._compare(options)
            except (httpx.HTTPError, ValueError, KeyError) as error:
                reason = f"The ledger of {options['simulator']} cannot be read: {type(error).__name__} {error}".rstrip()
                raise CommandError(reason, returncode=2) from None
            except ProgrammingError as error:  # a database that is away is told for every command
                reason = f"The inbox cannot be read: {str(error).splitlines()[0]}. Run manage.py migrate."
                raise CommandError(reason, returncode=2) from None
            if not (findings.total or findings.on_their_way) or time.monotonic() > until:
                break
            time.sleep(1)
        self._tell(findings, as_json=options["json"])
        if not findings.messages and sides.holds_messages():
            reason = (
                "Nothing was compared: the ledger is empty, and the inbox holds messages of its platforms."
            )
            raise CommandError(reason, returncode=2)
        if findings.total:
            raise CommandError(f"{findings.total} differences.", returncode=1)

    def _compare(self, options: dict[str, Any]) -> Findings:
        findings = Findings(options["show"])
        begun, last_before = timezone.now(), dict(BrandSequence.objects.values_list("brand_id", "last"))
        channels = {(each.platform, each.external_id): each for each in Channel.objects.all()}
        paces, rounds = _paces(Task.POLL), _paces(Task.RECONCILE)
        former = [each for each in channels.values() if aside.account(each.external_id)]
        lost = {each.pk: sides.lost_of(each) for each in channels.values()}
        asked = {each.pk: past.asked_for(each) for each in channels.values()}
        seen: set[int] = set()
        compared = sides.simulated()
        out = self.stderr if options["json"] else self.stdout
        with progress("Comparing", total=None, out=out) as tell:
            for thread in natives.threads(_ledger(options["simulator"])):
                findings.threads += 1
                findings.messages += len(thread)
                compared.add(thread[0].platform)
                seen |= _seen_before(thread, former)
                young = _young(thread, channels, paces, rounds)
                news: set[str] = set()
                for difference in _differences(thread, channels, seen, last_before, news, lost, asked):
                    newer_here = difference.kind in MAY_BE_NEWER and difference.id in news
                    if newer_here or difference.id in young.get(difference.kind, ()):
                        findings.on_their_way += 1
                    else:
                        findings.add(difference)
                tell(findings.messages, f"messages in {findings.threads} threads")
        for difference in completeness.strange_conversations(compared, known=seen, before=begun):
            findings.add(difference)
        overdue, others = completeness.replies_that_stay(compared, now=timezone.now())
        findings.on_their_way += others
        for difference in overdue:
            findings.add(difference)
        return findings

    def _tell(self, findings: Findings, *, as_json: bool) -> None:
        if as_json:
            told = {
                "messages": findings.messages,
                "threads": findings.threads,
                "on_their_way": findings.on_their_way,
                "unknowable": findings.unknowable,
                "differences": {kind.value: findings.counts[kind] for kind in Kind},
                "named": [asdict(each) for each in findings.named],
                "gone_counts": {kind.value: len(findings.gone_ids[kind]) for kind in Gone},
                "gone": [asdict(each) for each in findings.gone],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self._list("", findings.named, findings.total)
        counted = ", ".join(f"{kind.value} {findings.counts[kind]}" for kind in Kind)
        self.stdout.write(f"Compared {findings.messages} messages in {findings.threads} threads: {counted}.")
        if not findings.messages and not sides.holds_messages():
            self.stdout.write("The ledger and the inbox are both empty.")
        if findings.on_their_way:
            self.stdout.write(
                f"{findings.on_their_way} still on their way: too young to be missed, or waiting for what they need."
            )
        self._list("No longer to be known: ", findings.gone, findings.all_gone)
        for kind in Gone:
            if count := len(findings.gone_ids[kind]):
                self.stdout.write(kind.sentence.format(count))

    def _list(self, title: str, named: list[Difference], total: int) -> None:
        for difference in named:
            self.stdout.write(f"{title}{difference}")
        if total > len(named):
            self.stdout.write(f"{title}… and {total - len(named)} more.")


def _paces(task: Task) -> dict[int, float]:
    """Channel -> seconds that what happens there may take to get here by this way."""
    return {each.channel_id: _pace(each) + MARGIN for each in SyncSchedule.objects.filter(task=task)}


def _pace(poll: SyncSchedule) -> float:
    """Seconds between two of its runs, as they come now."""
    if not poll.cron:
        return poll.every_seconds
    due = poll.cadence.after(timezone.now())
    return (poll.cadence.after(due) - due).total_seconds()


def _young(
    natives: list[Native],
    channels: dict[tuple[str, str], Channel],
    paces: dict[int, float],
    rounds: dict[int, float],
) -> dict[Kind | Gone, set[str]]:
    """What happened so lately that it may be on its way. A platform whose clock is ahead of ours is given no such grace."""
    channel = channels.get((natives[0].platform, natives[0].account))
    if channel is None:
        return {}
    since = (timezone.now().timestamp() - paces.get(channel.pk, MARGIN)) * 1000
    ahead = (timezone.now().timestamp() + MARGIN) * 1000
    new = {each.id for each in natives if since < each.at_ms < ahead}
    changed = {each.id for each in natives if since < each.changed_ms < ahead}
    # That something is lost is found by the next comparison with history.
    found = (timezone.now().timestamp() - rounds.get(channel.pk, MARGIN)) * 1000
    unasked = {each.id for each in natives if found < each.at_ms < ahead}
    return {
        Kind.MISSING: new,
        Kind.TEXT: changed,
        Kind.DELETION: changed,
        Kind.REACTIONS: changed,
        Kind.LOST: unasked,
    }


def _differences(
    natives: list[Native],
    channels: dict[tuple[str, str], Channel],
    seen: set[int],
    last_before: dict[int, int],
    news: set[str],
    lost: dict[int, list[Lost]],
    asked: dict[int, Past],
) -> Iterator[Difference]:
    """`seen` gathers the conversations looked at, `news` the messages that changed here after `last_before`, by brand."""
    first = natives[0]
    channel = channels.get((first.platform, first.account))
    if channel is None:
        for native in natives:
            if native.expected or native.shown_ms:
                why = "its account is not connected"
                yield Difference(Kind.MISSING, native.platform, native.account, native.thread, native.id, why)
        return
    try:
        rules = platforms.get(first.platform).receive
    except UnknownPlatform as unknown:
        raise CommandError(str(unknown), returncode=2) from None
    kept = sides.of_thread(channel, natives)
    seen.update(each.conversation_id for each in kept)
    natives = _owed(natives, kept, asked[channel.pk])
    if not natives:
        return
    last = last_before.get(channel.brand_id, 0)
    news.update(each.id for each in kept if each.seq > last)
    (under_way, unconfirmed), gone = sides.unsettled(kept), sides.may_have_gone(kept)
    yield from completeness.compare(natives, kept, rules, under_way, gone, lost[channel.pk], unconfirmed)


def _owed(natives: list[Native], kept: list[Kept], asked: Past) -> list[Native]:
    """What was before the channel is missed by nobody who has not asked for it. What is here must be right all the same."""
    here = {each.id for each in kept}
    return [
        native
        for native in natives
        if native.id in here or asked.is_wanted(datetime.fromtimestamp(native.at_ms / 1000, UTC))
    ]


def _seen_before(natives: list[Native], former: list[Channel]) -> set[int]:
    """What has come of a thread stays with the brand that had the account then, also once it is another brand's."""
    theirs = [each.pk for each in former if each.platform == natives[0].platform]
    return sides.conversations_of(theirs, natives) if theirs else set()


def _ledger(simulator: str) -> Iterator[dict[str, Any]]:
    """Line by line: the ledger may be longer than our memory. One that breaks off is no ledger."""
    with (
        httpx.Client(timeout=60, trust_env=False) as client,
        client.stream("GET", f"{simulator.rstrip('/')}/control/ledger") as answer,
    ):
        answer.raise_for_status()
        for line in answer.iter_lines():
            if line.strip():
                yield json.loads(line)
