"""Whether a part of the demo answers, what it lacks, and a word to the simulators."""

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any

_DELIVERED_WITHIN = (
    1.0  # seconds: what a fault holds back for longer comes again by the platform's own retries
)


def why_not_ready(url: str) -> str:
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return f"{error.code} {_reasons(error.read(5000))}"
    except OSError as error:
        return str(error)


def end_traffic(port: int) -> None:
    """Customers who write on while the doors are shut would be missed until the next comparison. What they have written by now is delivered
    first, as far as that takes a moment. Where nobody answers, nobody writes."""
    try:
        _tell_simulator(port, "DELETE", "/control/play")
        until = time.monotonic() + _DELIVERED_WITHIN
        while _tell_simulator(port, "GET", "/control/pending")["pending"] and time.monotonic() < until:
            time.sleep(0.05)
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        pass


def _tell_simulator(port: int, method: str, address: str) -> dict[str, Any]:
    simulator = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        simulator.request(method, address)
        told: dict[str, Any] = json.loads(simulator.getresponse().read())
        return told
    finally:
        simulator.close()


def _reasons(body: bytes) -> str:
    """What is not ready, in words."""
    try:
        found = json.loads(body)
        return "; ".join(
            f"{name}: {each['reason']}" for name, each in found.items() if each and not each["ok"]
        )
    except (ValueError, TypeError, AttributeError, KeyError):
        return body[:500].decode(errors="replace")
