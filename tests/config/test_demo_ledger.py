"""The simulators' ledger of an earlier start is looked at before a demo starts anything."""

import os
import sqlite3
from pathlib import Path

import pytest

from config.demo import ledger
from config.oneline import SetUpFault


def ledger_of(home: Path) -> Path:
    (home / "simulator").mkdir(parents=True)
    return home / "simulator" / "ledger.sqlite3"


def test_a_damaged_one_is_named_with_what_can_be_done(tmp_path: Path) -> None:
    home = tmp_path / "my #1 home"
    ledger_of(home).write_bytes(os.urandom(8000))

    with pytest.raises(SetUpFault, match=r"ledger\.sqlite3 is damaged .* delete it"):
        ledger.check(home)


def test_none_an_empty_and_a_sound_one_are_fine(tmp_path: Path) -> None:
    ledger.check(tmp_path)
    path = ledger_of(tmp_path)
    path.touch()
    ledger.check(tmp_path)
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE document (kind TEXT)")

    ledger.check(tmp_path)
