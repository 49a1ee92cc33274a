"""After a key was put in front of PARLEY_SEAL_KEYS: every stored secret under the new key, so that the old one can go."""

from __future__ import annotations

from collections import Counter

from allauth.mfa.models import Authenticator
from django.db import transaction

from connectors import sealed, sealing
from connectors.models import PendingConsent


@transaction.atomic(durable=True)
def reseal_all() -> Counter[sealed.Kind]:
    """Seal every secret anew. All or none: a secret that no key opens stops it with SealBroken. Returns how many of each."""
    count: Counter[sealed.Kind] = Counter()
    for kind, model in sealed.MODELS.items():
        for row in model.objects.select_for_update().order_by("pk"):
            model.objects.filter(pk=row.pk).update(sealed=sealing.reseal(row.sealed))
            count[kind] += 1
    for factor in Authenticator.objects.select_for_update().order_by("pk"):
        data = sealed.second_factor(factor.data, sealing.reseal_text)
        if data != factor.data:  # a passkey has nothing sealed
            Authenticator.objects.filter(pk=factor.pk).update(data=data)
            count[sealed.Kind.FACTOR] += 1
    # A consent under way lives for minutes; it is simply asked for again.
    PendingConsent.objects.all().delete()
    return count
