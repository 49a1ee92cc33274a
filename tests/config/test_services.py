import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env, services
from tests.config.test_setup import manage


def published(home: Path, pid: int) -> services.Services:
    known = services.Services(
        pid=pid, database_url="postgresql:///parley", redis_url="unix:///run/valkey.sock"
    )
    services.publish(home, known)
    return known


def test_commands_find_the_servers_that_run_for_their_home(tmp_path: Path) -> None:
    known = published(tmp_path, os.getpid())

    assert services.running(tmp_path) == known


def test_commands_compare_with_the_simulator_that_runs_for_their_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside another demo, whose accounts have the same names."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    assert services.simulator_port() == 0
    known = services.Services(
        pid=os.getpid(), database_url="postgresql:///p", redis_url="unix:///v", simulator_port=8400
    )
    services.publish(tmp_path, known)

    told = manage("diffsettings", "--all", PARLEY_HOME=str(tmp_path))

    assert "SIMULATOR_PORT = 8400" in told.stdout.replace("###", "")


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://localhost:8160"),
        ({"PORT": "9000"}, "http://localhost:8160"),
        ({"PARLEY_PUBLIC_URL": "https://tunnel.example/"}, "https://tunnel.example"),
        ({"DATABASE_URL": "postgresql:///another"}, "http://localhost:8000"),
    ],
)
def test_commands_tell_platforms_the_address_of_the_demo_that_runs_for_their_home(
    tmp_path: Path, environment: dict[str, str], address: str
) -> None:
    """Another one would move its webhooks there."""
    known = services.Services(
        pid=os.getpid(),
        database_url="postgresql:///p",
        redis_url="unix:///v",
        public_url="http://localhost:8160",
    )
    services.publish(tmp_path, known)

    told = manage("diffsettings", "--all", PARLEY_HOME=str(tmp_path), **environment)

    assert f"PARLEY_PUBLIC_URL = '{address}'" in told.stdout.replace("###", "")


def test_what_a_killed_process_left_counts_for_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    published(tmp_path, gone.pid)

    assert services.running(tmp_path) is None


def test_a_damaged_file_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / services.FILE).write_text('{"pid": 1')

    assert services.running(tmp_path) is None


def test_a_database_url_says_who_and_where() -> None:
    read = services.django_database("postgresql://joe:p%40ss@db.example:6543/inbox?sslmode=require")

    assert (read["USER"], read["PASSWORD"], read["HOST"], read["PORT"], read["NAME"]) == (
        "joe",
        "p@ss",
        "db.example",
        "6543",
        "inbox",
    )
    assert read["OPTIONS"] == services.GIVEN_UP | {"sslmode": "require"}


def test_a_database_url_may_name_the_folder_of_a_socket() -> None:
    read = services.django_database("postgresql://parley@/parley?host=/tmp/a folder/run")

    assert (read["USER"], read["HOST"], read["NAME"], read["OPTIONS"]) == (
        "parley",
        "/tmp/a folder/run",
        "parley",
        services.GIVEN_UP,
    )


def test_what_a_query_of_a_database_url_says_is_read_once() -> None:
    read = services.django_database("postgresql:///parley?host=/tmp/100%2541&user=a%2541&password=p%2541")

    assert (read["HOST"], read["USER"], read["PASSWORD"]) == ("/tmp/100%41", "a%41", "p%41")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(env.EnvironmentFault, match="PostgreSQL only"):
        services.django_database("sqlite:///parley.db")


def test_celery_is_told_of_a_socket_in_its_own_words() -> None:
    assert (
        services.celery_broker("unix:///run/valkey.sock?db=3")
        == "redis+socket:///run/valkey.sock?virtual_host=3"
    )
    assert services.celery_broker("redis://broker:6379/0") == "redis://broker:6379/0"


def test_the_addresses_of_the_servers_may_come_from_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("DATABASE_URL", "postgresql://a@b/c"), ("REDIS_URL", "rediss://:secret@b")):
        (tmp_path / name).write_text(value + "\n", encoding="utf-8")
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))

    assert (services.database_url(), services.redis_url()) == ("postgresql://a@b/c", "rediss://:secret@b")
