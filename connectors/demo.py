"""What a demo begins with: two brands, their people, and every account of the simulated platforms connected the real way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from django.utils.text import slugify

from connectors import registry
from connectors.actions import addressing, connecting
from connectors.actions.connecting import ConnectionRefused
from connectors.models import Credential, PlatformApp
from inbox import platforms
from inbox.actions import founding
from inbox.models import (
    Brand,
    Channel,
    ChannelState,
    Membership,
    Person,
    Role,
)

ACME, BOREALIS = "Acme", "Borealis"
OWNER = "admin@parley.test"
STAFF = (OWNER, "ops@parley.test")  # of the whole installation: the queues' pages and the admin open for them
PEOPLE = (
    # address, name, brand, role
    ("agent@parley.test", "Ada Agent", ACME, Role.AGENT),
    ("manager@parley.test", "Milo Manager", ACME, Role.MANAGER),
    ("ops@parley.test", "Oona Operations", ACME, Role.OPERATIONS),
    ("admin@parley.test", "Amir Administrator", ACME, Role.ADMINISTRATOR),
    ("jo@parley.test", "Jo Lindqvist", ACME, Role.AGENT),
    ("sam@parley.test", "Sam Okafor", ACME, Role.AGENT),
    ("rosa@parley.test", "Rosa Marín", ACME, Role.AGENT),
    ("outsider@parley.test", "Olga Outsider", BOREALIS, Role.ADMINISTRATOR),
)
# Routing takes a part of Acme's work only, so that a newcomer sees it choose and still finds something to take. A team for everything that asks for
# no language would leave them nothing.
DESKS = {
    # address: (can take at a time, languages, skills)
    "agent@parley.test": (8, ["en", "de", "fr"], ["refund"]),
    "jo@parley.test": (10, ["en", "de"], ["refund"]),
    "sam@parley.test": (6, ["en"], []),
    "rosa@parley.test": (8, ["en", "es", "pt", "it"], ["refund"]),
    "manager@parley.test": (3, [], []),
}
TEAMS = (
    # name, what it takes, members
    ("Refunds and complaints", {"tags": ["refund", "complaint"]}, ("agent", "jo", "sam", "rosa")),
    ("Español e italiano", {"languages": ["es", "it", "pt"]}, ("agent", "rosa", "manager")),
)
PLAYED = ("instagram", "linkedin", "x")  # whose registrations a demo replaces
PATIENCE = 60.0  # seconds until the door has to answer
Say = Callable[[str], None]
T = TypeVar("T")


def seed(
    *,
    password: str,
    simulator_url: str,
    platform_url: str = "",
    public_url: str = "",
    corpus: str = "",
    now: datetime | None = None,
    say: Say = print,
) -> None:
    """Safe to repeat: what is there already stays as it is. `corpus` and `platform_url` are the simulator's own affair."""
    seed_people(password=password)
    with httpx.Client(base_url=simulator_url, timeout=20, trust_env=False) as simulator:
        known = _eventually(lambda: simulator.get("/control/apps").raise_for_status().json())
        _await_door(public_url or settings.PARLEY_PUBLIC_URL)
        for platform, told in known.items():
            if platform in {manifest.key for manifest in platforms.installed()}:
                _seed_platform(simulator, platform, told, now=now or timezone.now(), say=say)


def stranger() -> str:
    """What shows that the database holds an installation that no demo has made; empty where it holds none, or a demo's. It may be of
    any version: nothing has been migrated yet."""
    ours = {model._meta.db_table for model in (Brand, Person, PlatformApp)}
    if not ours <= set(connection.introspection.table_names()):
        return ""
    apps = PlatformApp.objects.filter(platform__in=PLAYED)
    for platform, origins in apps.values_list("platform", "origins"):
        # Which other host is a simulator's only its own settings say, and theirs of today need not be those of the first start.
        real = _hosts(astuple(registry.get(platform).origins))
        if not (hosts := _hosts(origins.values())) or hosts & real:
            return f"its app of {platforms.get(platform).label} is not a simulator's"
    # The owner is not the first who is made, and may have been renamed since.
    if Person.objects.filter(email__in=[email for email, *_ in PEOPLE]).exists():
        return ""
    begun = [slugify(brand) for brand in (ACME, BOREALIS)]  # by a demo that was stopped at once
    if brand := Brand.objects.exclude(slug__in=begun).values_list("name", flat=True).order_by("pk").first():
        return f"the brand “{brand}”"
    return "people of its own" if Person.objects.exists() else ""


def _hosts(origins: Iterable[str]) -> set[str | None]:
    return {urlsplit(origin).hostname for origin in origins if origin}


