"""Which database and broker to use: the environment's, else the embedded ones that run for PARLEY_HOME."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config import env, processes

BASE_DIR = Path(__file__).resolve().parent.parent
FILE = "services.json"
# Of a connection on which nobody answers (a host without power says no farewell): twenty seconds, so that a sync knows it before its lease of
# ninety is over, in which a platform may take sixty. libpq passes over these where the way is a socket of this machine.
GIVEN_UP = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
NONE_KNOWN = "No database is known: run make demo in another terminal, or set DATABASE_URL and REDIS_URL."


@dataclass(frozen=True, kw_only=True)
class Services:
    """What whoever runs the embedded services leaves in PARLEY_HOME for commands run by hand."""

    pid: int
    database_url: str
    redis_url: str
    simulator_port: int = 0  # of a demo
    public_url: str = ""  # of a demo: where its platforms reach it


def home() -> Path:
    """PARLEY_HOME: the folder that holds all state."""
    return Path(env.text("PARLEY_HOME", str(BASE_DIR / ".parley"))).expanduser().absolute()


def database_url() -> str:
    """Empty when no database is known."""
    if known := env.secret("DATABASE_URL"):
        return known
    services = running(home())
    return services.database_url if services else ""


def redis_url() -> str:
    """Empty when no broker is known."""
    if known := env.secret("REDIS_URL"):
        if not known.startswith(("redis://", "rediss://", "unix://")):
            raise env.EnvironmentFault(
                "REDIS_URL must begin with redis://, rediss:// or unix:// - the broker is a Valkey or Redis server."
            )
        return known
    services = running(home())
    return services.redis_url if services else ""


def simulator_port() -> int:
    """Of the demo that runs for PARLEY_HOME, whose inbox a command by hand is about; 0 when none does."""
    services = running(home())
    return services.simulator_port if services else 0


def public_url() -> str:
    """Where the demo that runs for PARLEY_HOME is reached: what a command by hand tells platforms must not move their webhooks elsewhere.
    Empty where none does, or where the environment names another database."""
    services = None if env.secret("DATABASE_URL") else running(home())
    return services.public_url if services else ""


def running(folder: Path) -> Services | None:
    """The embedded services of this home, or None: a file left by a killed process counts for nothing."""
    try:
        services = Services(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return services if processes.is_alive(services.pid) else None


def publish(folder: Path, services: Services) -> None:
    draft = folder / f".{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(services)), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(folder / FILE)


def withdraw(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)


def django_database(url: str) -> dict[str, Any]:
    """A DATABASE_URL as Django writes it. `?host=/folder` names a socket; other queries are libpq options."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise env.EnvironmentFault(
            "DATABASE_URL must begin with postgresql:// - Parley runs on PostgreSQL only."
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or "") or options.pop("user", ""),
        "PASSWORD": unquote(parts.password or "") or options.pop("password", ""),
        "HOST": unquote(parts.hostname or "") or options.pop("host", ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": GIVEN_UP | options,
    }


def celery_broker(url: str) -> str:
    """A REDIS_URL as kombu spells it: a socket has a scheme of its own there."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    number = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={number}"
