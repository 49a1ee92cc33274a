"""Who takes part: a brand with a connected Instagram channel, people who work for it, customers, and what these write."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.models import Brand, Channel, Person

SECRET = "bench-webhook-secret"


@dataclass(frozen=True, slots=True)
class Cast:
    brand: Brand
    channel: Channel
    people: list[Person]

    @property
    def door(self) -> str:
        return f"/webhooks/instagram/{self.channel.public_id}/"


def make(slug: str, *, people: int = 1) -> Cast:
    from django.utils import timezone

    from connectors import sealing
    from connectors.models import Credential, PlatformApp
    from inbox.models import Brand, Channel, Membership, Person

    now = timezone.now()
    brand = Brand.objects.create(name=slug.title(), slug=slug)
    channel = Channel.objects.create(
        brand=brand, platform="instagram", external_id=f"1784{brand.pk:013d}", name="Instagram", handle=slug
    )
    # Nobody listens there: looking up a profile must not leave this machine.
    nowhere = dict.fromkeys(("consent", "token", "api", "media"), "http://127.0.0.1:9")
    secrets = {"client_secret": SECRET, "webhook_secrets": [SECRET], "verify_token": "bench"}
    app, _ = PlatformApp.objects.get_or_create(
        platform="instagram", name="bench",
        defaults={"client_id": "1", "sealed": sealing.seal(secrets), "origins": nowhere},
    )  # fmt: skip
    Credential.objects.create(
        channel=channel, app=app, sealed=sealing.seal({"access": "token"}), issued_at=now
    )
    staff = [Person.objects.create(email=f"{slug}{n}@bench.test", name=f"Person {n}") for n in range(people)]
    Membership.objects.bulk_create([Membership(brand=brand, person=person) for person in staff])
    return Cast(brand, channel, staff)


def delivery(*, account: str, customer: str, mid: str, text: str, at_ms: int) -> bytes:
    """One direct message as Instagram delivers it."""
    element = {
        "sender": {"id": customer},
        "recipient": {"id": account},
        "timestamp": at_ms,
        "message": {"mid": mid, "text": text},
    }
    document = {"object": "instagram", "entry": [{"id": account, "time": at_ms, "messaging": [element]}]}
    return json.dumps(document, separators=(",", ":")).encode()


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def request(path: str, body: bytes) -> bytes:
    """The bytes of one signed delivery."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


WORDS = (
    "Hi! My parcel was due on Monday and has not come yet, could you have a look please?",
    "¿Abren hoy? Quería pasar por la tienda antes de las seis 👋🏽",
    "Ich möchte das gern umtauschen, die Größe passt leider nicht.",
    "Merci beaucoup, c'est exactement ce que je cherchais !",
    "Is the blue one back in stock? I would take two.",
)


def words(number: int) -> str:
    return f"{WORDS[number % len(WORDS)]} ({number})"
