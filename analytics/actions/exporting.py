"""A file with one row a conversation, written a slice at a time. How far it is certain stands in its row: a worker that dies has lost a slice."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from analytics.models import Export, ExportState
from analytics.queries import asked, conversations
from analytics.queries import names as all_names
from analytics.rules import csv_text
from inbox.models import Brand, Person

LONGEST = timedelta(minutes=3)  # that a job writes; then it is stopped
LEASE = LONGEST + timedelta(minutes=1)  # whoever writes still holds it
KEPT = timedelta(days=7)
MOST_TRIES = 5  # of one slice; a restart or two in between are nothing
HOPELESS = "Writing it was begun {} times and not ended, the last time at row {}. Ask for a shorter time; the log of the reports process says why."
GONE = "The {} that it was narrowed by is gone. Ask for the file again."
UNDER_WAY = (ExportState.WAITING, ExportState.RUNNING)


class Refused(Exception):
    """It is not begun; the words say why."""


@transaction.atomic(durable=True)
def begin(*, brand: Brand, by: Person, asks: asked.Asked, now: datetime) -> Export:
    if Export.objects.filter(brand=brand, person=by, state__in=UNDER_WAY).count() >= 3:
        raise Refused("Three of your files are being written. Wait until one of them is ready.")
    told = {**asks.told, "from": asks.first.isoformat(), "to": asks.last.isoformat()}
    return Export.objects.create(
        brand=brand, person=by, asked=told, expected=conversations.expected(asks), created_at=now
    )


def to_write(*, now: datetime) -> list[int]:
    """Those that nobody writes."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return list(
        Export.objects.filter(free, state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True)[:10]
    )


def written(*, export_id: int) -> int | None:
    """How many rows it has; None: nothing more is to be written."""
    export = Export.objects.filter(pk=export_id, state__in=UNDER_WAY)
    return export.values_list("done", flat=True).first()


def claim(*, export_id: int, now: datetime) -> bool:
    free = Export.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), pk=export_id, state__in=UNDER_WAY
    )
    return bool(free.update(lease_until=now + LEASE, state=ExportState.RUNNING, tries=F("tries") + 1))


def write_slice(*, export_id: int, now: datetime) -> bool:
    """Add the next conversations to a file that was claimed. False: it is ready."""
    export = Export.objects.select_related("brand").get(pk=export_id)
    if export.state != ExportState.RUNNING:
        return False
    names = all_names.of(export.brand)
    asks = asked.read(export.asked, brand=export.brand, names=names, now=now)
    if gone := [name for name in asked.FILTERS if export.asked.get(name) and name not in asks.told]:
        # Without it the rest of the file would hold everybody's.
        give_up(export_id=export_id, reason=GONE.format(" and the ".join(gone)), now=now)
        return False
    found, last = conversations.rows(asks, names, after=export.after)
    path = place(export)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(export.size)  # what a worker wrote that died before it could say so
        file.seek(export.size)
        if not export.size:
            file.write(csv_text.BOM.encode())
            file.writelines(line.encode() for line in csv_text.lines([conversations.HEAD]))
        file.writelines(line.encode() for line in csv_text.lines(found))
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    more = len(found) == conversations.SLICE
    told = {"size": size, "after": last or export.after, "done": export.done + len(found), "tries": 0}
    stands = (
        {"lease_until": now + LEASE}
        if more
        else {"lease_until": None, "state": ExportState.READY, "finished_at": now}
    )
    Export.objects.filter(pk=export.pk, state=ExportState.RUNNING).update(**told, **stands)
    return more


def release(*, export_id: int) -> None:
    """Others may go on with it."""
    Export.objects.filter(pk=export_id, state=ExportState.RUNNING).update(lease_until=None)


def give_up_hopeless(*, now: datetime) -> int:
    """Files of which each try died, whatever it died of: they would be tried for ever, and whoever asked for three gets no other."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    hopeless = Export.objects.filter(free, state__in=UNDER_WAY, tries__gte=MOST_TRIES)
    found = list(hopeless.order_by("pk").values_list("pk", "tries", "done")[:100])
    for export_id, tries, done in found:
        give_up(export_id=export_id, reason=HOPELESS.format(tries, done), now=now)
    return len(found)


def give_up(*, export_id: int, reason: str, now: datetime) -> None:
    Export.objects.filter(pk=export_id, state__in=UNDER_WAY).update(
        state=ExportState.FAILED, reason=reason[:300], finished_at=now, lease_until=None
    )


def forget(*, now: datetime) -> int:
    """Files that were ready a week ago are deleted, with their rows."""
    old = list(Export.objects.filter(finished_at__lt=now - KEPT).order_by("pk")[:100])
    for export in old:
        place(export).unlink(missing_ok=True)
    return Export.objects.filter(pk__in=[export.pk for export in old]).delete()[0]


def place(export: Export) -> Path:
    return Path(settings.MEDIA_ROOT) / "exports" / f"{export.public_id}.csv"
