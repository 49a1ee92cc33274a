"""manage.py sync: run a channel's schedules now."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connectors import clock
from connectors.actions import scheduling, syncing
from connectors.actions.syncing import Synced
from connectors.management import choosing
from connectors.management.telling import progress
from connectors.models import RunState, SyncSchedule, Task
from inbox.models import ChannelState

BY_ITSELF = (Task.POLL, Task.RECONCILE)
PATIENCE = scheduling.LEASE.total_seconds() * 2  # beyond its turn: a run that died has let go by then
LOOK_EVERY = 0.05


class Command(BaseCommand):
    help = "Run syncs now. Exit code 0: done; 1: at least one failed, or something could not be read; 2: nothing was chosen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel", nargs="?", help="public id or handle of a channel")
        parser.add_argument("--all", action="store_true", help="every channel")
        parser.add_argument("--task", choices=Task.values, help="only this one; poll and reconcile otherwise")
        parser.add_argument(
            "--full", action="store_true", help="from the beginning, as far back as the platform tells"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["channel"]) == options["all"]:
            raise CommandError("Name one channel, or say --all.", returncode=2)
        schedules = SyncSchedule.objects.select_related("channel").order_by("channel_id", "task")
        if options["all"]:
            schedules = schedules.exclude(channel__state=ChannelState.DISCONNECTED)  # retired
        else:
            schedules = schedules.filter(channel=choosing.channel(options["channel"]))
        schedules = schedules.filter(task__in=[options["task"]] if options["task"] else BY_ITSELF)
        chosen = list(schedules)
        if not chosen:
            raise CommandError("There is no such sync to run.", returncode=2)
        unread = [self._run(schedule, full=options["full"]) for schedule in chosen]
        left = []
        if failed := unread.count(None):
            left.append(f"{failed} of {len(chosen)} syncs failed.")
        if dead := sum(filter(None, unread)):
            left.append(f"{dead} item{'' if dead == 1 else 's'} could not be read; each says why.")
        if left:
            raise CommandError(" ".join(left), returncode=1)

    def _claimed(self, name: str, schedule: SyncSchedule) -> bool:
        """What is under way began before it was asked for, and may have been past what is looked for: its end is waited for."""
        until = time.monotonic() + schedule.max_seconds + PATIENCE
        waits = False
        while not scheduling.claim(schedule_id=schedule.pk, now=timezone.now()):
            if not waits:
                self.stdout.write(f"{name} is running already; its end is waited for.")
                waits = True
            if time.monotonic() >= until:
                self.stderr.write(f"{name} is running already and does not end. Try again.")
                return False
            time.sleep(LOOK_EVERY)
        return True

    def _turn(self, name: str, schedule: SyncSchedule) -> Synced:
        with progress(name, total=None, out=self.stdout) as tell:

            def show(done: Synced) -> None:
                tell(done.events, f"{done.pages} pages, {done.new_messages} new")

            now = clock.from_(timezone.now())
            return syncing.run(schedule_id=schedule.pk, clock=now, max_seconds=3600, progress=show)

    def _run(self, schedule: SyncSchedule, *, full: bool) -> int | None:
        """How many items could not be read and were not known; None: it failed."""
        name = f"{schedule.channel}: {schedule.task}"
        if not self._claimed(name, schedule):
            return None
        if full:
            scheduling.start_over(schedule_id=schedule.pk)
        began_before = not full and schedule.runs.filter(state=RunState.RUNNING).exists()
        done = self._to_its_end(name, schedule)
        if done and not done.error and began_before and self._claimed(name, schedule):
            anew = self._to_its_end(name, schedule)
            done = anew and _both(done, anew)
        if done is None:
            return None
        if done.error:
            self.stderr.write(f"{name} failed: {done.error}")
            return None
        dead = f", {done.dead} could not be read" if done.dead else ""
        self.stdout.write(
            f"{name}: {done.pages} pages, {done.events} events, {done.new_messages} new messages{dead}."
        )
        return done.newly_dead

    def _to_its_end(self, name: str, schedule: SyncSchedule) -> Synced | None:
        """Of a schedule that is ours. After a turn that made room for others that waited comes the next; None: somebody else goes on with it."""
        done = self._turn(name, schedule)
        while not (done.complete or done.error):
            if not self._claimed(name, schedule):
                return None
            done = _both(done, self._turn(name, schedule))
        return done


def _both(before: Synced, later: Synced) -> Synced:
    """What two turns of one run have done."""
    sums = {
        name: getattr(before, name) + getattr(later, name)
        for name in ("pages", "events", "new_messages", "dead", "newly_dead")
    }
    return replace(later, **sums)
