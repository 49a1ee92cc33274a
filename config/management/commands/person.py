"""manage.py person: an account is locked, or opened again, for the whole installation; or its right to run it ends."""

from __future__ import annotations

import shlex
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inbox.actions import locking
from inbox.models import Person


class Command(BaseCommand):
    help = (
        "Lock somebody's account in every brand: they are signed out, their password, second factors and passkeys are gone, and what is "
        "under way with them is given back. Or open it again; they then need a new password. Or end what `brand --staff` gave. "
        "Each may be repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--lock", action="store_true", help="nothing lets them in any more")
        what.add_argument("--unlock", action="store_true", help="they may sign in again, with a new password")

        what.add_argument(
            "--no-staff", action="store_true", help="the pages of the whole installation are closed to them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(email__iexact=options["email"].strip()).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {options['email']}.")
        if options["no_staff"]:
            had = locking.end_staff(person=person)
            self.stdout.write(
                f"{person.email} {'opens' if had else 'did not open'} the pages of the whole installation{' no longer' if had else ''}."
            )
            return
        self.stdout.write(_lock(person) if options["lock"] else _unlock(person))


def _lock(person: Person) -> str:
    done = locking.lock(person=person, now=timezone.now())
    said = f"{person.email} {'is locked' if done.changed else 'was locked already'}: signed out everywhere, no password"
    if done.factors:
        said += f", {done.factors} second factor{'' if done.factors == 1 else 's'} removed"
    said += "."
    for brand in done.without:
        said += f"\n{brand.name} has nobody who runs it now: manage.py brand {shlex.quote(brand.name)} --slug {brand.slug} --admin EMAIL"
    return said


def _unlock(person: Person) -> str:
    changed = locking.unlock(person=person, now=timezone.now())
    said = f"{person.email} {'may sign in again' if changed else 'was not locked'}."
    person.refresh_from_db()
    if not person.has_usable_password():
        said += f" No password yet: manage.py changepassword {person.email}, or the sign-in page by mail."
    return said
