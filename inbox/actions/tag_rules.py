"""The brand's tag rules, and the languages its customers write in. What is changed holds for messages from then on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.models import Brand, EventKind, Person, Tag, TagRule
from inbox.rules import tagging


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *,
    brand: Brand,
    rule: TagRule | None,
    name: str,
    tag_name: str,
    condition: tagging.Condition,
    position: int,
    by: Person,
    now: datetime,
) -> TagRule:
    """Make or change a rule. A tag of that name is made where there is none yet."""
    with events.ledger(brand.pk) as ledger:
        if TagRule.objects.filter(brand=brand, name=name).exclude(pk=rule.pk if rule else 0).exists():
            raise Refused(f"There is a rule called “{name}” already.")
        tag = _tag_called(brand, tag_name)
        columns = {"name": name, "tag": tag, "condition": condition.as_json(), "position": position}
        if rule is None:
            rule = TagRule.objects.create(brand=brand, **columns)
        else:
            TagRule.objects.filter(pk=rule.pk).update(**columns)
            rule.refresh_from_db()
        ledger.record(EventKind.TAG_RULES_CHANGED, at=now, actor_id=by.pk, rule=name, tag=tag.name)
    return rule


def _tag_called(brand: Brand, name: str) -> Tag:
    """One that differs in case alone, or in the width of a gap, is the same: nobody could ask for one of the two."""
    plain = " ".join(name.split())
    for said in (name, plain):  # one that has been called so for long keeps its gaps
        alike = list(Tag.objects.filter(brand=brand, name__iexact=said).order_by("pk"))
        if alike:
            return min(alike, key=lambda tag: tag.name != said)
    return Tag.objects.create(brand=brand, name=plain)


@transaction.atomic(durable=True)
def switch(*, rule: TagRule, active: bool, by: Person, now: datetime) -> None:
    with events.ledger(rule.brand_id) as ledger:
        if TagRule.objects.filter(pk=rule.pk, is_active=not active).update(is_active=active):
            ledger.record(EventKind.TAG_RULES_CHANGED, at=now, actor_id=by.pk, rule=rule.name, active=active)


@transaction.atomic(durable=True)
def remove(*, rule: TagRule, by: Person, now: datetime) -> None:
    """Tags that it has set stay; who wants them off takes them off."""
    with events.ledger(rule.brand_id) as ledger:
        if TagRule.objects.filter(pk=rule.pk).delete()[0]:
            ledger.record(EventKind.TAG_RULES_CHANGED, at=now, actor_id=by.pk, rule=rule.name, removed=True)


@transaction.atomic(durable=True)
def choose_languages(*, brand: Brand, languages: Sequence[str], by: Person, now: datetime) -> None:
    with events.ledger(brand.pk) as ledger:
        Brand.objects.filter(pk=brand.pk).update(languages=list(languages))
        ledger.record(EventKind.TAG_RULES_CHANGED, at=now, actor_id=by.pk, languages=list(languages))
