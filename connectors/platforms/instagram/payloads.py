"""Instagram's deliveries in our words. Pure: bytes in, events out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    Edited,
    Ignored,
    InboundEvent,
    InboundMessage,
    Item,
    MessageKind,
    Origin,
    Party,
    Reacted,
    ReadUpTo,
    Unsent,
)
from connectors.platforms.instagram import comments, content

_CONTROL: Final = {
    "pass_thread_control": "This conversation was handed over to Parley.",
    "take_thread_control": "Another app took over this conversation.",
    "request_thread_control": "Another app asks to take over this conversation.",
    "app_roles": "The apps' roles in this conversation changed.",
}
_GIVEN: Final = "pass_thread_control"
_GIVEN_TO_ANOTHER: Final = "Another app was given this conversation."
_EDITS: Final = ("message_edit", "message_edits")
HISTORY: Final = "history"  # the section of what a page of history could not read; no delivery has it


def parse(item: Item, account: Account) -> Sequence[InboundEvent]:
    payload = item.payload
    section = payload.get("section")
    if section in ("messaging", "standby"):
        element = wire.mapping(payload.get("element"))
        return _parse_element(element, payload, account, standby=section == "standby")
    if section != "field":
        return ()
    field, value = wire.text(payload.get("field")), wire.mapping(payload.get("value"))
    if "sender" in value:  # a direct message that came as a change
        if field in _EDITS and not any(name in value for name in _EDITS):
            value = {**value, "message_edit": value}
        return _parse_element(value, payload, account, standby=False)
    _refuse_tests(payload, value)
    if field in ("comments", "live_comments"):
        return (comments.comment(value, entry_time=payload.get("time"), account=account),)
    if field == "mentions":
        return (comments.mention(value, entry_time=payload.get("time")),)
    if field in _EDITS:
        return (_bare_edit(wire.mapping(value.get(field)) or value, value, payload),)
    return ()


def _refuse_tests(payload: Mapping[str, Any], element: Mapping[str, Any]) -> None:
    """The dashboard's “Test” button sends invented ids."""
    sides = [wire.ident(wire.mapping(element.get(side)).get("id")) for side in ("sender", "recipient")]
    mid = wire.ident(wire.mapping(element.get("message")).get("mid"))
    if payload.get("entry") == "0" or sides == ["12334", "23245"] or mid == "random_mid":
        raise Ignored("This is a test from Meta's dashboard.")


@dataclass(frozen=True, slots=True)
class _Side:
    """Who speaks to whom, seen from the account."""

    element: Mapping[str, Any]
    customer: Party
    sender: Party
    outbound: bool
    at: datetime
    standby: bool

    @property
    def thread_id(self) -> str:
        return self.customer.external_id


def _parse_element(
    element: Mapping[str, Any], payload: Mapping[str, Any], account: Account, *, standby: bool
) -> Sequence[InboundEvent]:
    _refuse_tests(payload, element)
    if policy := wire.mapping(element.get("policy_enforcement")):
        return (_policy(policy, wire.when(element.get("timestamp"), payload.get("time"))),)
    edit = next((found for name in _EDITS if (found := wire.mapping(element.get(name)))), None)
    if edit and not all(_party(element.get(side)).external_id for side in ("sender", "recipient")):
        return (_bare_edit(edit, element, payload),)
    side = _side(element, payload, account, standby=standby)
    events = [
        event
        for name, read in _READERS.items()
        if name in element
        and isinstance(element[name], Mapping)
        and (event := read(side, element[name])) is not None
    ]
    for name, words in _CONTROL.items():
        if name in element:
            # Who gets a conversation is told that it was passed; an app that overhears it is told that another one got it.
            events.append(_system(side, name, _GIVEN_TO_ANOTHER if name == _GIVEN and standby else words))
    if not events and any(name in element for name in _READERS):
        raise Ignored("It says nothing that the inbox shows.")
    return events or (_unsupported(side),)


def _side(
    element: Mapping[str, Any], payload: Mapping[str, Any], account: Account, *, standby: bool
) -> _Side:
    sender, recipient = _party(element.get("sender")), _party(element.get("recipient"))
    own = {account.external_id, wire.ident(payload.get("entry"))}
    message = wire.mapping(element.get("message"))
    outbound = message.get("is_echo") is True or message.get("is_self") is True or sender.external_id in own
    customer = recipient if outbound else sender
    wire.need(customer.external_id, "customer")
    at = wire.when(element.get("timestamp"), payload.get("time"))
    return _Side(element, customer, sender if sender.external_id else customer, outbound, at, standby)


def _party(given: object) -> Party:
    holder = wire.mapping(given)
    return Party(wire.ident(holder.get("id")), username=wire.text(holder.get("username")))


def _say(side: _Side, external_id: str, kind: MessageKind, **more: Any) -> InboundMessage:
    """A message with all that does not depend on its kind."""
    card = dict(more.pop("card", {}))
    if side.standby:
        card["standby"] = True  # another app holds the thread; we only overhear
    return InboundMessage(
        external_id=external_id,
        thread_id=side.thread_id,
        sent_at=side.at,
        author=side.sender,
        kind=kind,
        outbound=side.outbound,
        origin=more.pop("origin", _origin(side)),
        counterpart=side.customer if side.outbound else None,
        card=card,
        **more,
    )


