"""What the inbox may know before the first message: limits, abilities, windows. Every field has a default but these."""

from __future__ import annotations

from datetime import date
from typing import Final

from connectors.contract import Manifest, Origins, ReceiveRules, SendRules, TextLimit, Unit, configured

# Where the network answers. Never written into a URL elsewhere, so that a stand-in can take its place.
ORIGINS: Final = Origins(
    consent="https://echo.invalid",
    token="https://echo.invalid",  # noqa: S106 (an address)
    api="https://echo.invalid",
    media="https://echo.invalid",
)

MANIFEST: Final = configured(
    Manifest(
        key="echo",  # the folder's name
        label="Echo",
        mark="Ec",
        colour="#5b6770",
        # A figure without its unit and the day it was read is a figure nobody can check.
        send=SendRules(text=TextLimit(max=500, unit=Unit.CODE_POINTS, checked_on=date(2026, 11, 23))),
        # Promise only what is delivered: the page shows what stands here.
        receive=ReceiveRules(mode="webhook", edits=True),
        notes=(
            "Echo is no network: it is the worked example of docs/connectors.md, and what tests plug in.",
        ),
    )
)
