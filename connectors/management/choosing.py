"""Which channel a person at a terminal means: its public id or its handle."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError
from django.db.models import Q

from inbox.models import Channel


def channel(named: str) -> Channel:
    wanted = Q(handle__iexact=named.removeprefix("@")) | Q(handle__iexact=named)
    try:
        wanted |= Q(public_id=uuid.UUID(named))
    except ValueError:
        pass
    found = list(Channel.objects.filter(wanted).order_by("pk")[:10])
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"No channel has the public id or handle “{named}”.", returncode=2)
    several = ", ".join(f"{each.public_id} ({each.platform}, {each.brand})" for each in found)
    raise CommandError(
        f"Several channels are called “{named}”; say which by its public id: {several}.", returncode=2
    )
