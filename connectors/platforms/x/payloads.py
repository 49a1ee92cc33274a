"""X's deliveries in our words: X Activity API (one event), Account Activity API (arrays), and the webhook's own news."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    DeliveriesLost,
    Ignored,
    InboundEvent,
    InboundMessage,
    Item,
    Malformed,
    MessageKind,
    Origin,
    Party,
    ReachChanged,
    RedeliveryEnded,
    Unsent,
)
from connectors.platforms.x import messages, people, posts, threads

# The arrays of an Account Activity delivery, under the names of the Activity API's events.
_ARRAYS: Final = {
    "direct_message_events": "dm",
    "direct_message_indicate_typing_events": "dm.indicate_typing",
    "direct_message_mark_read_events": "dm.read",
    "tweet_create_events": "tweet",
    "tweet_delete_events": "post.delete",
    "follow_events": "follow",
    "block_events": "block",
    "mute_events": "mute",
    "favorite_events": "like",
}
# What a page of history could not read is kept under these.
HISTORY_DM: Final = "history.dm"
HISTORY_MENTION: Final = "history.mention"
_UNKNOWN: Final = "unknown"
_OF_NO_CONCERN: Final = ("follow", "mute", "like")
_FIRST_SNOWFLAKE_MS: Final = 1288834974657
_AROUND: Final = ("for_user_id", "users", "apps", "user_has_blocked")
# Beside the arrays, and none itself: what is read by its name, and what X could not show of that.
_NO_ARRAYS: Final = frozenset((*_AROUND, "data", "includes", "errors", "user_event", "replay_job_status"))


def items(body: bytes) -> Iterator[Item]:
    """Each event of a delivery. What is of no known kind is one, too, under the name that it bears there, and beside whatever is known."""
    document = wire.decode(body)
    if not isinstance(document, Mapping):
        raise Malformed("This is not a delivery of X: it is no object.")
    found = False
    account = wire.ident(document.get("for_user_id"))
    whose = (account,) if account else ()
    given = document.get("data")
    for event in given if isinstance(given, list) else [given]:
        if event and isinstance(event, Mapping):
            found = True
            kind = event.get("event_type")
            kind = kind if isinstance(kind, str) else _UNKNOWN
            includes = event.get("includes", document.get("includes"))
            yield Item({"type": kind, "event": event, "includes": includes}, _hearer(event) or whose)
    around = {name: document[name] for name in _AROUND if name in document}
    for name in (*_ARRAYS, *sorted(document.keys() - _ARRAYS.keys() - _NO_ARRAYS)):
        for event in _told(document.get(name)):
            found = True
            yield Item({"type": _ARRAYS.get(name, name), "event": event, **around}, whose)
    if told := wire.mapping(document.get("user_event")):
        found = True
        revoked = wire.mapping(told.get("revoke"))
        user_id = wire.ident(wire.mapping(revoked.get("source")).get("user_id"))
        yield Item(
            {"type": "revoke" if revoked else _UNKNOWN, "event": revoked or told},
            (user_id,) if user_id else whose,
        )
    if "replay_job_status" in document:
        found = True
        yield Item({"type": "replay_job_status", "event": document["replay_job_status"]})
    if not found:
        yield Item({"type": _UNKNOWN, "event": dict(document)}, whose)


def _told(section: object) -> Sequence[object]:
    """The objects of a section; all of it where it is made of none."""
    whole = [section] if section and isinstance(section, (Mapping, list)) else []
    return wire.entries(section) or whole


def _hearer(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom the subscription is for. A revocation may have an empty filter and names the account in its payload."""
    payload = wire.mapping(event.get("payload"))
    named = (wire.mapping(event.get("filter")).get("user_id"), payload.get("user_id"))
    return tuple(dict.fromkeys(found for each in named if (found := wire.ident(each))))


def parse(item: Item, account: Account) -> Sequence[InboundEvent]:
    kind = wire.text(item.payload.get("type"))
    event = wire.mapping(item.payload.get("event"))
    activity = wire.mapping(event.get("payload"))
    if kind == "replay_job_status":
        return _replayed(event)
    if kind in ("dm.received", "dm.sent"):
        given = wire.entries(activity.get("direct_message_events"))
        return [messages.message(each, activity, account) for each in given] or _unknown(item, account)
    if kind == "dm":
        return (messages.message(event, item.payload, account),)
    if reader := _DIRECT.get(kind):
        return (_said(reader(activity or event, activity if activity else item.payload, account)),)
    if kind in ("chat.received", "chat.sent"):
        return (_encrypted(activity, account),)
    includes = wire.mapping(item.payload.get("includes"))
    if kind in posts.EVENTS:
        return (_said(posts.to_somebody(posts.of_v2(activity, includes, account, event_type=kind))),)
    if kind == posts.OWN:
        return (_said(posts.own(activity, includes, account)),)
    if kind == HISTORY_DM:
        return (messages.of_v2(event, includes, account),)
    if kind == HISTORY_MENTION:
        return (_said(posts.to_somebody(posts.of_v2(event, includes, account))),)
    if kind == "tweet":
        return (_said(posts.of_v1(event, account)),)
    if kind == "post.delete":
        return (_deleted(activity or event),)
    if kind in ("oauth.revoke", "revoke"):
        return (_revoked(activity or event),)
    if kind.partition(".")[0] == "block":
        return (_blocked(activity or event, event, account, lifted=kind == "block.unblock"),)
    if kind.partition(".")[0] in _OF_NO_CONCERN:
        raise Ignored(f"X tells of a {kind.partition('.')[0]}: nobody wrote anything.")
    return _unknown(item, account)


