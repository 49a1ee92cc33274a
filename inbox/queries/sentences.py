"""What happened between the messages, in words: who did what, and of what a rule, the model or the clock did, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from inbox import platforms
from inbox.models import ClockKind, Event, EventKind, Priority, SetBy
from inbox.queries import spans
from inbox.rules import language_names

Data = Mapping[str, Any]
PARLEY = "Parley"
_AT_ONCE = timedelta(minutes=1)  # what came back so soon after its snooze was over came back with its end
NOT_SENT = "not sent"  # why a conversation came back by itself: an answer in it did not leave


def of(event: Event, names: Mapping[str, str] | None = None) -> str:
    """Empty for a kind of which nothing is told. `names`: of those it is about, who are not named in it."""
    if event.data.get("undid"):
        return f"{event.actor.short_name if event.actor else PARLEY} took back: {event.data['undid']}"
    say = _SENTENCES.get(EventKind(event.kind)) if event.kind in EventKind.values else None
    data = {**event.data, **(names or {})}
    return say(event.actor.short_name if event.actor else "", data, event) if say else ""


def until(event: Event) -> datetime | None:
    """The time that the sentence ends with; the page says it in the viewer's own zone."""
    told = None if event.data.get("undid") else event.data.get("until")
    return datetime.fromisoformat(told) if told else _over_before(event)


def tag_to_undo(event: Event) -> int | None:
    """The tag that was put on by no person, which one press takes off."""
    by = event.data.get("by") or SetBy.PERSON
    return event.data.get("tag_id") if event.kind == EventKind.TAGGED and by != SetBy.PERSON else None


def merge_to_part(event: Event) -> str | None:
    """The merge that this line tells of, which one press takes back."""
    merge: str | None = event.data.get("merge")
    return merge if event.kind == EventKind.CONVERSATIONS_MERGED else None


def other(event: Event) -> str | None:
    """The conversation that this line is about, beside its own."""
    found: str | None = event.data.get("other") or event.data.get("into")
    return found


def _assigned(actor: str, data: Data, event: Event) -> str:
    to = str(data.get("to_name") or data.get("name") or "")
    if data.get("by") == "routing":
        said = "Back with" if data.get("before") == data.get("to") else "Assigned to"
        return f"{said} {to} by routing · {data.get('why', '')}"
    if actor and (data.get("to") == event.actor_id or to == actor):
        return f"{actor} took it"
    if data.get("why") == "late":
        return f"Given to {to}, because it is late"
    if data.get("why") == NOT_SENT:
        return f"Back with {to}, whose answer was not sent"
    return f"{actor or PARLEY} assigned it to {to}" if to else f"{actor or PARLEY} assigned it"


def _unassigned(actor: str, data: Data, event: Event) -> str:
    if data.get("why") == "late":
        return "Taken from its assignee, because it is late"
    if data.get("why") == "offline":
        return f"Taken from {data.get('before_name') or 'its assignee'}, who is offline"
    if data.get("why") == "left":
        return f"Taken from {data.get('before_name') or 'its assignee'}, who does not work here any more"
    if data.get("why") == "language":
        who, language = (
            data.get("before_name") or "its assignee",
            language_names.named(str(data.get("language"))),
        )
        return f"Taken from {who}, who does not speak {language}"
    if data.get("team_name"):
        return f"{actor or PARLEY} gave it to the team {data['team_name']}"
    return f"{actor or PARLEY} took the assignee off"


def _reopened(actor: str, data: Data, event: Event) -> str:
    if actor:
        return f"{actor} reopened it"
    if data.get("by") == NOT_SENT:
        return "Reopened, because an answer was not sent"
    return "A reply reopened it" if data.get("by") == "reply" else "The customer wrote again: reopened"


def _tagged(actor: str, data: Data, event: Event) -> str:
    if "sentiment" in data:
        said = "said yes to the mood" if data.get("accepted") else "said the mood is"
        return f"{actor or PARLEY} {said} {data['sentiment']}"
    tag = data.get("tag", "")
    if data.get("by") == SetBy.RULE:
        heard = f" (“{data['because']}”)" if data.get("because") else ""
        return f"Tagged {tag} by the rule {data.get('rule', '')}{heard}"
    if data.get("by") == SetBy.MODEL:
        return f"Tagged {tag} by the model, {float(data.get('confidence') or 0):.2f}"
    return f"{actor} said yes to the tag {tag}" if data.get("accepted") else f"{actor} tagged it {tag}"


