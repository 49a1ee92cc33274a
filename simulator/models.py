"""The outside world as plain records; each is one document in the ledger file."""

from dataclasses import dataclass, field
from typing import Any

X_EPOCH_MS = 1_288_834_974_657


@dataclass(slots=True, kw_only=True)
class App:
    """Our registration with one platform."""

    platform: str
    client_id: str
    client_secret: str
    webhook_secret: str
    verify_token: str = ""
    app_bearer: str = ""
    application_id: str = ""
    callback_url: str = ""
    callback_token: str = ""
    fields: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Account:
    """A brand's account on one platform."""

    platform: str
    id: str
    brand: str
    handle: str
    name: str
    flavour: str = ""
    organization: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    consented_ms: int = 0
    installed: bool = False  # by Instagram's app, which delivers to one address for all of them
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class Person:
    """A customer, with the id each account knows them by (Instagram gives another one per account)."""

    platform: str
    key: str
    name: str
    handle: str
    language: str = "en"
    native: dict[str, str] = field(default_factory=dict)
    followers: int = 97
    accepts_messages: bool = True
    follows: bool = True
    blocked: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Thread:
    platform: str
    account: str
    id: str
    kind: str = "direct"
    people: list[str] = field(default_factory=list)
    title: str = ""
    last_in_ms: int = 0
    seen_by_customer: str = ""
    seen_by_brand: str = ""
    brand_typing_until: int = 0
    customer_typing_until: int = 0


_A_TRY_MS = 60_000


@dataclass(slots=True, kw_only=True)
class Message:
    platform: str
    account: str
    thread: str
    id: str
    n: int
    direction: str
    sender: str
    recipient: str
    at_ms: int
    order: str
    kind: str = "text"
    text: str = ""
    deleted: bool = False
    edits: int = 0
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reactions: list[dict[str, str]] = field(default_factory=list)
    reply_to: str = ""
    client: str = "control"
    history: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    send_key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False
    dropped: bool = False
    # Somebody was or will be told by webhook; known: somebody acknowledged it, or read it in a log that loses nothing for a while;
    # shown: since when a history has told it to somebody, which is no proof that it was kept.
    told: bool = False
    known: bool = False
    shown_ms: int = 0

    def show(self, now_ms: int) -> bool:
        """A page of history tells it, with all that became of it. Whether anything of that is told for the first time, or again after more
        than the second try takes of whoever was cut off."""
        news = False
        for one in self.history:
            since = one.setdefault("shown_ms", now_ms)
            if since == now_ms:
                news = True
            elif now_ms - since >= _A_TRY_MS and "shown_again_ms" not in one:
                one["shown_again_ms"] = now_ms
                news = True
        self.shown_ms = self.shown_ms or now_ms
        return news

    @property
    def unsent_ms(self) -> int:
        return max((one["at_ms"] for one in self.history if one["what"] == "unsend"), default=0)


@dataclass(slots=True, kw_only=True)
class Token:
    platform: str
    account: str
    value: str
    kind: str
    issued_ms: int
    expires_ms: int
    scope: str = ""
    family: str = ""
    revoked: str = ""


@dataclass(slots=True, kw_only=True)
class Webhook:
    """One registered address: X webhooks and subscriptions, LinkedIn event subscriptions."""

    platform: str
    id: str
    url: str
    kind: str = "webhook"
    account: str = ""
    event_type: str = ""
    webhook: str = ""
    tag: str = ""
    valid: bool = True
    failures: int = 0
    created_ms: int = 0
    direction: str = ""


@dataclass(slots=True, kw_only=True)
class Media:
    id: str
    platform: str
    account: str
    mime: str
    kind: str
    name: str
    size: int
    created_ms: int
    state: str = "ready"
    message: str = ""
    category: str = ""
    resource: str = ""
