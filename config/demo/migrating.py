"""Migrations take seconds even when there is nothing to do, so a stamp beside the data says when they were done."""

import hashlib
import os
from pathlib import Path

from config import services

STAMP = "parley-migrated"


def is_done(data: Path) -> bool:
    try:
        return (data / STAMP).read_text(encoding="ascii") == fingerprint()
    except OSError:
        return False


def was_done(data: Path) -> bool:
    """By any release."""
    return os.path.exists(data / STAMP)  # also where nobody may look


def note_done(data: Path) -> None:
    (data / STAMP).write_text(fingerprint(), encoding="ascii")


def fingerprint() -> str:
    """Changes when a migration of ours or the version of any package does."""
    base = services.BASE_DIR
    digest = hashlib.sha256()
    for path in [base / "uv.lock", *sorted(base.glob("*/migrations/*.py"))]:
        digest.update(str(path.relative_to(base)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
