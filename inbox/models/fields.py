"""Fields every noun shares."""

from __future__ import annotations

import uuid

import uuid_utils.compat
from django.db import models


def new_public_id() -> uuid.UUID:
    """UUIDv7: unguessable enough to name a row in a URL, rising enough to keep its index compact."""
    return uuid_utils.compat.uuid7()


def usual_languages() -> list[str]:
    """Of a new brand. The project's own phrases and rules speak these."""
    return ["en", "de", "fr", "es", "it", "pt"]


class PublicIdModel(models.Model):
    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)

    class Meta:
        abstract = True
