"""Who did the same anew after something that is to be taken back. What happened decides, not the columns: a row that was changed and changed back
looks as it was left, and yet it is as somebody else wants it, and its clocks run by what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from inbox import events
from inbox.models import Event, EventKind, Person, UndoKind
from inbox.queries.sentences import NOT_SENT

Step = Mapping[str, Any]

# Of each kind of action: what else may have changed the same.
_KINDS: Mapping[str, Sequence[EventKind]] = {
    UndoKind.STATE: (
        EventKind.RESOLVED, EventKind.REOPENED, EventKind.SNOOZED, EventKind.WOKEN, EventKind.MARKED_SPAM,
        EventKind.PENDING,
    ),
    UndoKind.ASSIGNEE: (EventKind.ASSIGNED, EventKind.UNASSIGNED),
    UndoKind.PRIORITY: (EventKind.PRIORITISED,),
    UndoKind.UNREAD: (EventKind.CONVERSATION_READ, EventKind.MESSAGE_RECEIVED, EventKind.REPLY_QUEUED, EventKind.RESOLVED),
    UndoKind.PROMISE: (EventKind.PROMISED, EventKind.RESOLVED),
    UndoKind.ANSWER: (EventKind.NO_REPLY_NEEDED,),
    UndoKind.MOOD: (EventKind.TAGGED, EventKind.UNTAGGED),
    UndoKind.TAG: (EventKind.TAGGED, EventKind.UNTAGGED),
}  # fmt: skip


class _Deed(NamedTuple):
    conversation_id: int
    seq: int
    kind: str
    actor_id: int | None
    data: dict[str, Any]

    @property
    def undoes(self) -> int | None:
        return self.data.get("undoes")


@dataclass(slots=True)
class Since:
    """`anew`: conversations of which somebody has decided the same since, and that still stands."""

    anew: set[int] = field(default_factory=set)
    newest: dict[int, _Deed] = field(default_factory=dict)

    def who(self, conversation_ids: Sequence[int], by: Person) -> list[str]:
        """Of each who changed it: “Bea has changed it since”."""
        last = {pk: self.newest.get(pk) for pk in conversation_ids}
        people = Person.objects.in_bulk({deed.actor_id for deed in last.values() if deed and deed.actor_id})
        return [f"{_who(deed, people, by)} since" for deed in last.values()]


def read(ledger: events.Ledger, kind: str, steps: Sequence[Step]) -> Since:
    """One query, however many. What was taken back is as if it had never been, and so is the taking back."""
    after = {step["id"]: step["seq"] for step in steps}
    own = {step["seq"] for step in steps if not step.get("quiet")}
    found = Since()
    if not after:
        return found
    told = Event.objects.filter(
        conversation__in=list(after), kind__in=_KINDS[kind], seq__gte=min(after.values())
    )
    columns = ("conversation_id", "seq", "kind", "actor_id", "data")
    deeds = [_Deed(*row) for row in told.order_by("seq").values_list(*columns)]
    # A macro is taken back step by step, and what took back the later ones stands in no table yet.
    deeds += [
        _Deed(event.conversation_id, event.seq, event.kind, event.actor_id, event.data)
        for event in ledger.told
        if event.conversation_id is not None and event.kind in _KINDS[kind]
    ]
    undone = {deed.undoes for deed in deeds}
    tag_id = steps[0]["left"]["tag"] if kind == UndoKind.TAG else None
    stands: set[int] = set()
    given = set[int]()  # to a team, by what is to be taken back
    for deed in deeds:
        pk = deed.conversation_id
        if deed.seq in own and "team" in deed.data:
            given.add(pk)
        if deed.seq <= after.get(pk, deed.seq) or not _is_about(kind, deed, tag_id):
            continue
        is_void = deed.seq in undone or deed.undoes is not None
        if not is_void or pk not in stands:
            found.newest[pk] = deed
        if not is_void:
            stands.add(pk)
        if deed.undoes in own or (not is_void and _decides(kind, deed, was_given=pk in given)):
            found.anew.add(pk)
    return found


def _is_about(kind: str, deed: _Deed, tag_id: int | None) -> bool:
    """Moods and tags are told by the same kinds of events."""
    if kind == UndoKind.MOOD:
        return "sentiment" in deed.data
    return kind != UndoKind.TAG or deed.data.get("tag_id") == tag_id


def _decides(kind: str, deed: _Deed, *, was_given: bool) -> bool:
    """Others may have changed it, too, but cannot have left it as it was."""
    if (
        kind == UndoKind.ASSIGNEE
    ):  # a team that was given what nobody has is another field, unless it was given to one before
        return deed.data.get("to") != deed.data.get("before") or (was_given and "team" in deed.data)
    if kind == UndoKind.UNREAD:
        return deed.kind in (EventKind.CONVERSATION_READ, EventKind.MESSAGE_RECEIVED)
    return kind != UndoKind.PROMISE or deed.kind == EventKind.PROMISED


def _who(deed: _Deed | None, people: Mapping[int, Person], by: Person) -> str:
    if deed is None:
        return "It has changed"
    if deed.actor_id is None:
        if deed.data.get("by") == NOT_SENT:
            return "An answer was not sent"
        customer = deed.kind in (EventKind.REOPENED, EventKind.MESSAGE_RECEIVED)
        return "The customer has written" if customer else "Parley has changed it"
    return "You have changed it" if deed.actor_id == by.pk else f"{people[deed.actor_id]} has changed it"
