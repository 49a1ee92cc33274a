"""The simulators' ledger of an earlier start. Asked before anything starts: a simulator that cannot read it would be started again and again."""

import sqlite3
from contextlib import closing
from pathlib import Path

from config.oneline import SetUpFault


def check(home: Path) -> None:
    path = home / "simulator" / "ledger.sqlite3"
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            ledger.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        pass  # it is held, or may not be written beside: whoever opens it for good says so
    except sqlite3.DatabaseError as error:
        raise SetUpFault(
            f"{path} is damaged ({error}). Put it back as it was, or delete it: the simulated platforms then begin anew, and know nothing of what the"
            " inbox holds."
        ) from None
