"""A platform that lives in memory: it keeps what it was told, and misbehaves when asked to. It stands at the connector's seam."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    App,
    Attachment,
    AttachmentKind,
    Authorisation,
    AuthRules,
    ConnectorError,
    Context,
    DeliveriesLost,
    Edited,
    Grant,
    HistoryRules,
    Ignored,
    InboundEvent,
    InboundMessage,
    Item,
    Malformed,
    Manifest,
    Media,
    MessageKind,
    Origin,
    Origins,
    OutboundMessage,
    Page,
    Party,
    RateNotice,
    ReceiveRules,
    Remedy,
    SendRules,
    Sent,
    TextLimit,
    ThreadKind,
    Tokens,
    Typing,
    Unit,
    WebhookAnswer,
    WebhookRequest,
)

SECRET = "fake-webhook-secret"
SIGNATURE = "x-fake-signature"


def manifest(**changes: Any) -> Manifest:
    rules: dict[str, Any] = {
        "key": "fake",
        "label": "Fake",
        "mark": "Fk",
        "colour": "#555",
        "send": SendRules(text=TextLimit(1000, Unit.CODE_POINTS, datetime(2026, 8, 1, tzinfo=UTC).date())),
        "receive": ReceiveRules(mode="webhook", edits=True, unsends=True),
        "history": HistoryRules(settles_sends=True),
        "auth": AuthRules(refresh="rotate", refresh_before=timedelta(minutes=10)),
        "poll_every": timedelta(seconds=5),
    }
    return Manifest(**rules | changes)


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def delivery(*items: dict[str, Any]) -> bytes:
    return json.dumps({"items": items}).encode()


@dataclass
class Said:
    """One native message on the platform."""

    id: str
    thread: str
    text: str
    at: datetime
    outbound: bool = False
    name: str = ""
    files: tuple[str, ...] = ()  # what it calls them


@dataclass
class FakePlatform:
    manifest: Manifest = field(default_factory=manifest)
    origins: Origins = field(default_factory=lambda: Origins(*["https://fake.example"] * 4))
    said: list[Said] = field(default_factory=list)  # the truth, oldest first
    sent: list[OutboundMessage] = field(default_factory=list)  # send calls that came through
    sent_with: list[str] = field(default_factory=list)  # the access token of each send call
    subscribed: list[str] = field(default_factory=list)
    refreshes: int = 0
    refresh_takes: float = 0.0
    refresh_fails: ConnectorError | None = None
    rates: tuple[RateNotice, ...] = ()
    pictures: dict[str, Media] = field(default_factory=dict)
    profiles: dict[str, Party] = field(default_factory=dict)
    written_to: list[str] = field(default_factory=list)  # whom it showed that somebody writes
    writing_fails: ConnectorError | None = None
    words: dict[str, InboundMessage | ConnectorError] = field(
        default_factory=dict
    )  # of what a delivery only named
    asked_profiles: list[str] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    page_size: int = 50
    poll_breaks_after: int | None = None
    history_fails: ConnectorError | None = None
    poll_fails: ConnectorError | None = None
    posted: list[Said] = field(default_factory=list)  # public talk: history tells it after the messages
    withholds: str = ""  # why the grant is not shown it
    withholds_after: int = 0  # so many pages of it
    names_files: bool = True  # False: it fetches a reply's file itself, and never says what it calls it
    good_access: str = "access-1"
    good_refresh: str = "refresh-1"
    _refusals: list[tuple[ConnectorError | Exception, bool]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- what a test arranges ---

    def refuses(self, remedy: Remedy, reason: str = "No.", **details: Any) -> None:
        """The next send is refused; the message does not exist on the platform."""
        self._refusals.append((ConnectorError(reason, remedy=remedy, **details), False))

    def loses_the_answer(self, *, delivered: bool) -> None:
        """The next send ends without an answer."""
        self._refusals.append((ConnectorError("No answer came.", remedy=Remedy.UNKNOWN), delivered))

    def breaks(self, error: Exception) -> None:
        self._refusals.append((error, False))

    def hears(
        self,
        text: str,
        *,
        thread: str = "mara",
        at: datetime,
        outbound: bool = False,
        files: tuple[str, ...] = (),
    ) -> Said:
        said = Said(f"m{next(self._numbers):04d}", thread, text, at, outbound, files=files)
        self.said.append(said)
        return said

    def posts(self, text: str, *, at: datetime) -> Said:
        said = Said(f"p{next(self._numbers):04d}", "post", text, at)
        self.posted.append(said)
        return said

    # --- the connector ---

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        if "challenge" not in request.query:
            return None
        if request.query.get("token") != app.verify_token:
            return WebhookAnswer(403)
        return WebhookAnswer(200, request.query["challenge"].encode())

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        given = request.headers.get(SIGNATURE, "")
        return any(hmac.compare_digest(given, sign(request.body, secret)) for secret in app.webhook_secrets)

    def items(self, body: bytes) -> Iterator[Item]:
        try:
            entries = json.loads(body)["items"]
        except (ValueError, KeyError, TypeError):
            raise Malformed("The body is no list of items.") from None
        for entry in entries:
            yield Item(entry, (entry["account"],) if "account" in entry else ())

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
        payload = item.payload
        match payload["kind"]:
            case "message":
                return [self._message(payload)]
            case "edit":
                at = datetime.fromtimestamp(payload["at"] / 1000, UTC)
                return [Edited(payload["target"], payload["text"], at, 1, payload["thread"])]
            case "typing":
                return [Typing(payload["thread"], Party(payload["thread"], name="Mara"), datetime.now(UTC))]
            case "revoked":
                at = datetime.fromtimestamp(payload["at"] / 1000, UTC)
                return [AccountChanged(AccountState.REVOKED, "Permission withdrawn.", at)]
            case "lost":
                return [DeliveriesLost("The job was incomplete.")]
            case "bad":
                raise Malformed("This item has no sender.")
            case "test":
                raise Ignored("A dashboard's test.")
            case "unheard-of":
                return []
            case _:
                raise KeyError("a bug of the connector")

    def _message(self, payload: Any) -> InboundMessage:
        outbound = payload.get("outbound", False)
        person = Party(payload["thread"], name=payload.get("name", ""))
        return InboundMessage(
            external_id=payload["id"],
            thread_id=payload["thread"],
            sent_at=datetime.fromtimestamp(payload["at"] / 1000, UTC),
            author=Party("acc-1") if outbound else person,
            counterpart=person if outbound else None,
            text=payload.get("text", ""),
            kind=MessageKind(payload.get("shown_as", "text")),
            outbound=outbound,
            origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
            untold=payload.get("untold", False),
            dated_by_delivery=payload.get("dated_by_delivery", False),
            attachments=tuple(
                Attachment(AttachmentKind.IMAGE, f"https://fake.example/{name}", external_id=name)
                for name in payload.get("files", ())
            ),
        )

    def authorise(self, ctx: Context, redirect_uri: str, state: str) -> Authorisation:
        return Authorisation(f"https://fake.example/consent?state={state}", verifier="kept-verifier")

    def exchange(self, ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
        if code != "good-code" or verifier != "kept-verifier":
            raise ConnectorError("The code was refused.", remedy=Remedy.TELL)
        tokens = Tokens(self.good_access, self.good_refresh, ctx.now + timedelta(hours=2), issued_at=ctx.now)
        return Grant(Account("acc-1", handle="acme", name="Acme"), tokens)

    def refresh(self, ctx: Context) -> Tokens:
        assert ctx.tokens is not None
        time.sleep(self.refresh_takes)
        with self._lock:
            if self.refresh_fails:
                raise self.refresh_fails
            if ctx.tokens.refresh != self.good_refresh:
                raise ConnectorError("invalid_grant", remedy=Remedy.RECONNECT)
            self.refreshes += 1
            self.good_access, self.good_refresh = (
                f"access-{self.refreshes + 1}",
                f"refresh-{self.refreshes + 1}",
            )
            ends = ctx.now + timedelta(hours=2)
            return Tokens(self.good_access, self.good_refresh, ends, issued_at=ctx.now)

    def subscribe(self, ctx: Context, callback_url: str) -> None:
        self.subscribed.append(callback_url)

    def send(self, ctx: Context, message: OutboundMessage) -> Sent:
        assert ctx.tokens is not None
        self.sent_with.append(ctx.tokens.access)
        files = tuple(f"file-{next(self._numbers)}" for _ in message.attachments)
        for place, name in enumerate(files if self.names_files else ()):
            ctx.note_file(place=place, external_id=name)
        made: dict[str, Any] = {"thread": message.thread_id, "at": ctx.now, "outbound": True, "files": files}
        if self._refusals:
            error, delivered = self._refusals.pop(0)
            if delivered:
                self.hears(message.text, **made)
            raise error
        if ctx.tokens.access != self.good_access:
            raise ConnectorError("The token is not valid.", remedy=Remedy.REFRESH)
        said = self.hears(message.text, **made)
        self.sent.append(message)
        return Sent((said.id,), at=ctx.now, rates=self.rates)

    def poll(self, ctx: Context, cursor: str) -> Page:
        """Inclusive, like LinkedIn's: the cursor's own message comes again."""
        self.polls.append(cursor)
        if self.poll_fails:
            raise self.poll_fails
        if self.poll_breaks_after is not None and len(self.polls) > self.poll_breaks_after:
            raise ConnectorError("The platform is down.", remedy=Remedy.RETRY)
        ids = [said.id for said in self.said]
        start = ids.index(cursor) if cursor in ids else 0
        chosen = self.said[start : start + self.page_size]
        more = start + self.page_size < len(self.said)
        return Page(tuple(self._inbound(said) for said in chosen), chosen[-1].id if chosen else cursor, more)

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        if self.history_fails:
            raise self.history_fails
        if cursor.startswith("posts"):
            return self._public_history(int(cursor.removeprefix("posts")))
        newest_first = [said for said in reversed(self.said) if thread_id in ("", said.thread)]
        start = int(cursor or 0)
        end = start + self.page_size
        told = tuple(self._inbound(each) for each in newest_first[start:end])
        beyond = "posts0" if (self.posted or self.withholds) and not thread_id else ""
        more = end < len(newest_first)
        return Page(told, beyond if beyond and not more else str(end), more or bool(beyond), beyond=beyond)

    def _public_history(self, start: int) -> Page:
        if self.withholds and start >= self.withholds_after * self.page_size:
            return Page((), withheld=self.withholds)
        end = start + self.page_size
        newest_first = [
            replace(self._inbound(each), thread_kind=ThreadKind.COMMENT) for each in reversed(self.posted)
        ]
        return Page(tuple(newest_first[start:end]), f"posts{end}", end < len(newest_first), public=True)

    def _inbound(self, said: Said) -> InboundMessage:
        return self._message(
            {
                "id": said.id,
                "thread": said.thread,
                "text": said.text,
                "at": millis(said.at),
                "outbound": said.outbound,
                "files": said.files,
            }
        )

    def show_writing(self, ctx: Context, thread_id: str, recipient_id: str) -> Sequence[RateNotice]:
        ctx.ahead("send")
        self.written_to.append(recipient_id or thread_id)
        if self.writing_fails:
            raise self.writing_fails
        return self.rates

    def told(self, ctx: Context, external_id: str, thread_id: str) -> InboundMessage:
        answer = self.words[external_id]
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    def profile(self, ctx: Context, external_id: str) -> Party:
        self.asked_profiles.append(external_id)
        if external_id not in self.profiles:
            raise ConnectorError("The profile is hidden.", remedy=Remedy.TELL)
        return self.profiles[external_id]

    def media(self, ctx: Context, url: str) -> Media:
        if url not in self.pictures:
            raise ConnectorError("The address has expired.", remedy=Remedy.TELL)
        return self.pictures[url]
