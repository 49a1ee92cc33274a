"""After a key was put in front of PARLEY_SEAL_KEYS: every stored secret under the new key, so that the old one can go."""

from __future__ import annotations

from django.db import transaction

from connectors import sealing
from connectors.models import Credential, PendingConsent, PlatformApp


@transaction.atomic(durable=True)
def reseal_all() -> int:
    """Seal every secret anew. All or none: a secret that no key opens stops it with SealBroken. Returns how many."""
    count = 0
    for model in (PlatformApp, Credential):
        for row in model.objects.select_for_update().order_by("pk"):
            model.objects.filter(pk=row.pk).update(sealed=sealing.reseal(row.sealed))
            count += 1
    # A consent under way lives for minutes; it is simply asked for again.
    PendingConsent.objects.all().delete()
    return count