def _untagged(actor: str, data: Data, event: Event) -> str:
    if "sentiment" in data:
        off = f"said no to the mood {data.get('before', '')}" if data.get("refused") else "took the mood off"
        return f"{actor or PARLEY} {off}"
    tag = data.get("tag", "")
    return f"{actor} said no to the tag {tag}" if data.get("refused") else f"{actor} took the tag {tag} off"


def _prioritised(actor: str, data: Data, event: Event) -> str:
    if not data.get("pinned"):
        return f"{actor} left the priority to the score"
    return f"{actor} set the priority to {Priority(data['to']).label.lower()}"


def _snoozed(actor: str, data: Data, event: Event) -> str:
    return (
        f"{actor} snoozed it until" if data.get("until") else f"{actor} snoozed it until the customer writes"
    )


def _woken(actor: str, data: Data, event: Event) -> str:
    if data.get("by") == NOT_SENT:
        return "Back, because an answer was not sent"
    if data.get("again"):
        return "It stays back, also for what was merged now"
    if actor:
        return f"{actor} brought it back"
    return "Back from its snooze, which was over by" if _over_before(event) else "Back from its snooze"


def _over_before(event: Event) -> datetime | None:
    """When the snooze was over that this event ends so much later."""
    told = event.data.get("over_at")
    over_at = datetime.fromisoformat(told) if told else None
    return over_at if over_at is not None and event.at - over_at >= _AT_ONCE else None


def _promised(actor: str, data: Data, event: Event) -> str:
    return f"{actor} promised an answer by" if data.get("until") else f"{actor} took the promise back"


def _platform(data: Data) -> str:
    try:
        return platforms.get(str(data.get("platform"))).label
    except platforms.UnknownPlatform:
        return str(data.get("platform"))


def _both(data: Data) -> str:
    return f"{data['absorbed']} and {data['kept']}" if "kept" in data else "two contacts"


def _clock(data: Data) -> tuple[str, str, str]:
    kinds = dict(ClockKind.choices)
    target = spans.of(timedelta(seconds=float(data.get("target") or 0)))
    return kinds.get(str(data.get("clock")), "Answer"), target, str(data.get("policy") or "")


def _warned(actor: str, data: Data, event: Event) -> str:
    kind, target, policy = _clock(data)
    return f"{kind}: {data.get('percent')} % of {target} is used up ({policy})"


def _breached(actor: str, data: Data, event: Event) -> str:
    kind, target, policy = _clock(data)
    return f"Late: {kind.lower()} was promised within {target} ({policy})"


_SENTENCES: dict[EventKind, Callable[[str, Data, Event], str]] = {
    EventKind.ASSIGNED: _assigned,
    EventKind.UNASSIGNED: _unassigned,
    EventKind.RESOLVED: lambda actor, data, event: (
        f"{actor or PARLEY} merged it into the conversation on {_platform(data)}"
        if data.get("into")
        else f"{actor or PARLEY} resolved it"
    ),
    EventKind.CONVERSATIONS_MERGED: lambda actor, data, event: (
        f"{actor} merged the conversation on {_platform(data)} into this one; what waits there is answered here"
    ),
    EventKind.CONVERSATIONS_PARTED: lambda actor, data, event: (
        f"{actor} took the merge with the conversation on {_platform(data)} back"
    ),
    EventKind.MARKED_SPAM: lambda actor, data, event: f"{actor or PARLEY} marked it as spam",
    EventKind.REOPENED: _reopened,
    EventKind.TAGGED: _tagged,
    EventKind.UNTAGGED: _untagged,
    EventKind.PRIORITISED: _prioritised,
    EventKind.SNOOZED: _snoozed,
    EventKind.WOKEN: _woken,
    EventKind.PENDING: lambda actor, data, event: (
        f"{actor or PARLEY} set it to pending: a bot or the customer has it"
    ),
    EventKind.PROMISED: _promised,
    EventKind.NO_REPLY_NEEDED: lambda actor, data, event: f"{actor} said that no answer is needed",
    EventKind.CONTACTS_MERGED: lambda actor, data, event: f"{actor} said that {_both(data)} are one person",
    EventKind.CONTACTS_PARTED: lambda actor, data, event: (
        f"{actor} said that {_both(data)} are two people again"
    ),
    EventKind.REPLY_TAKEN_BACK: lambda actor, data, event: f"{actor} took a reply back before it left",
    EventKind.NOTE_TAKEN_BACK: lambda actor, data, event: f"{actor} took a note back",
    EventKind.SLA_WARNED: _warned,
    EventKind.SLA_BREACHED: _breached,
}
TOLD = tuple(_SENTENCES)
