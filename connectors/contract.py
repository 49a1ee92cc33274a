"""What a connector is. A third party needs this module, `connectors.http`, `connectors.signatures`, and nothing of Django.

A connector is stateless: all it needs comes in the `Context`. It translates a platform's wire format, and says of each error what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from connectors.figures import configured

# isort: off
from inbox.exchange import STAND_IN, AccountChanged, AccountState, Attachment, AttachmentKind, Delivered, DeliveriesLost, Edited, InboundEvent, InboundMessage, MessageKind, Origin, OutboundAttachment, OutboundMessage, Party, ProfileSeen, ReachChanged, Reacted, ReadUpTo, RedeliveryEnded, Standing, ThreadKind, Typing, Unsent  # fmt: skip
from inbox.platforms import AuthRules, FileLimit, HistoryRules, Manifest, Pace, Quota, ReceiveRules, SendRules, TextLimit, Unit, WindowRules  # fmt: skip
# isort: on

if TYPE_CHECKING:
    from connectors.http import Http

__all__ = [  # noqa: RUF022 (first the words of the inbox, then what connectors add)
    "AccountChanged", "AccountState", "Attachment", "AttachmentKind", "AuthRules", "Delivered", "DeliveriesLost", "Edited", "FileLimit", "HistoryRules", "InboundEvent", "InboundMessage", "Manifest", "MessageKind", "Origin", "OutboundAttachment", "OutboundMessage", "Pace", "Party", "ProfileSeen", "Quota", "ReachChanged", "Reacted", "ReadUpTo", "ReceiveRules", "RedeliveryEnded", "STAND_IN", "SendRules", "Standing", "TextLimit", "ThreadKind", "Typing",
    "Unit", "Unsent", "WindowRules", "UNKNOWN_KIND", "Account", "App", "Authorisation", "Connector", "ConnectorError", "Context", "Grant", "Ignored", "Item", "Malformed", "Media", "Origins", "Page", "RateNotice", "Redelivery", "RedeliveryBounds", "Remedy", "Sent", "Stretch", "Subscription", "Tokens", "WebhookAnswer", "WebhookRequest", "configured",
]  # fmt: skip


class Remedy(StrEnum):
    """What the caller does about an error; the letters are those of the platform notes."""

    RETRY = "retry"  # R: again later, honouring retry_at
    REFRESH = "refresh"  # T: refresh the token, then once more
    RECONNECT = "reconnect"  # H: the grant or the account is broken; a person must act; sending is parked
    TELL = "tell"  # A: permanent for this message; the agent must know why
    UNKNOWN = "unknown"  # U: it may have gone out; look at the echo or history, never send blindly
    WAIT = "wait"  # P: not until the customer acts
    BUG = "bug"  # B: our request was wrong


class ConnectorError(Exception):
    """A platform's refusal, as a decision. `reason` is one plain sentence for a person; `code` is the platform's own."""

    def __init__(
        self,
        reason: str,
        *,
        remedy: Remedy,
        code: str = "",
        retry_at: datetime | None = None,
        contact_unavailable: bool = False,
        rates: Sequence[RateNotice] = (),
        sent: Sequence[str] = (),
        most_tries: int | None = None,
        throttled: bool = False,
        of_public: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.code = code
        self.retry_at = retry_at
        self.contact_unavailable = contact_unavailable
        self.rates = tuple(rates)
        self.most_tries = most_tries  # of RETRY: after so many with this code it is told to the agent
        self.throttled = throttled  # of RETRY: the account has asked too much, whatever the message
        self.of_public = of_public  # of TELL: a permission for public talk alone is missing
        self.restricted = restricted  # of RECONNECT: the account is, for a while; the grant holds
        self.sent = tuple(sent)  # ids of the parts that had gone out before this one was refused


class Malformed(ValueError):
    """A delivery, or one item of it, that cannot be read. The words say why; the payload is kept by the caller."""


UNKNOWN_KIND = "This is of a kind that Parley does not know yet."  # such an item is kept and can be replayed


class Ignored(Malformed):
    """An item that is readable and not for the inbox (a dashboard's test, a job's status). The words say why; nobody need act."""


@dataclass(frozen=True, slots=True)
class RateNotice:
    """What the platform said of its limits. `bucket` names what is limited ("send", "read", "app")."""

    bucket: str
    remaining: int | None
    resets_at: datetime | None
    used_percent: int | None = None
    expected: Quota | None = None  # of a call of which it said nothing: what its pages say


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a platform answers. Never built into a URL elsewhere, so that a simulator or a proxy may stand in for each."""

    consent: str
    token: str
    api: str
    media: str


@dataclass(frozen=True, slots=True)
class App:
    """Our registration at the platform. The first webhook secret is current, a second is accepted during rotation."""

    client_id: str
    client_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    verify_token: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)  # app-only token, where the platform has one
    application_id: str = ""  # its number, where the platform has one besides the client id


