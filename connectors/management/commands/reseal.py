"""manage.py reseal: the second step of rotating the key that seals credentials and second factors."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.actions import resealing
from connectors.sealed import Kind
from connectors.sealing import SealBroken


class Command(BaseCommand):
    help = "Seal every stored secret with the first of PARLEY_SEAL_KEYS. Afterwards the older keys may be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = resealing.reseal_all()
        except SealBroken as broken:
            raise CommandError(f"{broken} Nothing was changed.") from None
        told = ", ".join(f"{kind.value} {count[kind]}" for kind in Kind)
        self.stdout.write(
            f"{count.total()} secrets are sealed with the first key ({told}). Older keys may be removed from PARLEY_SEAL_KEYS."
        )
