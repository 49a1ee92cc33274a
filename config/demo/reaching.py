"""The servers that a demo is given by address. They are asked before anything starts: every process would stumble over one that is away, each in
its way, and all else would have been started for nothing."""

from config import env, oneline, services
from config.oneline import SetUpFault

PATIENCE = 5  # seconds


def is_ours(server: str) -> bool:
    """Whether the demo starts it itself: no address names somebody else's."""
    return not env.text("DATABASE_URL" if server == "postgres" else "REDIS_URL")


def ask() -> None:
    if not is_ours("valkey"):
        _ask_broker(env.text("REDIS_URL"))
    if not is_ours("postgres"):
        _ask_database(env.text("DATABASE_URL"))


def _ask_broker(url: str) -> None:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:  # a port that is no number is a ValueError
        raise SetUpFault(oneline.broker_away(error)) from None


def _ask_database(url: str) -> None:
    from django.db.utils import ConnectionHandler, OperationalError

    known = services.django_database(url)
    known["OPTIONS"] = {"connect_timeout": PATIENCE} | known["OPTIONS"]
    database = ConnectionHandler({"default": known})["default"]
    try:
        database.ensure_connection()
    except OperationalError as error:
        raise SetUpFault(oneline.database_away(error)) from None
    finally:
        database.close()
