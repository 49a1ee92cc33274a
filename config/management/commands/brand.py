"""manage.py brand: a brand with what it begins with, and the people who work for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from inbox.actions import founding
from inbox.models import Brand, Role

ROLES = {
    "admin": Role.ADMINISTRATOR,
    "manager": Role.MANAGER,
    "operations": Role.OPERATIONS,
    "agent": Role.AGENT,
}


class Command(BaseCommand):
    help = (
        "Make a brand with its tags, hours and promise, and the people who work for it. Repeat it to add people or to give somebody "
        "another role, and with --time-zone to have its days counted anew in another zone; what else the brand has changed stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as people read it, for example “Acme Outdoor”")
        for option, role in ROLES.items():
            parser.add_argument(
                f"--{option}",
                action="append",
                default=[],
                metavar="EMAIL",
                help=f"{role.label}; may be repeated",
            )
        parser.add_argument(
            "--slug", default="", help="the brand's address, /b/<slug>/; made from the name where left out"
        )
        parser.add_argument(
            "--time-zone",
            default="",
            help="whose midnight its days end at, for example Europe/Berlin; left out, a new brand has UTC and another keeps its own",
        )
        parser.add_argument(
            "--staff",
            action="store_true",
            help="the administrators and operations named here may open /admin/ and the queues, which show every brand",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people: dict[str, Role] = {}
        for option, role in ROLES.items():
            for email in options[option]:
                if people.setdefault(email.strip().lower(), role) != role:
                    raise CommandError(f"{email} is named with two roles.")
        name = options["name"].strip()
        try:
            made = founding.found(
                name=name,
                slug=options["slug"] or slugify(name)[: founding.LONGEST_SLUG],
                time_zone=options["time_zone"],
                people=people,
                staff=options["staff"],
            )
        except founding.Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(
            f"{made.brand.name} {'is made' if made.is_new else 'is there already'}: /b/{made.brand.slug}/"
        )
        if made.zone_before:
            self.stdout.write(
                f"Its days are those of {made.brand.time_zone} now, until now of {made.zone_before}: its figures are counted anew."
            )
        for each in made.joined:
            self.stdout.write(_told(each, made.brand))


def _told(joined: founding.Joined, brand: Brand) -> str:
    said = f"{joined.person.email}: {joined.role.label}"
    if joined.before and joined.before != joined.role:
        said += f", until now {Role(joined.before).label}"
    others = joined.person.memberships.exclude(brand=brand).order_by("brand__name")
    if not joined.is_new and not joined.before and others:
        said += f", with the account that they have for {', '.join(str(each.brand) for each in others.select_related('brand'))}"
    if not joined.person.has_usable_password():
        said += (
            f". No password yet: manage.py changepassword {joined.person.email}, or the sign-in page by mail"
        )
    return f"{said}."