def _origin(side: _Side) -> Origin:
    """What is overheard is, as a rule, a flow of the app that holds the thread; what a colleague types in Instagram's own app meanwhile
    is told just so. An echo of our own turn names no app."""
    if side.outbound:
        return Origin.AUTOMATION if side.standby else Origin.OTHER_CLIENT
    return Origin.CUSTOMER


def _message(side: _Side, message: Mapping[str, Any]) -> InboundEvent:
    mid = wire.need(wire.ident(message.get("mid")), "message id")
    if message.get("is_deleted") is True:
        return Unsent(target=mid, at=side.at, thread_id=side.thread_id)
    found = content.read(message, sent_at=side.at)
    return _say(
        side,
        mid,
        found.kind,
        text=wire.text(message.get("text")),
        attachments=found.attachments,
        reply_to=wire.ident(wire.mapping(message.get("reply_to")).get("mid")),
        card=found.card,
    )


def _edit(side: _Side, edit: Mapping[str, Any]) -> InboundEvent:
    mid = wire.need(wire.ident(edit.get("mid")), "message id")
    return _edited(mid, edit, side.at, side.thread_id)


def _bare_edit(edit: Mapping[str, Any], around: Mapping[str, Any], payload: Mapping[str, Any]) -> Edited:
    """It names the message, and one side or neither, in messaging[] and in changes[] alike."""
    mid = wire.need(wire.ident(edit.get("mid")), "message id")
    return _edited(mid, edit, wire.when(around.get("timestamp"), payload.get("time")))


def _edited(mid: str, edit: Mapping[str, Any], at: datetime, thread_id: str = "") -> Edited:
    """Not every edit tells the new words."""
    words = edit.get("text")
    version = wire.count(edit.get("num_edit")) or 0
    return Edited(mid, words if isinstance(words, str) else None, at, version=version, thread_id=thread_id)


def _reaction(side: _Side, reaction: Mapping[str, Any]) -> InboundEvent:
    return Reacted(
        target=wire.need(wire.ident(reaction.get("mid")), "message id"),
        actor=side.sender,
        at=side.at,
        emoji=wire.text(reaction.get("emoji")),
        name=wire.text(reaction.get("reaction")),
        removed=reaction.get("action") == "unreact",
        thread_id=side.thread_id,
    )


def _read(side: _Side, read: Mapping[str, Any]) -> InboundEvent | None:
    if side.outbound:
        return None  # we read, in another client
    return ReadUpTo(side.thread_id, side.at, message_id=wire.ident(read.get("mid")))


def _postback(side: _Side, postback: Mapping[str, Any]) -> InboundEvent:
    mid = wire.ident(postback.get("mid")) or wire.derived_id("postback", side.element)
    card: dict[str, Any] = {"payload": wire.text(postback.get("payload"))}
    if referral := wire.mapping(postback.get("referral")):
        card["referral"] = content.referral_card(referral)
    return _say(side, mid, MessageKind.POSTBACK, text=wire.text(postback.get("title")), card=card)


def _referral(side: _Side, referral: Mapping[str, Any]) -> InboundEvent | None:
    if "message" in side.element or "postback" in side.element:
        return None  # told on the message itself
    card = {"referral": content.referral_card(referral)}
    return _say(side, wire.derived_id("referral", side.element), MessageKind.REFERRAL, card=card)


def _optin(side: _Side, optin: Mapping[str, Any]) -> InboundEvent:
    return _system(side, "optin", "The customer agreed to be notified.")


def _system(side: _Side, name: str, words: str) -> InboundMessage:
    detail = wire.mapping(side.element.get(name))
    card = {
        "event": name,
        **{key: wire.ident(detail[key]) for key in sorted(detail) if wire.ident(detail[key])},
    }
    # One element may hold several pieces of news.
    external_id = wire.derived_id("system", {"event": name, "element": side.element})
    return _say(side, external_id, MessageKind.SYSTEM, text=words, card=card, origin=Origin.AUTOMATION)


def _unsupported(side: _Side) -> InboundMessage:
    return _say(side, wire.derived_id("unknown", side.element), MessageKind.UNSUPPORTED)


def _policy(policy: Mapping[str, Any], at: datetime) -> AccountChanged:
    reason = wire.text(policy.get("reason"))[:500] or "Instagram gave no reason."
    lifted = policy.get("action") == "unblock"
    return AccountChanged(AccountState.CONNECTED if lifted else AccountState.RESTRICTED, reason, at)


_READERS: Final[dict[str, Callable[[_Side, Mapping[str, Any]], InboundEvent | None]]] = {
    "message": _message,
    "message_edit": _edit,
    "message_edits": _edit,
    "reaction": _reaction,
    "read": _read,
    "postback": _postback,
    "referral": _referral,
    "optin": _optin,
}
