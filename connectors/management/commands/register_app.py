"""manage.py register_app: keep our registration at a platform, with its secrets sealed."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connectors.actions import connecting
from inbox.platforms import UnknownPlatform

SECRETS = ("client_secret", "webhook_secrets", "verify_token", "bearer", "application_id")
APPLICATION = "urn:li:developerApplication:"  # as LinkedIn's portal shows it
ORIGINS = ("consent", "token", "api", "media")


class Command(BaseCommand):
    help = (
        "Register Parley's app at a platform. The secrets are read as JSON from standard input, never from the command line: "
        '{"client_secret": "…", "webhook_secrets": ["current", "previous"], "verify_token": "…", "bearer": "…", "application_id": "…"}'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", help="key of an installed connector, for example instagram")
        parser.add_argument("--client-id", required=True)
        for origin in ORIGINS:
            parser.add_argument(f"--{origin}-origin", help="only where it is not the real host", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        secrets = _secrets(sys.stdin.read())
        origins = {
            origin: _origin(options[f"{origin}_origin"]) for origin in ORIGINS if options[f"{origin}_origin"]
        }
        try:
            connecting.register_app(
                platform=options["platform"], client_id=options["client_id"], secrets=secrets, origins=origins, now=timezone.now()
            )  # fmt: skip
        except UnknownPlatform as unknown:
            raise CommandError(str(unknown)) from None
        self.stdout.write(
            f"The {options['platform']} app is registered. Accounts are connected on the brand's channels page."
        )


def _secrets(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError:
        raise CommandError(
            "Standard input holds no JSON. See manage.py register_app --help for its shape."
        ) from None
    if not isinstance(given, dict) or not given.get("client_secret"):
        raise CommandError('The JSON needs at least {"client_secret": "…"}.')
    if unknown := set(given) - set(SECRETS):
        raise CommandError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(SECRETS)}.")
    if isinstance(given.get("webhook_secrets"), str):
        given["webhook_secrets"] = [given["webhook_secrets"]]
    if "application_id" in given:
        given["application_id"] = str(given["application_id"]).removeprefix(APPLICATION)
        if not given["application_id"].isdecimal():
            raise CommandError("application_id is a number, such as 123456; it is not the client id.")
    return given


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        raise CommandError(f"{url} is no origin; it looks like https://graph.example.com")
    return f"{parts.scheme}://{parts.netloc}"
