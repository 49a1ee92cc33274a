import errno
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config import env, keys


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = keys.kept(tmp_path / "secrets" / "key", make=lambda: "first")
    again = keys.kept(tmp_path / "secrets" / "key", make=lambda: "second")

    assert (made, again) == ("first", "first")
    assert stat.S_IMODE((tmp_path / "secrets" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    numbers = count()

    def ask(_: int) -> str:
        return keys.kept(tmp_path / "secrets" / "key", make=lambda: f"key {next(numbers)}")

    with ThreadPoolExecutor(16) as pool:
        seen = set(pool.map(ask, range(64)))

    assert len(seen) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["key"]


def test_an_empty_file_is_as_good_as_none_for_all_that_start_together(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("")
    numbers = count()

    def ask(_: int) -> str:
        return keys.kept(tmp_path / "secrets" / "key", make=lambda: f"key {next(numbers)}")

    with ThreadPoolExecutor(16) as pool:
        seen = set(pool.map(ask, range(64)))

    assert len(seen) == 1 and seen != {""}
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["key"]


@pytest.mark.parametrize("ask", [keys.seal_keys, keys.secret_key])
def test_a_kept_key_that_was_cut_short_is_named_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., object]
) -> None:
    name = f"parley_{ask.__name__}"
    monkeypatch.delenv(name.upper())
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / name).write_text("abc")

    with pytest.raises(env.EnvironmentFault, match=f"secrets/{name} is damaged .* delete it"):
        ask(home=tmp_path, production=False)


def test_production_makes_no_key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_SECRET_KEY")

    with pytest.raises(env.EnvironmentFault, match="PARLEY_SECRET_KEY is not set"):
        keys.secret_key(home=tmp_path, production=True)
    assert list(tmp_path.iterdir()) == []


def test_the_first_seal_key_seals_and_all_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, older = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("PARLEY_SEAL_KEYS", f"{newest}, {older}")

    assert keys.seal_keys(home=tmp_path, production=True) == [newest, older]


@pytest.mark.parametrize(
    ("value", "words"),
    [("notafernet", "key 1 is no Fernet key"), (f"{'A' * 43}=, ü", "key 2 is no"), (" , ", "holds no key")],
)
def test_what_seals_nothing_is_named_before_anything_starts(
    value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_SEAL_KEYS", value)

    with pytest.raises(env.EnvironmentFault, match=f"^PARLEY_SEAL_KEYS:? {words}"):
        keys.seal_keys(home=tmp_path, production=True)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(env.EnvironmentFault, match=r"cannot be used: .*PARLEY_HOME"):
        keys.kept(tmp_path / "file" / "key", make=lambda: "never")


@pytest.mark.parametrize("home", ["file", "file/deeper"])
def test_a_home_that_cannot_be_is_named_itself(tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        env.EnvironmentFault,
        match=rf"^{tmp_path / home} cannot be used: Not a directory\. Set PARLEY_HOME to a folder of yours\.$",
    ):
        keys.kept(tmp_path / home / "secrets" / "key", make=lambda: "never")


def test_a_full_disk_is_to_be_freed(tmp_path: Path) -> None:
    def full() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(env.EnvironmentFault, match=r"No space left on device\. Free the disk"):
        keys.kept(tmp_path / "secrets" / "key", make=full)
