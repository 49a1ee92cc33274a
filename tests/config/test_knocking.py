"""What a demo says to the simulators when it ends."""

from pathlib import Path

import httpx

from config.demo import knocking
from tests import ports
from tests.simulator.process import free_ports, healthy, start


def asked(port: int, method: str, path: str, **given: object) -> dict[str, object]:
    answer = httpx.request(method, f"http://127.0.0.1:{port}/control/{path}", json=given, trust_env=False)
    found: dict[str, object] = answer.raise_for_status().json()
    return found


def test_nobody_writes_any_more_when_a_demo_ends(tmp_path: Path) -> None:
    addresses = free_ports()
    simulator = start(tmp_path, addresses)
    try:
        assert healthy(addresses[0]), simulator.communicate()
        asked(addresses[0], "POST", "play", rate=50)
        assert asked(addresses[0], "GET", "play")["playing"]

        knocking.end_traffic(addresses[0])

        assert not asked(addresses[0], "GET", "play")["playing"]
    finally:
        simulator.kill()
        simulator.communicate()


def test_where_no_simulator_answers_nobody_is_waited_for() -> None:
    knocking.end_traffic(ports.free(1))
