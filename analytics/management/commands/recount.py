"""manage.py recount: figures that may be wrong are made anew from the inbox."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics import tasks
from analytics.actions import recounting
from inbox.models import Brand


class Command(BaseCommand):
    help = (
        "Count every conversation of a brand anew, and sum every hour and day. It is done in the background; until then the figures of "
        "before stand. For conversations that could not be counted (the log says conversation_not_counted) once the reason is mended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("brand", help="Its slug, as its addresses have it.")
        parser.add_argument(
            "--from-nothing",
            action="store_true",
            help="Throw away what was counted and read all events again from the first. The reports are empty until that is done.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        brand = Brand.objects.filter(slug=options["brand"]).first()
        if brand is None:
            raise CommandError(f"There is no brand “{options['brand']}”.")
        work = recounting.forget if options["from_nothing"] else recounting.ask
        work(brand=brand, now=timezone.now())
        tasks.wake_following(brand.pk)
        self.stdout.write(
            f"All figures of {brand.name} are counted anew; its reports say so until that is done."
        )
