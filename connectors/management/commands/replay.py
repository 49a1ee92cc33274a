"""manage.py replay: read stored deliveries once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from connectors.actions import replaying
from connectors.management import choosing
from connectors.management.telling import progress


class Command(BaseCommand):
    help = "Read receipts again. Harmless: a message is told once however often it is read. Exit code 1: something is still dead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--receipt", type=int, help="one receipt by its number")
        parser.add_argument("--dead", action="store_true", help="only what could not be read")
        parser.add_argument("--channel", help="only this channel: public id or handle")
        parser.add_argument("--since", help="only what came since then, like 2026-08-06T12:00")

    def handle(self, *args: Any, **options: Any) -> None:
        if not any(options[name] for name in ("receipt", "dead", "channel", "since")):
            raise CommandError("Say what: --receipt, --dead, --channel or --since.", returncode=2)
        channel_id = choosing.channel(options["channel"]).pk if options["channel"] else None
        since = _moment(options["since"]) if options["since"] else None
        now = timezone.now()
        receipts = replaying.receipts_to_replay(
            receipt_id=options["receipt"], dead=options["dead"], channel_id=channel_id, since=since
        )
        # The list is drawn up first: what is replayed and still bad would be chosen again and again.
        ids = list(receipts.values_list("pk", flat=True))
        polled = list(
            replaying.polled_items_to_replay(channel_id=channel_id, since=since).values_list("pk", flat=True)
            if options["dead"]
            else []
        )
        if options["receipt"] and not ids:
            raise CommandError(
                f"There is no receipt {options['receipt']} that was read before.", returncode=2
            )
        total = replaying.Replayed()
        with progress("Replaying", total=len(ids) + len(polled), out=self.stdout) as tell:
            for total in replaying.replay(receipt_ids=ids, now=now):
                tell(total.receipts)
            for item_id in polled:
                one = replaying.replay_polled_item(item_id=item_id, now=now)
                total.items += 1
                total.new_messages += one.new_messages
                total.dead += one.dead
        self.stdout.write(
            f"Replayed {total.receipts} receipts, {total.items} items: {total.new_messages} new messages, {total.dead} still dead."
        )
        if total.dead:
            raise CommandError(f"{total.dead} items still cannot be read; each says why.", returncode=1)


def _moment(text: str) -> datetime:
    moment = parse_datetime(text) or parse_datetime(f"{text}T00:00")
    if moment is None:
        raise CommandError(f"“{text}” is no moment; write it like 2026-08-06T12:00.", returncode=2)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
