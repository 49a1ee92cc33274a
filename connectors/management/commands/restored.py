"""manage.py restored: what a database from a backup must be told before anything runs on it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from connectors.actions import connecting
from inbox import platforms
from inbox.actions import restoring
from inbox.models import Channel, ChannelState, Person, Role
from inbox.queries import members


def _places(person: Person) -> list[str]:
    brands = [f"{each.brand.name} ({Role(each.role).label})" for each in person.memberships.all()]
    staff = ["runs the installation"] if person.is_staff or person.is_superuser else []
    return staff + brands


class Command(BaseCommand):
    help = (
        "After a restore and before any other process starts: hold the replies that waited when the backup was made,"
        " because they may have left since, sign everybody out, and say who may sign in again. Harmless twice."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        held = restoring.hold_replies(now=timezone.now())
        self.stdout.write(
            f"{held} replies that waited are held: their writers look at the thread, then send or discard them."
        )
        ended = restoring.end_sessions()
        connecting.forget_consents()
        self.stdout.write(
            f"{ended} sessions are ended. These may sign in, as it was when the backup was made: lock or remove again whoever has left since."
        )
        for person in members.who_may_sign_in():
            self.stdout.write(f"  {person.email}: {', '.join(_places(person)) or 'no brand'}")
        rotates = {each.key for each in platforms.installed() if each.auth.refresh == "rotate"}
        # One that was retired has no tokens, and connecting it again would let in what somebody shut out.
        spent = Channel.objects.filter(platform__in=rotates).exclude(state=ChannelState.DISCONNECTED)
        for channel in spent.order_by("brand", "pk").select_related("brand"):
            self.stdout.write(
                f"Connect again: {channel.name} {channel.whereabouts} of {channel.brand.name}. Its tokens change with each use; those of a backup are spent."
            )
