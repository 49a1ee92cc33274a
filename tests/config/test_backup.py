"""Backup and restore as docs/operations.md tells it, rehearsed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from config import postgres
from connectors import sealing
from connectors.models import Credential, PlatformApp
from inbox.models import Channel
from tests.factories.people import ChannelFactory

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
RESTORED = "parley_restored"
TABLES = """SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"""
TRIGGERS = """SELECT array_agg(name ORDER BY name) FROM (
                SELECT tgrelid::regclass || ' ' || tgname AS name FROM pg_trigger WHERE NOT tgisinternal) AS triggers"""


def told(kind: str) -> list[str]:
    """The command as the guide has it, without its addresses."""
    [line] = re.findall(rf"^{kind} .*$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return [word for word in line.split() if not word.startswith('"$') and "$DATABASE_URL" not in word]


def address(name: str) -> str:
    given = connection.settings_dict
    parts = {
        "host": given["HOST"],
        "port": given["PORT"],
        "user": given["USER"],
        "password": given["PASSWORD"],
        "dbname": name,
    }
    return " ".join(f"{key}='{value}'" for key, value in parts.items() if value)


@pytest.fixture
def empty_database() -> Iterator[None]:
    with psycopg.connect(address("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {RESTORED}")
        admin.execute(f"CREATE DATABASE {RESTORED}")
        yield
        admin.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


def run(kind: str, *arguments: str, folder: Path) -> None:
    command, *options = told(kind)
    done = subprocess.run(
        [str(postgres.binaries() / command), *options, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def asked(database: str, sql: str) -> Any:
    with psycopg.connect(database) as restored:
        return restored.execute(sql.encode()).fetchone()[0]  # type: ignore[index]


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_restored_whole_and_is_still_guarded(tmp_path: Path, empty_database: None) -> None:
    channel: Channel = ChannelFactory(name="Lumen & Oak — 鹿")
    app = PlatformApp.objects.create(platform=channel.platform, sealed=sealing.seal({"client_secret": "s"}))
    grant = sealing.seal({"access": "the token", "refresh": ""})
    Credential.objects.create(channel=channel, app=app, sealed=grant, issued_at=channel.created_at)
    here, there = address(connection.settings_dict["NAME"]), address(RESTORED)

    run("pg_dump", f"--dbname={here}", folder=tmp_path)
    run("pg_restore", f"--dbname={there}", folder=tmp_path)

    for question in (
        TABLES,
        TRIGGERS,
        "SELECT count(*) FROM django_migrations",
        "SELECT count(*) FROM inbox_auditentry",
    ):
        assert asked(there, question) == asked(here, question)
    assert asked(there, "SELECT name FROM inbox_channel") == "Lumen & Oak — 鹿"
    assert sealing.unseal(asked(there, "SELECT sealed FROM connectors_credential"))["access"] == "the token"
    assert asked(there, "INSERT INTO inbox_channel SELECT (jsonb_populate_record(c, jsonb_build_object('id', 900001, 'public_id',"
                 " gen_random_uuid(), 'external_id', 'another'))).* FROM inbox_channel c RETURNING id") == 900001  # fmt: skip
    with pytest.raises(psycopg.Error, match="append-only"):
        asked(there, "DELETE FROM inbox_auditentry RETURNING id")