def seed_people(*, password: str) -> None:
    brands = {name: _brand(name) for name in dict.fromkeys(brand for _, _, brand, _ in PEOPLE)}
    known = {
        person.email: person for person in Person.objects.filter(email__in=[email for email, *_ in PEOPLE])
    }
    hashed = ""
    for email, name, brand, role in PEOPLE:
        person = known.get(email)
        staff = email in STAFF
        if person is None:
            hashed = hashed or make_password(password)  # a strong hash takes a while, and here all share one
            owner = email == OWNER  # of this installation, besides the role in the brand
            person = Person.objects.create(
                email=email, name=name, password=hashed, is_staff=staff, is_superuser=owner
            )
        Membership.objects.get_or_create(brand=brands[brand], person=person, defaults={"role": role})
    seed_teams(brands[ACME])
    if known and not next(iter(known.values())).check_password(password):
        Person.objects.filter(email__in=known).update(password=hashed or make_password(password))


def seed_teams(brand: Brand) -> None:
    desks = {
        email: {"capacity": capacity, "languages": languages, "skills": skills}
        for email, (capacity, languages, skills) in DESKS.items()
    }
    teams = [(name, takes, [f"{each}@parley.test" for each in members]) for name, takes, members in TEAMS]
    founding.divide(brand=brand, desks=desks, teams=teams)


def _brand(name: str) -> Brand:
    brand, _ = Brand.objects.get_or_create(slug=slugify(name), defaults={"name": name})
    founding.equip(brand)
    return brand


def _seed_platform(
    simulator: httpx.Client, platform: str, told: Mapping[str, Any], *, now: datetime, say: Say
) -> None:
    before = (
        PlatformApp.objects.filter(platform=platform, name="default")
        .values_list("client_id", flat=True)
        .first()
    )
    app = connecting.register_app(
        platform=platform,
        client_id=told["client_id"],
        secrets={
            "client_secret": told["client_secret"],
            "webhook_secrets": list(told["webhook_secrets"]),
            "verify_token": told.get("verify_token") or "",
            "bearer": told.get("app_bearer") or "",
            "application_id": told.get("application_id") or "",
        },
        origins=told["origins"],
        now=now,
    )
    for account in told["accounts"]:
        if before == app.client_id and _is_connected(account):
            continue
        try:
            channel = _connect(simulator, app, account, now=now)
        except (ConnectionRefused, httpx.HTTPError) as error:
            say(f"{account['name']} on {platform} is not connected: {error}")
        else:
            say(f"Connected {channel.name} on {platforms.get(platform).label}.")


def _is_connected(account: Mapping[str, Any]) -> bool:
    """With all scopes: a newer release may ask for more than the grant of an older one holds."""
    platform = account["platform"]
    manifest = platforms.get(platform)
    credential = Credential.objects.filter(
        channel__platform=platform,
        channel__external_id=account["account_id"],
        channel__state=ChannelState.CONNECTED,
    ).first()
    return bool(
        credential and _delivers_here(account) and set(manifest.auth.scopes) <= set(credential.scopes)
    )


def _delivers_here(account: Mapping[str, Any]) -> bool:
    """It may know the address of an earlier start, with another port."""
    platform, addresses = account["platform"], account["delivered_to"]
    if not addresses:
        return platforms.get(platform).receive.mode == "poll"
    return any(
        addressing.leads_here(each, platform=platform) and addressing.names_a_channel(each, platform=platform)
        for each in addresses
    )


def _connect(
    simulator: httpx.Client, app: PlatformApp, account: Mapping[str, Any], *, now: datetime
) -> Channel:
    """The road a person takes: our consent address, the platform's code, the real token endpoint, the real handshake."""
    brand = _brand(account["brand"])
    person = Person.objects.filter(memberships__brand=brand, memberships__role=Role.ADMINISTRATOR).order_by(
        "pk"
    )[0]
    known = Channel.objects.filter(platform=app.platform, external_id=account["account_id"]).exists()
    url = connecting.start(app=app, brand=brand, person=person, now=now, backfill_days=0 if known else None)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    granted = simulator.post(
        "/control/grants",
        json={
            "platform": account["platform"],
            "account": account["account_id"],
            "redirect_uri": asked["redirect_uri"],
            **{
                name: asked[name]
                for name in ("scope", "code_challenge", "code_challenge_method")
                if name in asked
            },
        },
    ).raise_for_status()
    consent = connecting.take_consent(state=asked["state"], person=person, now=now)
    return connecting.finish(consent=consent, code=granted.json()["code"], now=now)


def _await_door(public_url: str) -> None:
    _eventually(lambda: httpx.get(f"{public_url}/healthz", timeout=5, trust_env=False).raise_for_status())


def _eventually(ask: Callable[[], T]) -> T:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
