"""POST /control/messages and /control/events: a customer does something."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import customers, wire
from simulator.control import asking
from simulator.drafts import Draft, Impossible, moment
from simulator.kernel import Kernel
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.base import Event

EVENT_KINDS = (
    "edit",
    "unsend",
    "react",
    "unreact",
    "read",
    "typing",
    "native_reply",
    "auto_reply",
    "block",
    "revoke",
)
DEEPEST = 100  # levels of a payload


async def write_message(kernel: Kernel, given: dict[str, Any], *, client: str) -> dict[str, Any]:
    account = asking.account(kernel, given)
    person = customers.person_from(kernel, account=account, given=given.get("from"))
    message = customers.write(kernel, account=account, person=person, given=given, client=client)
    await kernel.world.store.flushed()
    native = kernel.world.native(person, account)
    row = {"id": native, "key": person.key, "name": person.name, "handle": person.handle}
    return {
        "id": message.id if message else None,
        "thread": message.thread if message else None,
        "person": row,
    }


async def perform(kernel: Kernel, given: dict[str, Any], *, client: str) -> dict[str, Any]:
    kind = str(given.get("kind") or "")
    if kind not in EVENT_KINDS:
        raise Impossible(f"Unknown kind {kind!r}; known: {', '.join(EVENT_KINDS)}.")
    account = asking.account(kernel, given)
    if kind == "revoke":
        kernel.messaging.revoke(account=account)
        await kernel.world.store.flushed()
        return {"ok": True}
    target = _target(kernel, account, given)
    if kind in {"edit", "unsend", "react", "unreact"}:
        changed = _change(kernel, account=account, kind=kind, target=target, given=given, client=client)
        await kernel.world.store.flushed()
        return {"ok": True, "id": changed.id}
    if kind == "read" and customers.known(kernel, account=account, given=given.get("from")) is None:
        raise Impossible("Nobody of that name or id has anything to read.")
    person = customers.person_from(kernel, account=account, given=given.get("from"))
    thread = kernel.world.thread(account, str(given.get("thread") or (target.thread if target else "")))
    thread = thread or kernel.messaging.direct_thread(account=account, person=person)
    sent = _sign(kernel, account=account, person=person, thread=thread, kind=kind, target=target, given=given)
    await kernel.world.store.flushed()
    return {"ok": True, "id": sent.id if sent else None}


def _target(kernel: Kernel, account: Account, given: dict[str, Any]) -> Message | None:
    name = str(given.get("target") or "")
    if not name:
        return None
    found = kernel.world.message(account, name)
    if found is None:
        raise Impossible(f"No message {name!r} on {account.platform} {account.handle}.")
    return found


def _change(
    kernel: Kernel, *, account: Account, kind: str, target: Message | None, given: dict[str, Any], client: str
) -> Message:
    if target is None:
        raise Impossible(f"{kind} needs a target.")
    messaging = kernel.messaging
    actor = _actor(kernel, account=account, target=target, given=given)
    if kind in {"edit", "unsend"} and actor != target.sender:
        raise Impossible("Only the author may change a message.")
    if kind == "edit":
        messaging.edit(
            account=account, message=target, text=str(given.get("text") or ""), actor=actor, client=client
        )
    elif kind == "unsend":
        messaging.unsend(account=account, message=target, actor=actor, client=client)
    elif kind == "react":
        emoji = str(given.get("emoji") or "❤️")
        messaging.react(account=account, message=target, actor=actor, emoji=emoji, client=client)
    else:
        messaging.unreact(account=account, message=target, actor=actor, client=client)
    return target


def _actor(kernel: Kernel, *, account: Account, target: Message, given: dict[str, Any]) -> str:
    """Who acts: the one named, the brand when its own message is edited or unsent, else the thread's customer."""
    if given.get("from"):
        person = customers.person_from(kernel, account=account, given=given["from"])
        return kernel.world.native(person, account)
    if given.get("kind") in {"edit", "unsend"}:
        return target.sender
    thread = kernel.world.thread(account, target.thread)
    return thread.people[0] if thread and thread.people else target.sender


def _sign(
    kernel: Kernel,
    *,
    account: Account,
    person: Person,
    thread: Thread,
    kind: str,
    target: Message | None,
    given: dict[str, Any],
) -> Message | None:
    messaging = kernel.messaging
    if kind == "read":
        messaging.customer_reads(account=account, thread=thread, person=person, up_to=target)
    elif kind == "typing":
        messaging.customer_types(account=account, thread=thread, person=person)
    elif kind == "block":
        messaging.customer_blocks(account=account, person=person)
    else:
        client = "automation" if kind == "auto_reply" else "native_app"
        draft = Draft(text=str(given.get("text") or ""), client=client, reply_to=target.id if target else "")
        if kind == "auto_reply" and given.get("app"):
            draft.extra["app"] = str(given["app"])
        draft.at_ms = moment(given)
        for row in wire.mappings(given, "attachments"):
            draft.attachments.append(customers.attachment(kernel, account=account, row=row))
        if thread.kind == "comments":
            _publish(kernel, account=account, thread=thread, target=target, draft=draft)
        return messaging.brand_writes(account=account, thread=thread, draft=draft)
    return None


def _publish(
    kernel: Kernel, *, account: Account, thread: Thread, target: Message | None, draft: Draft
) -> None:
    """In a public thread a brand writes a post below another one: the one named, else the customer's newest."""
    said = [one for one in kernel.world.thread_messages(thread) if one.direction == "in" and not one.deleted]
    parent = target or (said[-1] if said else None)
    if parent is None or parent.deleted or parent.thread != thread.id:
        raise Impossible("There is nothing in this public thread that could be answered.")
    if draft.attachments:
        raise Impossible("An answer in public carries no file here.")
    draft.kind = "comment"
    draft.reply_to = kernel.stands_below(parent)
    draft.extra["post"] = parent.extra.get("post", "")


class Acting:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    async def messages(self, request: Request) -> Response:
        return wire.answer(await write_message(self.kernel, await asking.body(request), client="control"))

    async def events(self, request: Request) -> Response:
        return wire.answer(await perform(self.kernel, await asking.body(request), client="control"))

    async def raw(self, request: Request) -> Response:
        """Signs and delivers any payload a test invents, to the address registered for the account."""
        given = await asking.body(request)
        account = asking.account(self.kernel, given)
        url = str(given.get("url") or "") or next(iter(self.kernel.addresses(account)), "")
        if not url:
            raise Impossible("Nobody registered a webhook for this account.")
        payload = given.get("payload")
        if not isinstance(payload, dict):
            raise Impossible("payload must be an object: one messaging element, XAA data, or notification.")
        if _is_too_deep(payload):
            raise Impossible(
                "payload is nested too deeply to be signed: 100 levels are enough for any platform."
            )
        self.kernel.deliverer.announce(
            Event(platform=account.platform, account=account.id, url=url, payload=payload, group="raw")
        )
        return wire.answer({"ok": True})


def _is_too_deep(payload: Any) -> bool:
    """What no writer of JSON takes would end the delivery of whatever is gathered with it."""
    level = [payload]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for each in level:
            inner += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        if not inner:
            return False
        level = inner
    return True
