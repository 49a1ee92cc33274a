"""What the suite must be told of a connector."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest

from connectors.contract import Account, App, Connector, OutboundMessage, Remedy

NOW: Final = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
SECRETS: Final = ("secret-of-the-hook", "secret-of-yesterday")
HIDDEN: Final = (
    *SECRETS,
    "secret-of-the-app",
    "token-access",
    "token-refresh",
    "token-verify",
    "token-bearer",
)
# A rule of quality.toml is "done", or { exempt = "why" }.
RULES: Final = (
    "handshake", "signature", "two-secrets", "unknown-kinds-kept", "stable-ids", "event-times", "edits", "unsends",
    "reactions", "reads", "typing", "groups", "comments", "send-text", "send-files", "length-before-call",
    "lost-answer-unknown", "error-table", "rate-headers", "token-refresh", "subscribe", "history", "profile", "media",
    "no-secrets-told", "contradictions-dated",
)  # fmt: skip


Sign = Callable[[bytes, str], Mapping[str, str]]


@dataclass(frozen=True)
class Refusal:
    """An answer of the platform to a send, and what must follow."""

    name: str
    answer: httpx.Response
    remedy: Remedy


@dataclass(frozen=True)
class Subject:
    connector: Connector
    account: Account
    deliveries: Mapping[str, bytes]
    unknown: Sequence[str]  # names of deliveries of a kind the connector does not know
    reply: OutboundMessage
    refusals: Sequence[Refusal]
    quality: Path
    # The headers the platform would send. None: it signs nothing (it is polled, say), and quality.toml says so of "signature".
    sign: Sign | None = None
    ahead: str = ""  # what stands before the body in what the platform signs
    # What the platform answers of a past in which something cannot be read: a row without its time, a thread that it withholds.
    history: Callable[[httpx.Request], httpx.Response] | None = None
    app: App = field(default_factory=lambda: App("client", HIDDEN[2], SECRETS, HIDDEN[5], HIDDEN[6]))

    def signer(self) -> Sign:
        if self.sign is None:
            signed = tomllib.loads(self.quality.read_text())["rules"]["signature"]
            assert signed != "done", (
                "quality.toml says that deliveries are signed, and the subject cannot sign"
            )
            pytest.skip("the platform signs nothing")
        return self.sign


def deliveries_in(folder: Path) -> dict[str, bytes]:
    found = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}
    assert found, f"no deliveries in {folder}"
    return found
