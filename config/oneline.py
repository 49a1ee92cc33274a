"""A fault of the set-up told as one line with its remedy."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class SetUpFault(Exception):
    """Something around Parley is not as it must be. The text names it and its remedy."""


@contextmanager
def faults(*, code: int = 1) -> Iterator[None]:
    """Ends the process with one line where the set-up is at fault; every other error keeps its traceback. `code`: the exit code that says so."""
    import redis
    from django.db import OperationalError

    from config import env, services

    try:
        yield
    except (SetUpFault, env.EnvironmentFault) as fault:
        stop(str(fault), code=code)
    except redis.RedisError as error:
        if not services.redis_url():
            stop(services.NONE_KNOWN, code=code)
        stop(broker_away(error), code=code)
    except OperationalError as error:
        if services.database_url():
            stop(database_away(error), code=code)
        stop(services.NONE_KNOWN, code=code)


def broker_away(error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    return f"The broker cannot be used: {reason.rstrip('.')}. Check REDIS_URL, or run manage.py doctor."


def database_away(error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    return f"The database cannot be used: {reason}. Check DATABASE_URL, or run manage.py doctor."


def stop(line: str, *, code: int = 1) -> None:
    if os.environ.get("PARLEY_TRACEBACK"):
        raise
    sys.stderr.write(f"{line}\n")
    sys.exit(code)
