"""What a connector promises in its manifest and in quality.toml, held against what its deliveries show."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta

from connectors.abilities import Gestures
from connectors.conformance.asking import Asking
from connectors.conformance.subject import RULES
from connectors.contract import (
    Edited,
    InboundMessage,
    MessageKind,
    Reacted,
    ReadUpTo,
    ThreadKind,
    Typing,
    Unsent,
)


class Promises(Asking):
    def test_the_manifest_is_complete(self) -> None:
        manifest = self.subject.connector.manifest
        assert manifest.key == manifest.key.lower() and manifest.label and manifest.colour
        assert 1 <= len(manifest.mark) <= 2
        assert manifest.send.text.max > 0
        assert date(2020, 1, 1) < manifest.send.text.checked_on <= datetime.now(UTC).date()
        assert all(
            pace.per_second > 0 and date(2020, 1, 1) < pace.checked_on <= datetime.now(UTC).date()
            for pace in manifest.paces.values()
        )
        assert all(
            quota.calls > 0 and quota.window > timedelta(0) and date(2020, 1, 1) < quota.checked_on
            for quota in manifest.quotas.values()
        )
        assert bool(manifest.send.files) == bool(manifest.send.files_per_message)
        assert all(limit.max_bytes > 0 for limit in manifest.send.files.values())
        assert (manifest.receive.mode == "poll") == (manifest.poll_every is not None)
        assert bool(manifest.window.opens_on) == (manifest.window.standard is not None)
        assert manifest.send.typing == isinstance(self.subject.connector, Gestures)
        known = {kind.value for kind in MessageKind} | {"reaction"}
        assert manifest.window.opens_on <= known

    def test_the_manifest_promises_what_deliveries_hold_and_nothing_else(self) -> None:
        events = [event for name in self.subject.deliveries for event in self._events(name)]
        kinds: dict[str, type] = {
            "edits": Edited,
            "unsends": Unsent,
            "reactions": Reacted,
            "reads": ReadUpTo,
            "typing": Typing,
        }
        seen = {name: any(isinstance(event, kind) for event in events) for name, kind in kinds.items()}
        threads = {event.thread_kind for event in events if isinstance(event, InboundMessage)}
        seen["comments"] = ThreadKind.COMMENT in threads
        seen["groups"] = ThreadKind.GROUP in threads
        rules = self.subject.connector.manifest.receive
        # A public thing may be withdrawn on a network where a message cannot: that alone promises no unsends.
        promised = {name: getattr(rules, name) for name in seen}
        missing = {name for name, is_promised in promised.items() if is_promised and not seen[name]}
        assert not missing, f"promised, and no delivery shows it: {missing}"
        silent = {name for name, is_seen in seen.items() if is_seen and not promised[name]} - {"unsends"}
        assert not silent, f"delivered, and not promised: {silent}"

    def test_quality_says_of_every_rule_whether_it_is_kept(self) -> None:
        given_rules = tomllib.loads(self.subject.quality.read_text())["rules"]
        assert set(given_rules) == set(RULES)
        for name, state in given_rules.items():
            exempt = state.get("exempt", "").strip() if isinstance(state, dict) else ""
            assert state == "done" or exempt, f"{name}: neither done nor exempt with a reason"
        receive = self.subject.connector.manifest.receive
        for name in ("edits", "unsends", "reactions", "reads", "typing", "groups", "comments"):
            assert (given_rules[name] == "done") == getattr(receive, name), name
        assert (given_rules["send-files"] == "done") == bool(self.subject.connector.manifest.send.files)
