"""How pressing a conversation is when a person says so, and what the brand's weights are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F

from inbox import events
from inbox.actions import _isolating, _looking, _undo, _vips, _writing
from inbox.models import (
    Brand,
    Contact,
    Conversation,
    EventKind,
    Person,
    Priority,
    PriorityWeights,
    Tag,
    UndoKind,
)
from inbox.models.conversations import UNDER_WAY
from inbox.rules import pacing
from inbox.rules import priority as rule

HEAVIEST = 100


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def pin(*, conversation: Conversation, priority: Priority, by: Person, now: datetime) -> Conversation:
    """A person's word: no rule changes it until it is taken back."""
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if not (current.priority_pinned and current.priority == priority):
            seq = ledger.record(
                EventKind.PRIORITISED, at=now, conversation_id=current.pk, actor_id=by.pk,
                to=int(priority), before=current.priority, pinned=True,
            )  # fmt: skip
            was = _undo.before(UndoKind.PRIORITY, current)
            _writing.change(current, seq, priority=int(priority), priority_pinned=True)
            words = f"Priority {Priority(priority).label.lower()}"
            _undo.remember(ledger, UndoKind.PRIORITY, words, current, was, seq, by=by, now=now)
            _looking.rescore(ledger, [current.pk], now)
    current.refresh_from_db()
    return current


@transaction.atomic(durable=True)
def unpin(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    """Let the score decide again."""
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.priority_pinned:
            seq = ledger.record(
                EventKind.PRIORITISED, at=now, conversation_id=current.pk, actor_id=by.pk,
                before=current.priority, pinned=False,
            )  # fmt: skip
            was = _undo.before(UndoKind.PRIORITY, current)
            _writing.change(current, seq, priority_pinned=False)
            _looking.rescore(ledger, [current.pk], now)
            current.refresh_from_db()
            words = "Priority left to the score"
            _undo.remember(ledger, UndoKind.PRIORITY, words, current, was, seq, by=by, now=now)
    current.refresh_from_db()
    return current


@transaction.atomic(durable=True)
def mark_vip(
    *, contact: Contact, vip: bool, by: Person, now: datetime, conversation: Conversation | None = None
) -> None:
    """The mark is the person's, so each conversation with them that is under way is scored again. `conversation`: in which they were met."""
    with events.ledger(contact.brand_id) as ledger:
        if not _vips.mark(ledger, contact.pk, vip=vip, by=by, now=now):
            return
        left = {"contact": contact.pk, "vip": vip}
        words = "Marked as VIP" if vip else "No longer a VIP"
        step = _undo.step(0, 0, {"contact": contact.pk, "vip": not vip}, left)
        _undo.keep(ledger, UndoKind.VIP, words, [step], conversation=conversation, by=by, now=now)


@transaction.atomic(durable=True)
def change_weights(
    *, brand: Brand, facts: Mapping[str, int], tags: Mapping[str, int], by: Person, now: datetime
) -> int:
    """Keep what each fact and each tag adds from now on. Returns the weights' version; conversations follow in batches.

    Raises Refused for weights that make no sense together.
    """
    _check(facts, tags)
    with events.ledger(brand.pk) as ledger:
        if not write(brand, facts, tags):
            return PriorityWeights.objects.get(pk=brand.pk).version
        return _looking.begin_again(ledger, what="weights", by=by, now=now)


def write(brand: Brand, facts: Mapping[str, int], tags: Mapping[str, int]) -> bool:
    """The weights alone. False: they are so already."""
    row, _ = PriorityWeights.objects.get_or_create(brand=brand)
    saved = rule.complete(row.weights)
    told = {**saved, **facts}
    known = Tag.objects.filter(brand=brand, name__in=list(tags))
    heavier = [tag for tag in known if tags[tag.name] != tag.weight]
    if told == saved and not heavier:
        return False
    for tag in heavier:
        Tag.objects.filter(pk=tag.pk).update(weight=tags[tag.name])
    PriorityWeights.objects.filter(pk=brand.pk).update(weights=told)
    return True


def behind() -> list[int]:
    """Brands whose conversations do not all follow their newest settings yet."""
    return list(PriorityWeights.objects.exclude(rescored_version=F("version")).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Progress:
    """`after`: those up to this id are done. `scored` were looked at in this batch, `changed` are different now."""

    after: int
    scored: int
    changed: int
    finished: bool


def rescore_batch(*, brand_id: int, now: datetime, limit: int = pacing.MOST) -> Progress:
    """Look at the next conversations by the newest weights, promises and hours. How far it has come is a row: any worker goes on.

    One that cannot be looked at is left out, and logged. Settings that change meanwhile begin again.
    """
    saved = PriorityWeights.objects.get(pk=brand_id)
    if saved.rescored_version == saved.version:
        return Progress(saved.rescored_after, 0, 0, finished=True)
    under_way = Conversation.objects.filter(
        brand_id=brand_id, pk__gt=saved.rescored_after, state__in=UNDER_WAY
    )
    ids = list(under_way.order_by("pk").values_list("pk", flat=True)[:limit])
    changed = list[int]()
    failed = _isolating.each(ids, partial(_rescore, brand_id, now, changed))
    after = ids[-1] if ids else saved.rescored_after
    finished = len(ids) < limit
    as_it_was = PriorityWeights.objects.filter(
        pk=brand_id, version=saved.version, rescored_after=saved.rescored_after
    )
    moved = as_it_was.update(
        rescored_after=after, rescored_version=saved.version if finished else F("rescored_version")
    )
    return Progress(after, len(ids) - len(failed), len(changed), finished=finished and moved > 0)


@transaction.atomic(durable=True)
def _rescore(brand_id: int, now: datetime, changed: list[int], conversation_ids: Sequence[int]) -> None:
    with events.ledger(brand_id) as ledger:
        found = _looking.look(ledger, conversation_ids, now)
    changed += [each.id for each in found]


def _check(facts: Mapping[str, int], tags: Mapping[str, int]) -> None:
    unknown = set(facts) - set(rule.DEFAULTS)
    if unknown:
        raise Refused(f"There is no such weight: {', '.join(sorted(unknown))}.")
    if any(abs(points) > HEAVIEST for points in (*facts.values(), *tags.values())):
        raise Refused(f"A weight lies between -{HEAVIEST} and {HEAVIEST}.")
    whole = rule.complete(facts)
    if not whole["normal_from"] < whole["high_from"] < whole["urgent_from"]:
        raise Refused("Normal must begin below high, and high below urgent.")
