"""Signed addresses from which a platform may fetch a file of ours, for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from inbox.models import Attachment

LIFE = timedelta(hours=24)
_signer = signing.Signer(salt="inbox.outgoing-file")


def outgoing_url(attachment: Attachment, now: datetime) -> str:
    """An absolute address that stops working a day after `now`."""
    dies_at = int((now + LIFE).timestamp())
    token = _signer.sign_object([attachment.public_id.hex, dies_at])
    origin: str = settings.PARLEY_PUBLIC_URL
    return origin + reverse("inbox:outgoing-file", args=[token])


def read(token: str, *, now: datetime | None = None) -> UUID | None:
    """The file of a token; None when it is forged or its time is over."""
    try:
        public_id, dies_at = _signer.unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return UUID(public_id) if int(dies_at) > (now or timezone.now()).timestamp() else None
