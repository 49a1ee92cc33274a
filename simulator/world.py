"""All that exists outside the product: accounts, people, threads, messages, tokens. Kept in memory, stored as documents."""

import asyncio
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from simulator import cast
from simulator.clock import Clock
from simulator.ids import Ids
from simulator.models import Account, App, Media, Message, Person, Thread, Token, Webhook
from simulator.settings import Settings
from simulator.store import Store

MessageKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something occurred on a platform; the platform tells subscribers and the stage shows it."""

    kind: str
    account: Account
    at_ms: int
    thread: Thread | None = None
    message: Message | None = None
    actor: str = ""
    client: str = "control"
    data: dict[str, Any] = field(default_factory=dict)


class World:
    def __init__(self, *, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.clock = Clock()
        self.ids = Ids(seed=settings.seed)
        self.apps: dict[str, App] = {}
        self.accounts: dict[tuple[str, str], Account] = {}
        self.people: dict[tuple[str, str], Person] = {}
        self.natives: dict[tuple[str, str], Person] = {}
        self.named: dict[tuple[str, str, str], Person] = {}
        self.threads: dict[MessageKey, Thread] = {}
        self.messages: dict[MessageKey, Message] = {}
        self.orders: dict[MessageKey, list[tuple[str, str]]] = {}
        self.directs: dict[MessageKey, Thread] = {}
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.media: dict[str, Media] = {}
        self.changelog: list[dict[str, Any]] = []
        self.notifications: list[dict[str, Any]] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.log_n = 0
        self.watchers: set[asyncio.Queue[Happening]] = set()
        self.listeners: list[Any] = []

    # Beginning and end

    def load(self) -> None:
        state = dict(self.store.load("state"))
        self.clock.offset_ms = int(state.get("clock", 0))
        # A stride beyond the last stored number: a serial handed out just before a crash is never handed out again.
        self.ids.serial = int(state.get("serial", 0)) + 10_000
        for _, body in self.store.load("app"):
            self.apps[body["platform"]] = App(**body)
        for _, body in self.store.load("account"):
            # Of a world from before all accounts of an app shared its address: who had one was installed.
            body.setdefault("installed", bool(body.pop("callback_url", "")))
            self.accounts[body["platform"], body["id"]] = Account(**body)
        for _, body in self.store.load("person"):
            self._know(Person(**body))
        for _, body in self.store.load("thread"):
            self._hang(Thread(**body))
        for _, body in self.store.load("message"):
            self._place(Message(**body))
        for _, body in self.store.load("token"):
            self.tokens[body["value"]] = Token(**body)
        for _, body in self.store.load("webhook"):
            self.webhooks[body["id"]] = Webhook(**body)
        for _, body in self.store.load("media"):
            self.media[body["id"]] = Media(**body)
        self.codes = dict(self.store.load("code"))
        self.changelog = sorted(
            (row for _, row in self.store.load("changelog")), key=lambda row: int(row["processedAt"])
        )
        self.notifications = sorted(
            (row for _, row in self.store.load("notification")), key=lambda row: int(row["lastModifiedAt"])
        )
        self._populate()

    def _populate(self) -> None:
        for platform in cast.PLATFORMS:
            if platform not in self.apps:
                self.apps[platform] = cast.app(platform, self.ids)
                self.save_app(self.apps[platform])
        linkedin = self.apps["linkedin"]
        if not linkedin.application_id:  # of a world from before applications had numbers
            linkedin.application_id = self.ids.digits(9)
            self.save_app(linkedin)
        for account in cast.accounts():
            if (account.platform, account.id) not in self.accounts:
                self.accounts[account.platform, account.id] = account
                self.save_account(account)
        self.store.put("state", "serial", self.ids.serial)
        self.store.commit()

    def clear(self) -> None:
        """An empty world with fresh credentials and no subscriber."""
        self.store.clear()
        for held in (self.apps, self.accounts, self.people, self.natives, self.threads, self.messages):
            held.clear()
        for more in (
            self.named,
            self.orders,
            self.directs,
            self.tokens,
            self.codes,
            self.webhooks,
            self.media,
        ):
            more.clear()
        self.changelog.clear()
        self.notifications.clear()
        self.log.clear()
        self.clock.reset()
        self._populate()

    # Lookups

    def account(self, platform: str, name: str) -> Account | None:
        """An account by id, handle, name, brand or organization, because people and tests say any of these."""
        if found := self.accounts.get((platform, name)):
            return found
        wanted = name.strip().lower().lstrip("@")
        mine = [one for one in self.accounts.values() if one.platform == platform]
        if not wanted and mine:
            return mine[0]
        for one in mine:
            names = {one.handle, one.name, one.brand, one.id.rsplit(":", 1)[-1]}
            if one.organization:
                names |= {one.organization, one.organization.rsplit(":", 1)[-1]}
            if wanted in {each.lower() for each in names}:
                return one
        return None

    def app(self, platform: str) -> App:
        return self.apps[platform]

    def person(self, platform: str, native: str) -> Person | None:
        return self.natives.get((platform, native))

    def scope(self, account: Account) -> str:
        """Whose id of a person it is: on Instagram each account has its own for them, elsewhere all have the same."""
        return account.id if account.platform == "instagram" else "*"

    def native(self, person: Person, account: Account) -> str:
        """The id under which this account knows the person; made at the first contact."""
        scope = self.scope(account)
        if scope not in person.native:
            person.native[scope] = self._new_native(person.platform)
            self.natives[person.platform, person.native[scope]] = person
            self.save_person(person)
        return person.native[scope]

    def _new_native(self, platform: str) -> str:
        if platform == "instagram":
            return self.ids.igsid()
        return self.ids.x_user() if platform == "x" else self.ids.linkedin_person()

    def message(self, account: Account, message_id: str) -> Message | None:
        return self.messages.get((account.platform, account.id, message_id))

    def thread(self, account: Account, thread_id: str) -> Thread | None:
        return self.threads.get((account.platform, account.id, thread_id))

    def mention(self, account: Account, name: str, *, caption: bool) -> Message | None:
        """Where somebody named the account: by the comment's own id, or by that of the post whose caption does."""
        for one in self.messages.values():
            if one.account != account.id or one.kind != "mention" or one.deleted:
                continue
            place = one.extra.get("post") if caption else one.id
            if place == name and bool(one.extra.get("caption")) is caption:
                return one
        return None

    def thread_messages(self, thread: Thread) -> list[Message]:
        """Oldest first, in platform order."""
        rows = self.orders.get((thread.platform, thread.account, thread.id), [])
        return [self.messages[thread.platform, thread.account, message_id] for _, message_id in rows]

    def lagging(self) -> int:
        """Rows of the changelog that a poll does not show yet."""
        rows = self.changelog
        return len(rows) - bisect_right(rows, self.clock.now_ms(), key=lambda row: int(row["processedAt"]))

    def account_threads(self, account: Account, *, kind: str = "") -> list[Thread]:
        return [
            one
            for one in self.threads.values()
            if one.platform == account.platform
            and one.account == account.id
            and (not kind or one.kind == kind)
        ]

    # Changes

    def add_person(self, person: Person) -> Person:
        self._know(person)
        self.save_person(person)
        return person

    def _know(self, person: Person) -> None:
        self.people[person.platform, person.key] = person
        self.named.setdefault((person.platform, "name", person.name), person)
        self.named.setdefault((person.platform, "handle", person.handle), person)
        for native in person.native.values():
            self.natives[person.platform, native] = person

    def add_message(self, message: Message) -> None:
        self._place(message)
        self.save_message(message)
        self.store.put("state", "serial", self.ids.serial)

    def _place(self, message: Message) -> None:
        self.messages[message.platform, message.account, message.id] = message
        rows = self.orders.setdefault((message.platform, message.account, message.thread), [])
        insort(rows, (message.order, message.id))

    def add_thread(self, thread: Thread) -> Thread:
        self._hang(thread)
        self.save_thread(thread)
        return thread

    def _hang(self, thread: Thread) -> None:
        self.threads[thread.platform, thread.account, thread.id] = thread
        if thread.kind == "direct" and thread.people:
            self.directs[thread.platform, thread.account, thread.people[0]] = thread

    def save_app(self, app: App) -> None:
        self.store.put("app", app.platform, app)

    def save_account(self, account: Account) -> None:
        self.store.put("account", f"{account.platform}|{account.id}", account)

    def save_person(self, person: Person) -> None:
        self.store.put("person", f"{person.platform}|{person.key}", person)

    def save_thread(self, thread: Thread) -> None:
        self.store.put("thread", f"{thread.platform}|{thread.account}|{thread.id}", thread)

    def save_message(self, message: Message) -> None:
        self.store.put("message", f"{message.platform}|{message.account}|{message.id}", message)

    def save_token(self, token: Token) -> None:
        self.tokens[token.value] = token
        self.store.put("token", token.value, token)

    def save_webhook(self, webhook: Webhook) -> None:
        self.webhooks[webhook.id] = webhook
        self.store.put("webhook", webhook.id, webhook)

    def drop_webhook(self, webhook: Webhook) -> None:
        self.webhooks.pop(webhook.id, None)
        self.store.remove("webhook", webhook.id)

    def save_media(self, media: Media) -> None:
        self.media[media.id] = media
        self.store.put("media", media.id, media)

    def save_clock(self) -> None:
        self.store.put("state", "clock", self.clock.offset_ms)

    # News

    def show(self, message: Message) -> None:
        """A page of history tells of it. Whoever asked may be killed before they have kept it, so that is no proof that it is known."""
        if message.show(self.clock.now_ms()):
            self.save_message(message)

    def tell(self, happening: Happening) -> None:
        for listener in self.listeners:
            listener(happening)
        for queue in list(self.watchers):
            if queue.qsize() < 1000:
                queue.put_nowait(happening)

    def write_log(self, entry: dict[str, Any]) -> None:
        self.log_n += 1
        self.log.append({"n": self.log_n, "at_ms": self.clock.now_ms(), **entry})
