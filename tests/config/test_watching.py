"""The watch over the channels knows whether the door is open."""

import pytest

from config import broker, health, watching
from connectors import jobs


@pytest.mark.parametrize("is_open", [True, False])
def test_the_watch_is_told_whether_an_edge_is_alive(monkeypatch: pytest.MonkeyPatch, is_open: bool) -> None:
    told: list[bool] = []
    monkeypatch.setattr(jobs, "watch_channels", lambda *, is_open: told.append(is_open))
    broker.client().delete(health.HEARTBEAT_KEY.format(process="edge"))
    if is_open:
        health.beat_heart("edge")

    watching.watch_channels()

    assert told == [is_open]
