"""A home with the database of an earlier demo and without the key that sealed it. Asked before Django wakes, which would make another key in its
place: the folder that is put back would then lie inside the new one."""

import shlex
from pathlib import Path

from config import embedded, env, services
from config.demo import migrating
from config.oneline import SetUpFault


def check() -> None:
    home = services.home()
    if env.secret("PARLEY_SEAL_KEYS") or env.secret("DATABASE_URL") or _may_hold_one(key_of(home)):
        return
    if migrating.was_done(embedded.places(home).data):
        raise SetUpFault(
            f"{key_of(home)} is missing, and the database in {home} is sealed with it. Put {home / 'secrets'} back as it was, or set"
            f" PARLEY_SEAL_KEYS if the start before had it; {lost(anew(home))}"
        )


def key_of(home: Path) -> Path:
    return home / "secrets" / "parley_seal_keys"


def anew(home: Path) -> str:
    return f"with PARLEY_HOME={shlex.quote(f'{home}-new')} make demo"


def lost(begins: str) -> str:
    return f"where the key is lost, nobody can open it, and a demo begins anew {begins}"


def _may_hold_one(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # whoever reads it says what is wrong with it
        return True