_DIRECT: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Account], InboundEvent | None]]] = {
    "dm.indicate_typing": messages.typing,
    "dm.read": messages.read,
}


def _encrypted(chat: Mapping[str, Any], account: Account) -> InboundMessage:
    """Ciphertext: all there is to show is that somebody wrote."""
    sender = wire.need(wire.ident(chat.get("sender_id")), "sender")
    thread_id = threads.normal(wire.need(wire.ident(chat.get("conversation_id")), "conversation"))
    outbound = sender == account.external_id
    other = threads.other(thread_id, account.external_id)
    return InboundMessage(
        external_id=wire.need(wire.ident(chat.get("id")), "message id"),
        thread_id=thread_id,
        sent_at=wire.when(chat.get("created_at_msec"), chat.get("created_timestamp")),
        author=Party(sender),
        kind=MessageKind.ENCRYPTED,
        thread_kind=threads.kind(thread_id),
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        counterpart=Party(other) if outbound and other else None,
    )


def _deleted(given: Mapping[str, Any]) -> Unsent:
    status = wire.mapping(given.get("status")) or wire.mapping(given.get("event")) or given
    target = wire.need(wire.exact_id(status) or wire.ident(status.get("post_id")), "post id")
    at = wire.when(
        given.get("timestamp_ms"), given.get("deleted_at"), given.get("created_at"), _snowflake_ms(target)
    )
    return Unsent(target=target, at=at)


def _snowflake_ms(snowflake: str) -> int:
    """When an id was given out: the earliest that anything can have happened to it."""
    number = int(snowflake) if snowflake.isdecimal() and len(snowflake) <= 19 else 0
    return (number >> 22) + _FIRST_SNOWFLAKE_MS


def _revoked(given: Mapping[str, Any]) -> AccountChanged:
    reason = "Access was revoked on X. Connect the account again."
    return AccountChanged(
        AccountState.REVOKED, reason, wire.when(given.get("date_time"), given.get("timestamp_ms"))
    )


def _replayed(status: Mapping[str, Any]) -> Sequence[InboundEvent]:
    """A job that was asked for, and has delivered again what X still had, or not all of it."""
    state = wire.text(status.get("job_state")) or "?"
    said = f"X's replay job ended: {state}. {wire.text(status.get('job_state_description'))}".strip()
    job = wire.ident(status.get("job_id"))
    ended = (RedeliveryEnded(job, said),) if job else ()
    if state != "Complete":
        return (*ended, DeliveriesLost(said))
    if not ended:
        raise Ignored(said)
    return ended


def _said(found: InboundEvent | None) -> InboundEvent:
    if found is None:
        raise Ignored(
            "It says nothing that the inbox shows: our own sign, a post of ours to nobody, or a bare repost."
        )
    return found


def _blocked(
    given: Mapping[str, Any], around: Mapping[str, Any], account: Account, *, lifted: bool
) -> ReachChanged:
    """Whoever blocked whom: no message gets through. The Activity API tells of our own blocks alone, and not when."""
    source, target = (
        wire.need(people.party(given.get(side)).external_id, side) for side in ("source", "target")
    )
    ours = source == account.external_id
    reason = (
        "This account has blocked the person on X." if ours else "This person has blocked the account on X."
    )
    lifted = lifted or wire.text(given.get("type")) == "unblock"
    times = (
        given.get("created_timestamp"),
        given.get("created_at"),
        given.get("timestamp_ms"),
        around.get("created_at"),
    )
    if not any(times):
        raise Ignored("X tells of a block and not when it was made; it shows at the next message.")
    return ReachChanged(target if ours else source, wire.when(*times), "" if lifted else reason)


def _unknown(item: Item, account: Account) -> Sequence[InboundEvent]:
    """Kept where somebody can be told: two sides, or a conversation."""
    event = wire.mapping(item.payload.get("event"))
    said = wire.mapping(event.get("payload")) or event
    sender = wire.ident(said.get("sender_id"))
    conversation = wire.ident(said.get("dm_conversation_id")) or wire.ident(said.get("conversation_id"))
    recipient = wire.ident(wire.mapping(said.get("target")).get("recipient_id"))
    at = wire.moment(said.get("created_timestamp")) or wire.moment(said.get("created_at_msec"))
    if not sender or at is None or not (conversation or recipient):
        return ()
    thread_id = threads.normal(conversation) if conversation else threads.between(sender, recipient)
    outbound = sender == account.external_id
    other = threads.other(thread_id, account.external_id)
    return (
        InboundMessage(
            external_id=wire.derived_id("unknown", [item.payload.get("type"), said]),
            thread_id=thread_id,
            sent_at=at,
            author=Party(sender),
            kind=MessageKind.UNSUPPORTED,
            thread_kind=threads.kind(thread_id),
            outbound=outbound,
            origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
            counterpart=Party(other) if outbound and other else None,
        ),
    )
