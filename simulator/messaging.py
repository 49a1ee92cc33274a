"""What people and brands do with messages. Every change is written to the ledger, then told."""

from typing import Any

from simulator.drafts import Draft, Impossible
from simulator.faults import Faults
from simulator.hostile import hostile_text
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.base import Platform, order_key
from simulator.world import Happening, World


class Messaging:
    def __init__(self, *, world: World, faults: Faults, platforms: dict[str, Platform]) -> None:
        self.world = world
        self.faults = faults
        self.platforms = platforms

    # People

    def find_person(
        self, *, platform: str, name: str = "", handle: str = "", native: str = ""
    ) -> Person | None:
        if native:
            return self.world.person(platform, native) or self.world.people.get((platform, native))
        if handle:
            return self.world.named.get((platform, "handle", handle.lstrip("@")))
        return self.world.named.get((platform, "name", name))

    def make_person(
        self, *, account: Account, name: str, handle: str = "", native: str = "", language: str = "en"
    ) -> Person:
        key = f"p{self.world.ids.opaque(10)}"
        person = Person(
            platform=account.platform,
            key=key,
            name=name or handle,
            handle=handle.lstrip("@") or handle_of(name, key),
            language=language,
        )
        if native:
            person.native[self.world.scope(account)] = native
        person.followers = 12 + sum(map(ord, person.name)) % 3000
        return self.world.add_person(person)

    def direct_thread(self, *, account: Account, person: Person) -> Thread:
        return self.platforms[account.platform].direct_thread(account=account, person=person)

    # Customers

    def customer_writes(
        self, *, account: Account, person: Person, draft: Draft, thread: Thread | None = None
    ) -> Message:
        thread = thread or self.direct_thread(account=account, person=person)
        if hit := self.faults.draw("text.hostile", platform=account.platform, account=account.id):
            draft.text = hostile_text(hit.random)
            draft.extra["fault"] = "text.hostile"
        message = self._add(
            account=account,
            thread=thread,
            direction="in",
            sender=self.world.native(person, account),
            recipient=account.id if thread.kind == "direct" else thread.id,
            draft=draft,
        )
        thread.last_in_ms = max(thread.last_in_ms, message.at_ms)
        thread.customer_typing_until = 0
        self.world.save_thread(thread)
        self._tell(
            "message",
            account=account,
            thread=thread,
            message=message,
            actor=message.sender,
            client=draft.client,
        )
        if draft.client in {"stage", "traffic", "control"} and thread.kind == "direct":
            self._colleague_answers(account=account, thread=thread)
        return message

    def _colleague_answers(self, *, account: Account, thread: Thread) -> None:
        if hit := self.faults.draw("echo.foreign", platform=account.platform, account=account.id):
            text = str(hit.rule.params.get("text") or "I have seen this, one moment please.")
            draft = Draft(text=text, client="native_app", extra={"fault": "echo.foreign"})
            self.brand_writes(account=account, thread=thread, draft=draft)

    def brand_writes(self, *, account: Account, thread: Thread, draft: Draft, tell: bool = True) -> Message:
        """A message from the brand: by API, or by hand in the platform's own app."""
        others = [native for native in thread.people if native != account.id]
        message = self._add(
            account=account,
            thread=thread,
            direction="out",
            sender=account.id,
            recipient=others[0] if thread.kind == "direct" and others else thread.id,
            draft=draft,
        )
        thread.brand_typing_until = 0
        newest_in = [one.id for one in self.world.thread_messages(thread) if one.direction == "in"]
        thread.seen_by_brand = newest_in[-1] if newest_in else thread.seen_by_brand
        self.world.save_thread(thread)
        if tell:
            self.tell_message(account=account, thread=thread, message=message)
        return message

    def tell_message(self, *, account: Account, thread: Thread, message: Message) -> None:
        self._tell(
            "message",
            account=account,
            thread=thread,
            message=message,
            actor=message.sender,
            client=message.client,
        )

    def _add(
        self, *, account: Account, thread: Thread, direction: str, sender: str, recipient: str, draft: Draft
    ) -> Message:
        at_ms = self._moment(thread, draft.at_ms)
        ids = self.world.ids
        ids.near_limit = (
            self.faults.rule("ids.19digit", platform=account.platform, account=account.id) is not None
        )
        message_id = draft.id or self.platforms[account.platform].message_id(thread=thread, at_ms=at_ms)
        ids.near_limit = False
        kind = draft.kind
        if kind == "text" and draft.attachments:
            kind = str(draft.attachments[0]["kind"])
        message = Message(
            platform=account.platform,
            account=account.id,
            thread=thread.id,
            id=message_id,
            n=ids.serial,
            direction=direction,
            sender=sender,
            recipient=recipient,
            at_ms=at_ms,
            order=order_key(platform=account.platform, at_ms=at_ms, message_id=message_id),
            kind=kind,
            text=draft.text,
            attachments=draft.attachments,
            reply_to=draft.reply_to,
            client=draft.client,
            send_key=draft.send_key,
            extra=draft.extra,
            history=[{"at_ms": at_ms, "what": "created", "client": draft.client, "text": draft.text}],
        )
        self.world.add_message(message)
        return message

    def _moment(self, thread: Thread, wished: int | None) -> int:
        if wished is not None:
            return wished
        now = self.world.clock.now_ms()
        rows = self.world.orders.get((thread.platform, thread.account, thread.id))
        # LinkedIn ids say nothing about order, so there two messages of a thread never share a millisecond by chance.
        if rows and thread.platform == "linkedin":
            return max(now, int(rows[-1][0].split(".", 1)[0]) + 1)
        return now

    # Changes to a message

    def edit(self, *, account: Account, message: Message, text: str, actor: str, client: str) -> None:
        if message.deleted:
            raise Impossible("The message was unsent.")
        message.text = text
        message.edits += 1
        self._amend("edit", account=account, message=message, actor=actor, client=client, what={"text": text})

    def unsend(self, *, account: Account, message: Message, actor: str, client: str) -> None:
        if message.deleted:
            return
        message.deleted = True
        message.text = ""
        message.attachments = []
        self._amend("unsend", account=account, message=message, actor=actor, client=client, what={})

    def react(self, *, account: Account, message: Message, actor: str, emoji: str, client: str) -> None:
        message.reactions = [one for one in message.reactions if one["actor"] != actor]
        message.reactions.append({"actor": actor, "emoji": emoji})
        thread = self.world.thread(account, message.thread)
        if thread is not None and actor != account.id:
            thread.last_in_ms = max(thread.last_in_ms, self.world.clock.now_ms())
            self.world.save_thread(thread)
        self._amend(
            "react", account=account, message=message, actor=actor, client=client, what={"emoji": emoji}
        )

    def unreact(self, *, account: Account, message: Message, actor: str, client: str) -> None:
        gone = [one for one in message.reactions if one["actor"] == actor]
        message.reactions = [one for one in message.reactions if one["actor"] != actor]
        what = {"emoji": gone[0]["emoji"]} if gone else {}
        self._amend("unreact", account=account, message=message, actor=actor, client=client, what=what)

    def _amend(
        self, kind: str, *, account: Account, message: Message, actor: str, client: str, what: dict[str, Any]
    ) -> None:
        now = self.world.clock.now_ms()
        entry = {"at_ms": now, "what": kind, "actor": actor, "client": client, **what}
        message.history.append({**entry, "told": False})  # until a delivery tells it
        self.world.save_message(message)
        thread = self.world.thread(account, message.thread)
        self._tell(
            kind, account=account, thread=thread, message=message, actor=actor, client=client, data=what
        )

    # Signs of life

    def customer_reads(
        self, *, account: Account, thread: Thread, person: Person, up_to: Message | None = None
    ) -> None:
        outgoing = [one for one in self.world.thread_messages(thread) if one.direction == "out"]
        target = up_to or (outgoing[-1] if outgoing else None)
        if target is None:
            raise Impossible("There is nothing from the brand to read.")
        thread.seen_by_customer = target.id
        self.world.save_thread(thread)
        actor = self.world.native(person, account)
        self._tell("read", account=account, thread=thread, message=target, actor=actor)

    def customer_types(self, *, account: Account, thread: Thread, person: Person) -> None:
        thread.customer_typing_until = self.world.clock.now_ms() + 8000
        self._tell("typing", account=account, thread=thread, actor=self.world.native(person, account))

    def customer_blocks(self, *, account: Account, person: Person) -> None:
        if account.id not in person.blocked:
            person.blocked.append(account.id)
            self.world.save_person(person)
        self._tell("block", account=account, actor=self.world.native(person, account))

    def revoke(self, *, account: Account) -> None:
        """The brand's owner removes our app in the platform's settings."""
        for token in self.world.tokens.values():
            if token.platform == account.platform and token.account == account.id:
                token.revoked = "removed"
                self.world.save_token(token)
        self._tell("revoke", account=account)

    def customer_refers(self, *, account: Account, thread: Thread, person: Person, ref: str) -> None:
        self._tell(
            "referral",
            account=account,
            thread=thread,
            actor=self.world.native(person, account),
            data={"ref": ref},
        )

    def brand_signals(self, *, account: Account, thread: Thread, signal: str) -> None:
        """Typing and seen as the brand shows them; only the stage looks at these."""
        if signal == "mark_seen":
            newest = [one.id for one in self.world.thread_messages(thread) if one.direction == "in"]
            thread.seen_by_brand = newest[-1] if newest else ""
        else:
            thread.brand_typing_until = self.world.clock.now_ms() + 20_000 if signal == "typing_on" else 0
        self.world.save_thread(thread)
        self._tell("brand_signal", account=account, thread=thread, data={"signal": signal})

    def _tell(
        self,
        kind: str,
        *,
        account: Account,
        thread: Thread | None = None,
        message: Message | None = None,
        actor: str = "",
        client: str = "control",
        data: dict[str, Any] | None = None,
    ) -> None:
        self.world.tell(
            Happening(
                kind=kind,
                account=account,
                at_ms=message.at_ms if kind == "message" and message else self.world.clock.now_ms(),
                thread=thread,
                message=message,
                actor=actor,
                client=client,
                data=data or {},
            )
        )


def handle_of(name: str, key: str) -> str:
    plain = "".join(
        c for c in name.lower().replace(" ", ".") if c.isascii() and (c.isalnum() or c == ".")
    ).strip(".")
    return f"{plain or 'user'}{key[1:4].lower()}"[:15]
