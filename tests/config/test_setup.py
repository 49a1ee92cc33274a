"""The set-up as a person meets it: commands that fail in one line, and production settings without a warning."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config import services

BASE = services.BASE_DIR
PRODUCTION = {
    "PARLEY_ENV": "production",
    "PARLEY_ALLOWED_HOSTS": "parley.example",
    "PARLEY_SECRET_KEY": "a-long-and-random-enough-key-for-a-test-0123456789-abcdefghij",
    "PARLEY_SEAL_KEYS": Fernet.generate_key().decode(),
    "PARLEY_PUBLIC_URL": "https://parley.example",
    "DATABASE_URL": "postgresql://parley@db.example/parley",
    "REDIS_URL": "redis://broker.example",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {
        name: value
        for name, value in os.environ.items()
        if not re.match("PARLEY_|DATABASE_URL|REDIS_URL|DJANGO_", name)
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE,
        env={**ours, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    return (done.stdout + done.stderr).strip().splitlines()


@pytest.mark.parametrize(("reach", "silenced"), [("", 2), ("preload", 0)])
def test_production_settings_pass_the_deployment_check(reach: str, silenced: int, tmp_path: Path) -> None:
    """What it says of a domain's other names is for the domain's owner to say, and asked of nobody else."""
    told = {"PARLEY_HOME": str(tmp_path), "PARLEY_HSTS": reach, **PRODUCTION}

    done = manage("check", "--deploy", "--fail-level", "WARNING", **told)

    assert (done.returncode, lines(done)) == (
        0,
        [f"System check identified no issues ({silenced} silenced)."],
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"PARLEY_HSTS": "all"}, "PARLEY_HSTS must be one of host, subdomains, preload; it is 'all'."),
        ({"EMAIL_USE_SSL": "1", "EMAIL_USE_TLS": "1"}, "EMAIL_USE_SSL is TLS from the first byte"),
    ],
)
def test_settings_that_say_nothing_clear_are_one_line(
    told: dict[str, str], line: str, tmp_path: Path
) -> None:
    done = manage("check", PARLEY_HOME=str(tmp_path), **told)

    assert done.returncode == 1
    assert [said.startswith(line) for said in lines(done)] == [True]


@pytest.mark.parametrize(
    ("installed", "command", "code", "remedy"),
    [
        (True, "doctor", 1, "Run {clone}/.venv/bin/python manage.py doctor"),
        (False, "completeness", 2, "Run make demo, or python3 tools/bootstrap.py demo, which only installs them."),
    ],
)  # fmt: skip
def test_another_python_names_the_line_that_works(
    installed: bool, command: str, code: int, remedy: str, tmp_path: Path
) -> None:
    shutil.copy(BASE / "manage.py", tmp_path)
    if installed:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)

    argv = [sys._base_executable, "-I", "-S", "manage.py", command]  # type: ignore[attr-defined]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, len(lines(done))) == (code, 1), lines(done)
    assert lines(done)[0].endswith(remedy.format(clone=tmp_path))


@pytest.mark.parametrize("missing", ["PARLEY_SECRET_KEY", "PARLEY_SEAL_KEYS"])
def test_production_demands_its_secrets_in_one_line(missing: str, tmp_path: Path) -> None:
    done = manage("check", PARLEY_HOME=str(tmp_path), **{**PRODUCTION, missing: ""})

    assert done.returncode == 1
    assert lines(done) == [f"{missing} is not set. Production needs {missing} or {missing}_FILE."]


def test_a_command_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    done = manage("migrate", PARLEY_HOME=str(tmp_path))

    assert (done.returncode, lines(done)) == (1, [services.NONE_KNOWN])


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    done = manage("migrate", PARLEY_HOME=str(tmp_path), DATABASE_URL="postgresql://x@127.0.0.1:9/x")

    assert done.returncode == 1
    assert len(lines(done)) == 1
    assert lines(done)[0].startswith("The database cannot be used: ")


@pytest.mark.parametrize(
    "known", [{}, {"DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}, {"DATABASE_URL": "x"}]
)
def test_a_comparison_without_a_database_has_found_no_difference(
    known: dict[str, str], tmp_path: Path
) -> None:
    done = manage("completeness", PARLEY_HOME=str(tmp_path), **known)

    assert (done.returncode, len(lines(done))) == (2, 1), lines(done)


def test_a_wrong_port_is_one_line(tmp_path: Path) -> None:
    done = manage("demo", PARLEY_HOME=str(tmp_path), PORT="eight")

    assert (done.returncode, lines(done)) == (1, ["PORT must be a whole number; it is 'eight'."])


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PARLEY_PLATFORM_FIGURES", "{bad", "PARLEY_PLATFORM_FIGURES is no JSON object"),
        ("PARLEY_PLATFORM_FIGURES", '{"x": {"text": 1}}', "PARLEY_PLATFORM_FIGURES: unknown figure 'text'"),
        (
            "PARLEY_PLATFORM_FIGURES",
            '{"linkedin": {"send_per_s": 5}}',
            "PARLEY_PLATFORM_FIGURES, linkedin: nothing of it goes by send_per_s",
        ),
        ("PARLEY_SEAL_KEYS", "notafernet", "PARLEY_SEAL_KEYS: key 1 is no Fernet key"),
        ("REDIS_URL", "garbage", "REDIS_URL must begin with redis://"),
        ("REDIS_URL", "redis://127.0.0.1:9/0", "The broker cannot be used: "),
        ("REDIS_URL", "redis://127.0.0.1:nine/0", "The broker cannot be used: "),
        ("DATABASE_URL", "postgresql://x@127.0.0.1:9/x", "The database cannot be used: "),
    ],
)
def test_what_the_demo_cannot_use_is_one_line_before_anything_starts(
    variable: str, value: str, words: str, tmp_path: Path
) -> None:
    done = manage("demo", PARLEY_HOME=str(tmp_path), **{variable: value})

    assert (done.returncode, len(lines(done))) == (1, 1), lines(done)
    assert lines(done)[0].startswith(words) and variable in lines(done)[0]
    assert not (tmp_path / "postgres").exists()


def test_a_schedule_whose_broker_is_away_ends_with_the_remedy(tmp_path: Path) -> None:
    done = manage("rqcron", "config.cron", PARLEY_HOME=str(tmp_path), REDIS_URL="redis://127.0.0.1:9/0")

    assert done.returncode == 1
    assert lines(done)[-1].startswith("The broker cannot be used: ")
    assert "Traceback" not in done.stderr


def test_a_corpus_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = manage("demo", PARLEY_HOME=str(tmp_path), CORPUS="/nowhere.jsonl")

    assert done.returncode == 1
    assert lines(done)[0].startswith("CORPUS names /nowhere.jsonl, which is no file.")
    assert len(lines(done)) == 1


def test_a_corpus_without_a_conversation_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": 1}\nno json\n')
    done = manage("demo", PARLEY_HOME=str(tmp_path / "home"), CORPUS=str(tmp_path / "corpus.jsonl"))

    assert (done.returncode, len(lines(done))) == (1, 1), lines(done)
    assert "the first bad one is line 1 (no object with a list of messages)" in lines(done)[0]
    assert lines(done)[0].startswith("CORPUS: ")


def test_the_doctor_names_a_fix_for_each_failing_line(tmp_path: Path) -> None:
    done = manage("doctor", PARLEY_HOME=str(tmp_path))

    said = lines(done)
    failing = [place for place, line in enumerate(said) if line.startswith("FAIL")]
    assert done.returncode == 1
    assert "FAIL  database: none is known" in said
    assert failing
    assert all(said[place + 1].startswith("      fix: ") for place in failing)


def test_no_migration_is_missing(tmp_path: Path) -> None:
    done = manage("makemigrations", "--check", "--dry-run", PARLEY_HOME=str(tmp_path))

    assert done.returncode == 0, lines(done)
    assert "No changes detected" in done.stdout
