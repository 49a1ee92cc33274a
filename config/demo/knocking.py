"""Whether a part of the demo answers, what it lacks, and a word to the simulators."""

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


def end_traffic(url: str) -> None:
    """Customers who write on while the doors are shut would be missed until the next comparison. Where nobody answers, nobody writes."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, method="DELETE"), timeout=2):
            pass
    except OSError:
        pass


def _reasons(body: bytes) -> str:
    """What is not ready, in words."""
    try:
        found = json.loads(body)
        return "; ".join(
            f"{name}: {each['reason']}" for name, each in found.items() if each and not each["ok"]
        )
    except (ValueError, TypeError, AttributeError, KeyError):
        return body[:500].decode(errors="replace")
