"""The world outside: customers and platforms, moved through the simulator's control API."""

import json
from typing import Any

import httpx

PLATFORMS = ("instagram", "x", "linkedin")


class Outside:
    def __init__(self, control: str) -> None:
        self.client = httpx.Client(base_url=control, trust_env=False, timeout=30)

    def close(self) -> None:
        self.client.close()

    def dm(
        self, platform: str, text: str = "", *, who: Any = "Mara Lindt", account: str = "Acme", **more: Any
    ) -> dict[str, Any]:
        """A customer writes. The answer names the message (id), its thread and the person."""
        return self._post(
            "messages", {"platform": platform, "account": account, "from": who, "text": text, **more}
        )

    def event(
        self, platform: str, kind: str, *, account: str = "Acme", allow_refusal: bool = False, **more: Any
    ) -> dict[str, Any]:
        """Somebody does something to a message. Not every platform lets them."""
        body = {"platform": platform, "account": account, "kind": kind, **more}
        return self._post("events", body, allow_refusal=allow_refusal)

    def fault(self, name: str, **how: Any) -> None:
        self._post("faults", {"name": name, "on": True, **how})

    def hits(self, name: str, platform: str | None = None) -> int:
        """How often this fault has struck since it was switched on: everywhere, or as it was switched on for this platform ("": for all)."""
        listed = self.client.get("/control/faults").raise_for_status().json()["faults"]
        rules = [rule for row in listed if row["name"] == name for rule in row["on"]]
        return sum(int(rule["hits"]) for rule in rules if platform in (None, rule["platform"]))

    def no_faults(self) -> None:
        self.client.request("DELETE", "/control/faults").raise_for_status()

    def expire_token(self, platform: str, account: str = "Acme", *, for_good: bool = False) -> None:
        """`for_good`: what renews it ends as well."""
        self._post("tokens/expire", {"platform": platform, "account": account, "refresh": for_good})

    def hurry(self) -> None:
        self._post("deliver", {})

    def pending(self) -> int:
        return int(self.client.get("/control/pending").raise_for_status().json()["pending"])

    def ledger(self, **only: Any) -> list[dict[str, Any]]:
        answer = self.client.get("/control/ledger", params=only).raise_for_status()
        return [json.loads(line) for line in answer.text.splitlines() if line.strip()]

    def from_brand(self, text: str) -> list[dict[str, Any]]:
        """What the platforms have of this text from the brand: one row, when it was sent once."""
        return [row for row in self.ledger() if row["direction"] == "out" and row["text"] == text]

    def health(self) -> dict[str, Any]:
        return dict(self.client.get("/control/health").raise_for_status().json())

    def _post(self, path: str, body: dict[str, Any], *, allow_refusal: bool = False) -> dict[str, Any]:
        answer = self.client.post(f"/control/{path}", json=body)
        if allow_refusal and answer.status_code in {400, 422}:
            return {}
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return dict(answer.json())
