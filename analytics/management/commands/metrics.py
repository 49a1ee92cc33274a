"""Print the definitions of all figures as the page docs/metrics.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics import metrics


class Command(BaseCommand):
    help = "Print docs/metrics.md from the definitions in the code."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(metrics.page(), ending="")
