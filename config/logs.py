"""Logs as events with fields: JSON in production, readable in the demo, and no secret in either."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

MASK = "[hidden]"
# Whole words of a field's name. What customers write is theirs, so bodies are hidden like passwords.
HIDDEN_WORDS = frozenset(
    [
        "secret",
        "secrets",
        "token",
        "tokens",
        "password",
        "passwords",
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "signature",
        "body",
        "bodies",
        "text",
        "html",
        "payload",
        "preview",
        "content",
        "caption",
        "otp",
    ]
)
HIDDEN_NAMES = frozenset({"api_key", "secret_key", "seal_key", "seal_keys"})
HIDDEN_IN_URLS = re.compile(
    r"(?i)\b(access_token|refresh_token|client_secret|appsecret_proof|fb_exchange_token|code|token|password|sig|signature"
    r"|crc_token|hub\.verify_token)=[^&\s\"']+"
)
# Addresses whose last part is the secret itself: who knows it sets a password, or takes a file.
HIDDEN_IN_PATHS = re.compile(r"(/password/reset/key/|/confirm-email/|/out/)[^/?\s\"']+")
BEARER = re.compile(r"(?i)\b(bearer|oauth|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://[^:/\s@]*):[^@/\s]+@")
# PostgreSQL repeats the row that it refuses, words of customers and all, over as many lines as these have.
ROWS = re.compile(
    r"(^|\\n)[ \t]*(DETAIL|CONTEXT|LINE \d+):.*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)
# Structlog's own fields and ours that only sound secret.
SHOWN = frozenset({"event", "content_length", "content_type"})


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if value not in (None, "") and _is_secret(name):
        return MASK
    if isinstance(value, Mapping):
        return {key: _hidden(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)) and not name.startswith("_"):
        return [_hidden("", inner) for inner in value]
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(
        repr(value)
    )  # as it would be rendered; Django hands over the request, which shows its whole address


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    if lowered in SHOWN:
        return False
    return lowered in HIDDEN_NAMES or not HIDDEN_WORDS.isdisjoint(re.split(r"[^a-z0-9]+", lowered))


def clean(text: str) -> str:
    """The text without the tokens that addresses and headers carry, and without the rows that a database quotes."""
    text = ROWS.sub(lambda found: f"{found[1]}{found[2]}: {MASK}", text)
    text = HIDDEN_IN_URLS.sub(lambda found: f"{found[1]}={MASK}", text)
    text = HIDDEN_IN_PATHS.sub(lambda found: f"{found[1]}{MASK}", text)
    text = BEARER.sub(lambda found: f"{found[1]} {MASK}", text)
    return USERINFO.sub(lambda found: f"{found[1]}:{MASK}@", text)


def _clean_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = clean(trace)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]


def configure() -> None:
    """structlog hands every event to the standard library, so that there is one way out."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def settings(*, as_json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING."""
    last: list[Any] = [structlog.processors.JSONRenderer()]
    if not as_json:
        # The supervisor writes the time and the process in front of the line.
        last = [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _clean_exception,
                    hide_secrets,
                    *last,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # Its lines are whole addresses, and addresses carry tokens.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            # These servers bring handlers that know neither JSON nor what must be hidden.
            **{
                server: {"handlers": [], "level": "WARNING", "propagate": True}
                for server in ("uvicorn", "uvicorn.error", "uvicorn.access", "_granian", "granian.access")
            },
            # One line for every tick of every table is noise; trouble is not.
            "rq": {"level": "WARNING"},
            "rq.worker": {"level": "WARNING"},
            "rq.cron": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }
