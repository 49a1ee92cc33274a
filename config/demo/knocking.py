"""Whether a part of the demo answers, what it lacks, and a word to the simulators."""

import http.client
import json
import urllib.error
import urllib.request


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
    """Customers who write on while the doors are shut would be missed until the next comparison. Where nobody answers, nobody writes."""
    simulator = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        simulator.request("DELETE", "/control/traffic")
        simulator.getresponse()
    except (OSError, http.client.HTTPException):
        pass
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
