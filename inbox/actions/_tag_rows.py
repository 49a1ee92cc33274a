"""What became of a tag on conversations, as it can be kept and put back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inbox.actions import _columns
from inbox.actions._columns import Plain
from inbox.models import Conversation, ConversationTag, SetBy, TagRule, TagState

_KEPT = (
    "state", "set_by", "person_id", "rule_id", "model_version", "message_id", "confidence", "because", "set_at", "undone_by_id",
)  # fmt: skip


def kept(tag_id: int, row: ConversationTag | None) -> Plain:
    """`row` is None where the tag never was on the conversation."""
    columns = {name: _columns.plain(getattr(row, name)) for name in _KEPT} if row else None
    return {"tag": tag_id, "row": columns}


def on(tag_id: int, person_id: int, now: datetime) -> Plain:
    """As a person sets it."""
    columns = dict.fromkeys(_KEPT)
    about = {"state": TagState.SET.value, "set_by": SetBy.PERSON.value, "person_id": person_id, "because": "", "set_at": now.isoformat()}  # fmt: skip
    return {"tag": tag_id, "row": {**columns, **about}}


def off(was: Plain, person_id: int) -> Plain:
    return {**was, "row": {**was["row"], "state": TagState.UNDONE.value, "undone_by_id": person_id}}


def as_they_are(conversation_ids: Sequence[int], tag_id: int) -> dict[int, Plain]:
    """Of those that have one; one query."""
    found = ConversationTag.objects.filter(conversation__in=list(conversation_ids), tag=tag_id)
    return {row.conversation_id: kept(tag_id, row) for row in found}


def put(tag_id: int, wanted: dict[int, Plain]) -> None:
    """Rows as they were kept; those that never were go."""
    ConversationTag.objects.filter(conversation__in=list(wanted), tag=tag_id).delete()
    rules = {each["row"]["rule_id"] for each in wanted.values() if each["row"]} - {None}
    if rules:  # one may have been removed meanwhile
        rules = set(TagRule.objects.filter(pk__in=rules).values_list("pk", flat=True))
    rows = []
    for conversation_id, each in wanted.items():
        if row := each["row"]:
            rule_id = row["rule_id"] if row["rule_id"] in rules else None
            columns = {**row, "rule_id": rule_id}
            rows.append(ConversationTag(conversation_id=conversation_id, tag_id=tag_id, **columns))
    ConversationTag.objects.bulk_create(rows)


def names(conversation_ids: Sequence[int], name: str, *, on: dict[int, bool]) -> dict[int, list[str]]:
    """What the rows of the list show once the tag is on or off."""
    found = Conversation.objects.filter(pk__in=list(conversation_ids)).values_list("pk", "tags")
    return {
        pk: [*(other for other in tags if other != name), *([name] if on[pk] else [])] for pk, tags in found
    }


def is_on(each: Plain) -> bool:
    row: dict[str, Any] | None = each["row"]
    return bool(row and row["state"] == TagState.SET)