@dataclass(frozen=True, slots=True)
class Account:
    external_id: str  # the brand's own id on the platform
    handle: str = ""
    name: str = ""
    speaks_for: str = ""  # the page or the like that `Subscription` named last, since it was connected
    formerly: str = ""  # of a grant: another id of the account, under which it may have been connected before


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    issued_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    app: App
    origins: Origins
    http: Http
    now: datetime
    account: Account | None = None
    tokens: Tokens | None = None
    note_file: Callable[..., None] = lambda **_: None  # (place=0, external_id="…"): a file of a send went up
    ahead: Callable[[str], None] = lambda _: None  # (bucket) of each call; raises where that limit is used up
    heard: Callable[[Sequence[RateNotice]], None] = lambda _: None  # what any call was told of limits


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    status: int
    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Item:
    """One update of a delivery. `account_id` is the brand's account it speaks of ("" where the delivery does not say)."""

    payload: Mapping[str, Any]
    account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorisation:
    url: str
    verifier: str = ""  # PKCE; to be kept until the code comes back


@dataclass(frozen=True, slots=True)
class Grant:
    account: Account
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform's own ids for what went out, in order (several where it splits text and files). `at` if it says when."""

    external_ids: tuple[str, ...]
    at: datetime | None = None
    rates: tuple[RateNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of which a page of history lists every message, both ends left out, in the threads that it shows."""

    since: datetime
    until: datetime
    ours: bool = True  # False: what we sent may be gone from our side alone


@dataclass(frozen=True, slots=True)
class Page:
    """A page of history or of a poll. `cursor` continues it (for a poll between runs, for history within one walk); `more` says whether
    there is more now. A walk that meets old news only goes on at `beyond`, where another part begins (comments after messages), or ends."""

    events: tuple[InboundEvent, ...]
    cursor: str = ""
    more: bool = False
    failures: tuple[tuple[Mapping[str, Any], str], ...] = ()  # (what `parse` reads again, why it could not)
    rates: tuple[RateNotice, ...] = ()
    beyond: str = ""
    unordered: bool = False  # what comes next may be newer than this: old news is no reason to stop
    told_until: datetime | None = None  # of a log: it has come so far
    stretch: Stretch | None = None  # where absence may mean that a message was withdrawn
    remarks: tuple[str, ...] = ()  # what the platform could not show, in words: no item of ours
    public: bool = False  # it is of public talk, which this grant is shown
    failed_at: tuple[datetime | None, ...] = ()  # by failure: from when it is, if that is told
    withheld: str = ""  # why public talk, of which the rest would be, is not shown to this grant


@dataclass(frozen=True, slots=True)
class Media:
    content: bytes
    mime: str


@runtime_checkable
class Connector(Protocol):
    """One platform. Methods raise ConnectorError for the platform's refusals and Malformed for what cannot be read."""

    manifest: Manifest
    origins: Origins  # the real hosts; a deployment may map each elsewhere

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        """The answer to a GET that proves we own the address; 403 for a wrong token; None where it is no handshake."""

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        """Whether the raw body was signed with one of the app's secrets (constant-time)."""

    def items(self, body: bytes) -> Iterator[Item]:
        """The updates of one delivery, unparsed. Raises Malformed when the body as a whole cannot be read."""

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
        """What one update says. Pure. Of an unknown kind: UNSUPPORTED where a thread is told, else (), and it is kept; of no news: Ignored."""

    def authorise(self, ctx: Context, redirect_uri: str, state: str) -> Authorisation:
        """Where a person gives consent."""

    def exchange(self, ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
        """The consent's code for tokens (the longest-lived the platform gives) and the account they are for."""

    def refresh(self, ctx: Context) -> Tokens:
        """New tokens for ctx.tokens. The caller serialises and stores before use. RECONNECT when it is too late."""

    def subscribe(self, ctx: Context, callback_url: str) -> None:
        """Ask for everything this connector can receive to be delivered there. Safe to repeat."""

    def send(self, ctx: Context, message: OutboundMessage) -> Sent:
        """Send a reply. After bytes have left, a lost answer is UNKNOWN, never RETRY."""

    def poll(self, ctx: Context, cursor: str) -> Page:
        """What is new since the cursor ("" the first time). Only where manifest.receive.mode is "poll"."""

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        """Newest first: all threads, or one, as far back as it tells. One not told at all is an error: an empty page says that nobody wrote."""

    def profile(self, ctx: Context, external_id: str) -> Party:
        """Who somebody is."""

    def media(self, ctx: Context, url: str) -> Media:
        """The bytes behind an attachment's address, with what authorisation the platform wants."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whether the platform delivers to our door. `said` is a sentence for a person; `speaks_for` comes back with the account."""

    is_active: bool
    said: str = ""
    speaks_for: str = ""
    is_for_a_person: bool = False  # asking again could take deliveries from somebody else
    at: str = ""  # an address of ours, where it may be another channel's: the caller knows whether one lies behind it


@dataclass(frozen=True, slots=True)
class RedeliveryBounds:
    """Of which time a platform delivers again: of none longer ago than `reach`, and only once it began and ended so long ago."""

    reach: timedelta
    begun: timedelta
    ended: timedelta


@dataclass(frozen=True, slots=True)
class Redelivery:
    job: str  # how `RedeliveryEnded` will name what the platform has agreed to
    rates: tuple[RateNotice, ...] = ()
