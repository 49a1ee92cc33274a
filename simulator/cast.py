"""The brands, accounts, posts and app registrations that exist from the first start."""

from collections.abc import Iterable
from typing import Any

from simulator.ids import Ids
from simulator.models import Account, App

PLATFORMS = ("instagram", "x", "linkedin")


def _posts(first: int, captions: Iterable[str]) -> list[dict[str, Any]]:
    return [{"id": str(first + n), "caption": caption} for n, caption in enumerate(captions)]


def accounts() -> list[Account]:
    return [
        Account(
            platform="instagram",
            id="17841400000000001",
            brand="Acme",
            handle="acme.shop",
            name="Acme",
            posts=_posts(
                17_910_000_000_000_007, ["New in: the harbour jacket", "Behind the scenes in our workshop"]
            ),
        ),
        Account(
            platform="x",
            id="2244994945",
            brand="Acme",
            handle="acme",
            name="Acme",
            flavour="xaa",
            posts=_posts(2_080_000_000_000_000_001, ["The harbour jacket is back in stock."]),
        ),
        Account(
            platform="linkedin",
            id="urn:li:person:2qXA98-mVk",
            brand="Acme",
            handle="acme",
            name="Acme",
            organization="urn:li:organization:9000001",
            posts=_posts(7_090_000_000_000_000_001, ["We are hiring in Lisbon and Gdansk."]),
        ),
        Account(
            platform="instagram",
            id="17841400000000002",
            brand="Borealis",
            handle="borealis.tea",
            name="Borealis",
            posts=_posts(17_920_000_000_000_007, ["First flush has arrived"]),
        ),
        Account(
            platform="x",
            id="3244994946",
            brand="Borealis",
            handle="borealistea",
            name="Borealis",
            flavour="xaa",
            posts=_posts(2_081_000_000_000_000_001, ["First flush has arrived."]),
        ),
    ]


def app(platform: str, ids: Ids) -> App:
    """Made once and kept in the ledger file, as a developer portal would."""
    if platform == "instagram":
        secret = ids.opaque(32).lower()
        return App(
            platform=platform,
            client_id=ids.digits(16),
            client_secret=secret,
            webhook_secret=secret,  # Meta signs with the app secret itself
            verify_token=ids.opaque(24),
        )
    if platform == "x":
        return App(
            platform=platform,
            client_id=ids.opaque(34),
            client_secret=ids.opaque(50),
            webhook_secret=ids.opaque(50),  # the consumer secret, not the OAuth 2 client secret
            app_bearer="AAAAAAAAAAAAAAAAAAAAA" + ids.opaque(80),
        )
    secret = "WPL_AP1." + ids.opaque(16)
    return App(
        platform=platform,
        client_id=ids.opaque(14).lower(),
        client_secret=secret,
        webhook_secret=secret,
        application_id=ids.digits(9),
    )
