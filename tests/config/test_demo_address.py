"""One name for one inbox: what the demo prints is what it tells its processes."""

from pathlib import Path

import pytest

from config import embedded
from config.demo import ports, reaching, running


@pytest.fixture
def chosen(tmp_path: Path) -> running.Plan:
    four = ports.Ports(edge=9000, web=9001, simulator=9100, platform=9101)
    return running.Plan(home=tmp_path, ports=four, host="127.0.0.1", corpus="", password="p", echo_logs=False)


def told(chosen: running.Plan) -> dict[str, str]:
    """What its processes are told."""
    return running._environment(chosen, running._serving(embedded.places(chosen.home), chosen))


def test_whoever_gives_consent_comes_back_to_the_address_that_was_printed(
    chosen: running.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_PUBLIC_URL", raising=False)

    environment = told(chosen)

    printed = "\n".join(running.banner(chosen, seconds=1))
    assert f" {environment['PARLEY_PUBLIC_URL']}/\n" in printed


def test_a_public_address_that_somebody_chose_is_theirs(
    chosen: running.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_PUBLIC_URL", "https://tunnel.example")

    assert told(chosen)["PARLEY_PUBLIC_URL"] == "https://tunnel.example"


def test_servers_whose_addresses_stand_in_files_are_used_and_none_is_started_beside_them(
    chosen: running.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"DATABASE_URL": "postgresql://parley@db.example/parley", "REDIS_URL": "redis://broker.example/0"}
    for name, address in given.items():
        monkeypatch.delenv(name, raising=False)
        (tmp_path / name).write_text(f"{address}\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))

    assert given.items() <= told(chosen).items()
    assert not (reaching.is_ours("postgres") or reaching.is_ours("valkey"))
