"""The secrets of a deployment: from the environment, or made once and kept in PARLEY_HOME/secrets."""

import base64
import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config import env

MAKE_SEAL_KEY = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())" makes one'
)


SHORTEST = 50  # letters of a key that signs, by Django's own check (security.W009)


def secret_key(*, home: Path, production: bool) -> str:
    """Signs sessions, tokens and links."""
    name = "PARLEY_SECRET_KEY"
    value = _known(name, home=home, production=production, make=lambda: secrets.token_urlsafe(64))
    if len(value) < SHORTEST and _is_kept(name, production=production):
        raise _damaged(name, home, "another is made, and everybody signs in anew")
    return value


def seal_keys(*, home: Path, production: bool) -> list[str]:
    """Fernet keys that seal platform credentials: the first seals, all of them open."""
    value = _known("PARLEY_SEAL_KEYS", home=home, production=production, make=_fernet_key)
    found = [key.strip() for key in value.split(",") if key.strip()]
    for place, key in enumerate(found, start=1):
        if not _is_fernet_key(key) and _is_kept("PARLEY_SEAL_KEYS", production=production):
            raise _damaged("PARLEY_SEAL_KEYS", home, "what was sealed with it is lost then")
        if not _is_fernet_key(key):
            raise env.EnvironmentFault(f"PARLEY_SEAL_KEYS: key {place} is no Fernet key. {MAKE_SEAL_KEY}.")
    if not found:
        raise env.EnvironmentFault(f"PARLEY_SEAL_KEYS holds no key. {MAKE_SEAL_KEY}.")
    return found


def _is_fernet_key(key: str) -> bool:
    """32 bytes, written in base64 for addresses."""
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        return False


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _known(name: str, *, home: Path, production: bool, make: Callable[[], str]) -> str:
    if production:
        return env.required_secret(name)
    return env.secret(name) or kept(_file(name, home), make=make)


def _is_kept(name: str, *, production: bool) -> bool:
    return not (production or env.secret(name))


def _file(name: str, home: Path) -> Path:
    return home / "secrets" / name.lower()


def _damaged(name: str, home: Path, otherwise: str) -> env.EnvironmentFault:
    return env.EnvironmentFault(
        f"{_file(name, home)} is damaged or cut short: it holds no such key. Put it back as it was, or delete it: {otherwise}."
    )


def kept(path: Path, *, make: Callable[[], str]) -> str:
    """The content of the file, made by whoever comes first and readable by its owner only. An empty one, as a machine leaves it
    that lost its power while writing, counts as none."""
    try:
        return _read(path) or _made(path, make=make)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            remedy = "Free the disk, or set PARLEY_HOME elsewhere."
        else:
            remedy = "Set PARLEY_HOME to a folder of yours."
        # Where there can be no folder for it, the home itself is what was ill chosen.
        place = path if path.parent.is_dir() else path.parent.parent
        raise env.EnvironmentFault(f"{place} cannot be used: {error.strerror}. {remedy}") from None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _made(path: Path, *, make: Callable[[], str]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(make() + "\n")
        file.flush()
        os.fsync(descriptor)  # before it has a name: a name without content is worse than none
    try:
        # A link is made whole or not at all, so two processes starting together agree on one value.
        os.link(draft, path)
    except FileExistsError:
        with _alone_in(path.parent):  # of two that find it empty the second keeps what the first has made
            if not _read(path):
                os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)
