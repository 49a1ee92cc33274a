"""What the environment decides about a run."""

import os
from dataclasses import dataclass
from pathlib import Path


def _flag(value: str) -> bool:
    return value.strip().lower() in {"1", "on", "true", "yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    home: Path
    host: str = "127.0.0.1"
    port: int = 8100
    platform_port: int = 8101
    public_origin: str = ""
    corpus: str = ""
    rate: float = 0.5
    traffic: bool = False
    # Real platforms redeliver over hours; 0.05 makes Meta's first waits half a second.
    retry_scale: float = 0.05
    x_retries: int = 0
    # Older apps sign with the consumer secret, newer ones with their OAuth 2 client secret, some with both: legacy, oauth2, both.
    x_signs: str = "both"
    x_send_limit: int = 99
    x_read_limit: int = 300
    x_posts: bool = True  # False: the app's plan holds messages, and neither mentions nor posts
    x_webhooks: int = 25  # that an app may have; the smallest plans of X allow one
    instagram_reads_per_second: int = 2
    instagram_sends_per_second: int = 100
    linkedin_daily_limit: int = 100_000
    # Only partners are given refresh tokens.
    linkedin_partner: bool = True
    strict_urls: bool = False
    seed: int | None = None
    handshake_seconds: float = 3600.0
    # Real changelogs lag about 30 s behind; half a second keeps a demo alive.
    linkedin_latency_ms: int = 500

    @property
    def origin(self) -> str:
        """Where the platform surface is reached; every URL a platform hands out begins with it."""
        return self.public_origin or f"http://{self.host}:{self.platform_port}"

    @property
    def folder(self) -> Path:
        return self.home / "simulator"


def from_environment(environ: dict[str, str] | None = None) -> Settings:
    env = dict(os.environ) if environ is None else environ
    port = int(env.get("SIMULATOR_PORT") or 8100)
    return Settings(
        home=Path(env.get("PARLEY_HOME") or ".parley").resolve(),
        host=env.get("SIMULATOR_HOST") or "127.0.0.1",
        port=port,
        platform_port=int(env.get("SIMULATOR_PLATFORM_PORT") or port + 1),
        public_origin=(env.get("SIMULATOR_PUBLIC_ORIGIN") or "").rstrip("/"),
        corpus=env.get("CORPUS") or "",
        rate=float(env.get("SIMULATOR_RATE") or 0.5),
        traffic=_flag(env.get("SIMULATOR_TRAFFIC") or "off"),
        retry_scale=float(env.get("SIMULATOR_RETRY_SCALE") or 0.05),
        x_retries=int(env.get("SIMULATOR_X_RETRIES") or 0),
        x_signs=env.get("SIMULATOR_X_SIGNS") or "both",
        x_send_limit=int(env.get("SIMULATOR_X_SEND_LIMIT") or 99),
        x_read_limit=int(env.get("SIMULATOR_X_READ_LIMIT") or 300),
        x_posts=_flag(env.get("SIMULATOR_X_POSTS") or "on"),
        x_webhooks=int(env.get("SIMULATOR_X_WEBHOOKS") or 25),
        instagram_reads_per_second=int(env.get("SIMULATOR_INSTAGRAM_READS") or 2),
        instagram_sends_per_second=int(env.get("SIMULATOR_INSTAGRAM_SENDS") or 100),
        linkedin_daily_limit=int(env.get("SIMULATOR_LINKEDIN_DAILY") or 100_000),
        linkedin_partner=_flag(env.get("SIMULATOR_LINKEDIN_PARTNER") or "on"),
        strict_urls=_flag(env.get("SIMULATOR_STRICT_URLS") or "off"),
        seed=int(env["SIMULATOR_SEED"]) if env.get("SIMULATOR_SEED") else None,
        handshake_seconds=float(env.get("SIMULATOR_HANDSHAKE_SECONDS") or 3600),
        linkedin_latency_ms=int(env.get("SIMULATOR_LINKEDIN_LATENCY_MS") or 500),
    )
