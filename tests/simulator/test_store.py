"""The file of the truth, on a disk that is full for a while."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator import serving
from simulator.store import Store

LARGE = {"text": "x" * 200_000}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "ledger.sqlite3")
    yield opened
    opened.close()


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """No page more than there is."""
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    store._db.execute("PRAGMA max_page_count = 1000000")


def kept(store: Store) -> dict[str, object]:
    return dict(store.load("message"))


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(store: Store) -> None:
    store.put("message", "before", {"text": "short"})
    store.commit()
    with full_disk(store):
        store.put("message", "large", LARGE)
        store.remove("message", "before")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            store.commit()
        assert kept(store) == {"before": {"text": "short"}}

    store.put("message", "after", {"text": "short"})
    store.commit()

    assert kept(store) == {"large": LARGE, "after": {"text": "short"}}


def test_what_changed_while_the_disk_was_full_is_written_as_it_is_by_then(store: Store) -> None:
    with full_disk(store):
        store.put("message", "m1", LARGE)
        with pytest.raises(sqlite3.OperationalError):
            store.commit()
    store.put("message", "m1", {"text": "edited"})
    store.commit()

    assert kept(store) == {"m1": {"text": "edited"}}


def test_what_must_not_leave_before_it_is_written_waits_for_the_disk(store: Store) -> None:
    async def live() -> None:
        with full_disk(store):
            store.put("message", "large", LARGE)
            leaves = asyncio.create_task(store.written())
            await asyncio.sleep(0.05)
            assert not leaves.done()
        await asyncio.wait_for(leaves, 10)

    asyncio.run(live())

    assert kept(store) == {"large": LARGE}


def test_the_house_is_kept_on_after_a_full_disk_and_a_handshake_that_failed(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "_HOUSEKEEPING_SECONDS", 0.001)
    asked = []

    async def fails(*, account: str) -> None:
        asked.append(account)
        raise OSError("nobody is there")

    platform = SimpleNamespace(key="x", shake_hands=fails)
    world = SimpleNamespace(store=store, settings=SimpleNamespace(handshake_seconds=0.002))
    simulator = SimpleNamespace(kernel=SimpleNamespace(world=world, platforms={"x": platform}))

    async def live() -> None:
        house = asyncio.create_task(serving._keep_house(simulator))  # type: ignore[arg-type]
        with full_disk(store):
            store.put("message", "large", LARGE)
            await asyncio.sleep(0.05)
            assert kept(store) == {}
        for _ in range(500):
            if kept(store):
                break
            await asyncio.sleep(0.01)
        house.cancel()

    asyncio.run(live())

    assert kept(store) == {"large": LARGE}
    assert len(asked) > 1
    said = capsys.readouterr().out
    assert (said.count("is not written"), said.count("written again")) == (1, 1)
