"""manage.py changepassword: as Django's own asks for it, and told to the audit log, which nothing of the row that it writes would be."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inbox.actions import locking
from inbox.models import Person

TRIES = 3
LOCKED = "{email} is locked: manage.py person {email} --unlock comes first."


class Command(BaseCommand):
    help = "Set somebody's password: the first one, or another. They are signed out everywhere. Second factors and passkeys stay."
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(email__iexact=options["email"].strip()).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {options['email']}.")
        if not person.is_active:
            raise CommandError(LOCKED.format(email=person.email))
        password = self._asked(person)
        if not locking.set_password(person=person, password=password, now=timezone.now()):
            raise CommandError(LOCKED.format(email=person.email))
        self.stdout.write(f"{person.email} has a new password.")

    def _asked(self, person: Person) -> str:
        for _ in range(TRIES):
            password = getpass(f"Password of {person.email}: ")
            if not password:
                break
            if password != getpass("Once more: "):
                self.stderr.write("They are not the same.")
                continue
            try:
                validate_password(password, person)
            except ValidationError as fault:
                self.stderr.write("\n".join(fault.messages))
                continue
            return password
        raise CommandError("The password stays as it was.")
