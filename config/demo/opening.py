"""Whether the keys of this start open what earlier ones have sealed. Asked as soon as the database answers: every process would come up and be
not ready for ever."""

from pathlib import Path

from django.conf import settings
from django.db import connection

from config import env, services
from config.demo import keyless, reaching
from config.oneline import SetUpFault
from connectors import sealed


def ask(url: str, *, home: Path) -> None:
    if url != settings.DATABASE_URL:  # it was not known yet when Django woke
        connection.settings_dict.update(services.django_database(url))
    try:
        closed = sealed.unopened() if sealed.tables() <= set(connection.introspection.table_names()) else None
    finally:
        connection.close()
    if closed:
        raise SetUpFault(_told(sealed.counted(closed), home))


def _told(closed: str, home: Path) -> str:
    ours = reaching.is_ours("postgres")
    database = f"The database in {home}" if ours else "The database that DATABASE_URL names"
    if env.secret("PARLEY_SEAL_KEYS"):
        told = f"is sealed with none of PARLEY_SEAL_KEYS ({closed}). Set it as for the start before, or leave it out if that had none"
    else:
        told = (
            f"is sealed with another key than {keyless.key_of(home)} ({closed}). Put that folder back as it was, in place of the one there"
            " now, or set PARLEY_SEAL_KEYS if the start before had it"
        )
    return f"{database} {told}; {keyless.lost(keyless.anew(home) if ours else 'in an empty database')}"
