"""The product's settings for tests: the environment is made here, before they read it, so that every way to start pytest works."""

import os
import tempfile
from pathlib import Path

from config import embedded

HOME = Path(tempfile.mkdtemp(prefix="parley-test-"))
PLACES = embedded.places(HOME)
KNOWN = embedded.addresses(PLACES, pid=os.getpid())
# Servers named from outside are used as they are; tests then start none of their own.
# (A process that pytest -n started inherits the addresses of the one that only directs, which has none.)
OWN_SERVERS = os.environ.get("PARLEY_TEST_SERVERS") == "own" or not (
    os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
)

os.environ |= {
    "PARLEY_ENV": "test",
    "PARLEY_HOME": str(HOME),
    "PARLEY_SECRET_KEY": "tests sign with a key that signs nothing else, and is long enough",
    "PARLEY_SEAL_KEYS": "dGVzdHMgc2VhbCB3aXRoIGEga2V5IG9mIHRoZWlycyE=",
    "PARLEY_LOG_LEVEL": "WARNING",
    "PARLEY_DB_POOL": "0",
    # Playwright's loop lives in the thread that asks the database what the browser did.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}
if OWN_SERVERS:
    os.environ |= {
        "DATABASE_URL": KNOWN.database_url,
        "REDIS_URL": KNOWN.redis_url,
        "PARLEY_TEST_SERVERS": "own",
    }

from config.settings import *  # noqa: E402, F403
