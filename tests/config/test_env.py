from pathlib import Path

import pytest

from config import env


def test_a_flag_reads_the_usual_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, meaning in [
        ("1", True),
        ("yes", True),
        (" ON ", True),
        ("0", False),
        ("off", False),
        ("", False),
    ]:
        monkeypatch.setenv("SOME_FLAG", word)

        assert env.flag("SOME_FLAG") is meaning


def test_a_flag_that_means_nothing_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_FLAG", "perhaps")

    with pytest.raises(env.EnvironmentFault, match="SOME_FLAG"):
        env.flag("SOME_FLAG")


def test_a_number_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eight thousand")

    with pytest.raises(env.EnvironmentFault, match="PORT must be a whole number"):
        env.number("PORT", 8000)


def test_an_empty_number_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")

    assert env.number("PORT", 8000) == 8000


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.delenv("SOME_SECRET", raising=False)
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "key"))

    assert env.secret("SOME_SECRET") == "from the file"


def test_the_variable_itself_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file")
    monkeypatch.setenv("SOME_SECRET", "from the variable")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "key"))

    assert env.secret("SOME_SECRET") == "from the variable"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET_FILE", "/nowhere/key")

    with pytest.raises(env.EnvironmentFault, match="SOME_SECRET_FILE names /nowhere/key"):
        env.secret("SOME_SECRET")


def test_words_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_WORDS", "one, two,,three ")

    assert env.words("SOME_WORDS") == ["one", "two", "three"]
