"""A demo whose keys are not those that its database was sealed with: its folder of secrets was removed, or PARLEY_SEAL_KEYS is another."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from config.demo import keyless, migrating, opening
from config.oneline import SetUpFault
from connectors.actions import connecting

pytestmark = pytest.mark.django_db(transaction=True)
HOME = Path("/srv/my parley")


@pytest.fixture(autouse=True)
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "PARLEY_SEAL_KEYS"):
        monkeypatch.delenv(name, raising=False)


def sealed_with(keys: list[str], settings: Any) -> None:
    today, settings.PARLEY_SEAL_KEYS = settings.PARLEY_SEAL_KEYS, keys
    connecting.register_app(
        platform="x", client_id="1", secrets={"bearer": "b"}, origins={}, now=timezone.now()
    )
    settings.PARLEY_SEAL_KEYS = today


def refused(settings: Any) -> str:
    with pytest.raises(SetUpFault) as told:
        opening.ask(settings.DATABASE_URL, home=HOME)
    return str(told.value)


def test_what_was_sealed_with_another_key_is_told_with_what_can_be_done(settings: Any) -> None:
    sealed_with([Fernet.generate_key().decode()], settings)

    line = refused(settings)

    assert "1 of platform apps" in line and "back as it was, in place of the one there now" in line
    assert line.endswith("PARLEY_HOME='/srv/my parley-new' make demo")
    assert "\n" not in line


def test_keys_that_were_set_for_one_start_alone_are_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_SEAL_KEYS", settings.PARLEY_SEAL_KEYS[0])
    sealed_with([Fernet.generate_key().decode()], settings)

    assert "none of PARLEY_SEAL_KEYS (1 of platform apps). Set it as for the start before" in refused(
        settings
    )


def test_a_database_of_ones_own_is_not_in_the_home(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.DATABASE_URL)
    sealed_with([Fernet.generate_key().decode()], settings)

    assert refused(settings).endswith("begins anew in an empty database")


def test_what_todays_keys_open_is_no_hindrance(settings: Any) -> None:
    older = Fernet.generate_key().decode()
    settings.PARLEY_SEAL_KEYS = [*settings.PARLEY_SEAL_KEYS, older]
    sealed_with([older], settings)

    opening.ask(settings.DATABASE_URL, home=HOME)


def test_a_database_without_tables_holds_nothing_sealed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_with([Fernet.generate_key().decode()], settings)
    monkeypatch.setattr("django.db.connection.introspection.table_names", list)

    opening.ask(settings.DATABASE_URL, home=HOME)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a demo that has run: a migrated database, and the key that it seals with."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    for folder in ("postgres", "secrets"):
        (tmp_path / folder).mkdir()
    migrating.note_done(tmp_path / "postgres")
    keyless.key_of(tmp_path).write_text("a key\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("is_left", ["nothing", "the folder", "an empty file"])
def test_a_key_that_is_missing_beside_the_database_is_told_before_another_is_made(
    home: Path, is_left: str
) -> None:
    key = keyless.key_of(home)
    key.unlink()
    if is_left == "nothing":
        key.parent.rmdir()
    elif is_left == "an empty file":
        key.touch()

    with pytest.raises(SetUpFault) as told:
        keyless.check()

    assert f"Put {home / 'secrets'} back as it was, or set" in str(told.value)
    assert str(told.value).endswith(f"anew with PARLEY_HOME={home}-new make demo")
    assert key.parent.exists() is (is_left != "nothing")


def test_a_home_with_its_key_and_one_without_a_database_are_let_in(home: Path) -> None:
    keyless.check()

    keyless.key_of(home).unlink()
    (home / "postgres" / migrating.STAMP).unlink()
    keyless.check()


@pytest.mark.parametrize("name", ["PARLEY_SEAL_KEYS", "DATABASE_URL"])
def test_a_key_or_a_database_of_ones_own_needs_none_in_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    keyless.key_of(home).unlink()
    monkeypatch.setenv(name, "of one's own")

    keyless.check()


def test_a_key_that_may_not_be_looked_at_is_left_to_whoever_reads_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stat(path: Path, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", stat)

    keyless.check()
