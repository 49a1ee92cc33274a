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
from django.test import Client

from config import postgres
from connectors import sealing
from connectors.models import Credential, PlatformApp
from inbox.models import Channel, ChannelState, Message, MessageState
from tests.config.test_setup import manage
from tests.factories.conversations import conversation, messages
from tests.factories.people import ChannelFactory, MembershipFactory, PersonFactory

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


@pytest.fixture
def process(settings: Any, tmp_path: Path) -> dict[str, str]:
    """Of a process that runs on the restored database."""
    return {"DATABASE_URL": url(RESTORED), "REDIS_URL": settings.REDIS_URL, "PARLEY_HOME": str(tmp_path)}


def run(kind: str, *arguments: str, folder: Path) -> None:
    command, *options = told(kind)
    done = subprocess.run(
        [str(postgres.binaries() / command), *options, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def url(name: str) -> str:
    """The database as a process is told of it."""
    given = connection.settings_dict
    who = f"{given['USER']}:{given['PASSWORD']}" if given["PASSWORD"] else given["USER"]
    host = given["HOST"]
    if host.startswith("/"):
        return f"postgresql://{who}@/{name}?host={host}&port={given['PORT']}"
    return f"postgresql://{who}@{host}:{given['PORT']}/{name}"


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


@pytest.mark.django_db(transaction=True)
def test_what_waited_in_a_backup_is_held_before_anything_runs(
    tmp_path: Path, empty_database: None, process: dict[str, str]
) -> None:
    channel = ChannelFactory(platform="x", name="Lumen", handle="lumenandoak")
    ChannelFactory(platform="x", brand=channel.brand, name="By mistake", state=ChannelState.DISCONNECTED)
    waiting, sent = messages(
        conversation(channel), 2, direction="out", state=MessageState.QUEUED, external_id=None
    )
    Message.objects.filter(pk=sent.pk).update(state=MessageState.SENT, external_id="1")
    sam = MembershipFactory(
        brand=channel.brand, person__email="sam@lumen.example", person__is_staff=True
    ).person
    PersonFactory(email="gone@lumen.example", is_active=False)
    Client().force_login(sam)
    run("pg_dump", f"--dbname={address(connection.settings_dict['NAME'])}", folder=tmp_path)
    run("pg_restore", f"--dbname={address(RESTORED)}", folder=tmp_path)
    [after] = re.findall(
        r"^python manage.py migrate && python manage.py (.*)$", GUIDE.read_text(), re.MULTILINE
    )

    migrated = manage("migrate", **process)
    nobody_in = asked(address(RESTORED), "SELECT count(*) FROM django_session")
    with psycopg.connect(address(RESTORED)) as older:  # of a backup that was made in another way
        older.execute("INSERT INTO django_session VALUES ('cookie', 'sam', now() + interval '1 day')")
    restored = manage(after, **process)

    assert (migrated.returncode, restored.returncode) == (0, 0), migrated.stderr + restored.stderr
    assert "1 replies that waited are held" in restored.stdout
    told = f"Connect again: Lumen on X (@lumenandoak) of {channel.brand.name}."
    assert told in restored.stdout and "By mistake" not in restored.stdout
    assert (nobody_in, asked(address(RESTORED), "SELECT count(*) FROM django_session")) == (0, 0)
    assert f"sam@lumen.example: runs the installation, {channel.brand.name} (Agent)" in restored.stdout
    assert "gone@lumen.example" not in restored.stdout
    states = "SELECT array_agg(state || ' ' || left(state_reason, 21) ORDER BY id) FROM inbox_message"
    assert asked(address(RESTORED), states) == ["failed A backup was restored", "sent "]
    assert Message.objects.get(pk=waiting.pk).state == MessageState.QUEUED  # here nobody was told


def test_the_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "in" / "ab").mkdir(parents=True)
    after.mkdir()
    (before / "in" / "ab" / "picture.jpg").write_bytes(b"\xff\xd8 a picture")
    (before / "in" / "ab" / "picture.jpg").chmod(0o640)

    for way, folder in (("--create", before), ("--extract", after)):
        [line] = re.findall(rf"^tar {way} .*$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
        words = line.replace('"$PARLEY_MEDIA"', str(folder)).split()
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    again = after / "in" / "ab" / "picture.jpg"
    assert again.read_bytes() == b"\xff\xd8 a picture"
    assert again.stat().st_mode & 0o777 == 0o640
