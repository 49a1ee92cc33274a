"""The servers that a demo is given by address. They are asked before anything starts: every process would stumble over one that is away, each in
its way, and all else would have been started for nothing."""

from config import env, oneline, services
from config.oneline import SetUpFault
from connectors import demo

PATIENCE = 5  # seconds
WOULD = "A demo would give it people with a printed password and lead its apps to simulators."


def is_ours(server: str) -> bool:
    """Whether the demo starts it itself: no address names somebody else's."""
    return not env.secret("DATABASE_URL" if server == "postgres" else "REDIS_URL")


def ask() -> None:
    if env.text("PARLEY_ENV") == "production":
        raise SetUpFault(
            f"PARLEY_ENV names this an installation in production. {WOULD} Start one where PARLEY_ENV, DATABASE_URL and REDIS_URL are not set."
        )
    if not is_ours("valkey"):
        _ask_broker(env.secret("REDIS_URL"))
    if not is_ours("postgres"):
        url = env.secret("DATABASE_URL")
        _ask_database(url)
        running = services.running(services.home())
        if not (running and running.database_url == url):  # else a step of the demo that has looked at it
            _ask_whose()


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


def _ask_whose() -> None:
    from django.db import connection

    try:
        seen = demo.stranger()
    finally:
        connection.close()
    if seen:
        raise SetUpFault(
            f"DATABASE_URL names an installation that no demo has made ({seen}). {WOULD} Name an empty database, or leave DATABASE_URL out."
        )
