"""Named misbehaviours of platforms: each switched on by name, scoped, and drawn from a seed."""

import random
from dataclasses import dataclass, field
from typing import Any

from simulator.store import Store

CATALOGUE: dict[str, str] = {
    "dup.exact": "The same bytes under the same signature are delivered again after delay_ms (default 300).",
    "dup.rebatched": "The same message comes again inside a later delivery with other bytes; on LinkedIn in the poll.",
    "reorder": "A delivery waits up to max_ms (default 1500) so that later ones overtake it.",
    "drop": "The webhook is never sent; only history shows the message, as far as history reaches. Polls lose nothing.",
    "echo.early": "The echo of a send is delivered before the send call answers.",
    "echo.late": "The echo of a send comes delay_ms (default 5000) later.",
    "echo.foreign": "A colleague also answers by hand in the native app; the answer comes as an echo nobody sent.",
    "signature.bad": "A forged event under a wrong signature comes along (mode=spoiled: the true delivery is badly signed).",
    "rate.limit": "An API call is refused with the platform's rate-limit answer, in the form named or in one that soon ends; form=any draws one.",
    "token.expire_midsend": "The access token expires at the moment of a send, which fails.",
    "slow": "An API call takes ms (default 3000) longer.",
    "error.5xx": "An API call fails with a server error, sometimes an HTML page or an empty body; a send before it is taken or after (when=before, after).",
    "send.timeout": "A send is accepted, the message reaches the customer, and the call never answers.",
    "token.race": "A token of after_ms (default 10000) ends between two calls; its refresh takes ms (1500): on X whoever else refreshes is refused.",
    "webhook.disabled": "The platform gives the webhook up, as after too many failures, until somebody subscribes or proves it again.",
    "replay.job": "X delivers the last minutes (default 1440, most=500 messages) once more beside what is new, and says how the job ended.",
    "poll.inclusive": "LinkedIn polls repeat more, lie about the total, come short or empty with a next link.",
    "ids.19digit": "New X and LinkedIn numbers lie near 2**63, where a float would round them.",
    "group.untold": "LinkedIn does not say who is in a group: only that another one writes in the thread tells it.",
    "text.hostile": "Customers write texts that break naive software: bidi marks, NUL, markup, lone surrogates.",
}

API_FAULTS = ("slow", "error.5xx", "rate.limit")


@dataclass(slots=True, kw_only=True)
class Rule:
    name: str
    seed: int = 1
    rate: float = 1.0
    platform: str = ""
    account: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    drawn: int = 0
    hits: int = 0

    @property
    def key(self) -> str:
        return f"{self.name}|{self.platform}|{self.account}"

    def number(self, name: str, default: float) -> float:
        return float(self.params.get(name, default))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    rule: Rule
    random: random.Random

    def number(self, name: str, default: float) -> float:
        return self.rule.number(name, default)


class Faults:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.rules: dict[str, Rule] = {}

    def load(self) -> None:
        for key, body in self._store.load("fault"):
            self.rules[key] = Rule(**body)

    def set(self, rule: Rule) -> None:
        self.rules[rule.key] = rule
        self._store.put("fault", rule.key, rule)

    def clear(self, *, name: str = "", platform: str = "", account: str = "") -> int:
        gone = [
            rule
            for rule in self.rules.values()
            if (not name or rule.name == name)
            and (not platform or rule.platform == platform)
            and (not account or rule.account == account)
        ]
        for rule in gone:
            del self.rules[rule.key]
            self._store.remove("fault", rule.key)
        return len(gone)

    def rule(self, name: str, *, platform: str, account: str = "") -> Rule | None:
        """The narrowest rule that is on for this account."""
        if not self.rules:
            return None
        for scope in (
            f"{name}|{platform}|{account}",
            f"{name}||{account}",
            f"{name}|{platform}|",
            f"{name}||",
        ):
            if scope in self.rules:
                return self.rules[scope]
        return None

    def draw(self, name: str, *, platform: str, account: str = "") -> Hit | None:
        """Decides the next case of this fault. The n-th decision under one seed is always the same."""
        rule = self.rule(name, platform=platform, account=account)
        if rule is None:
            return None
        rule.drawn += 1
        self._store.put("fault", rule.key, rule)
        dice = random.Random(f"{rule.seed}|{rule.name}|{rule.drawn}")
        if dice.random() >= rule.rate:
            return None
        rule.hits += 1
        return Hit(rule=rule, random=dice)
