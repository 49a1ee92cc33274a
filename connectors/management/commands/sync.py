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
from connectors.models import SyncSchedule, Task
from inbox.models import ChannelState

BY_ITSELF = (Task.POLL, Task.RECONCILE)
PATIENCE = scheduling.LEASE.total_seconds() * 2  # a run that died has let go by then
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

    def _claimed(self, schedule: SyncSchedule, *, wait: bool) -> bool:
        """A run under way does what was asked for, unless that was to begin anew: then its end is waited for."""
        until = time.monotonic() + (PATIENCE if wait else 0)
        while not scheduling.claim(schedule_id=schedule.pk, now=timezone.now()):
            if time.monotonic() >= until:
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
        if not self._claimed(schedule, wait=full):
            if full:
                self.stderr.write(
                    f"{name} is running already and does not end; nothing was read anew. Try again."
                )
                return None
            self.stdout.write(f"{name} is running already.")
            return 0
        if full:
            scheduling.start_over(schedule_id=schedule.pk)
        done = self._turn(name, schedule)
        while not (done.complete or done.error):  # it made room for others that waited
            if not self._claimed(schedule, wait=True):
                self.stderr.write(f"{name} is not done; it goes on by its schedule, or run this again.")
                return None
            done = _both(done, self._turn(name, schedule))
        if done.error:
            self.stderr.write(f"{name} failed: {done.error}")
            return None
        dead = f", {done.dead} could not be read" if done.dead else ""
        self.stdout.write(
            f"{name}: {done.pages} pages, {done.events} events, {done.new_messages} new messages{dead}."
        )
        return done.newly_dead


def _both(before: Synced, later: Synced) -> Synced:
    """What two turns of one run have done."""
    sums = {
        name: getattr(before, name) + getattr(later, name)
        for name in ("pages", "events", "new_messages", "dead", "newly_dead")
    }
    return replace(later, **sums)
