"""Replies kept for later. A brand's are everybody's; one's own are one's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from inbox import events
from inbox.models import Brand, CannedReply, EventKind, Macro, Person
from inbox.rules import variables
from inbox.rules.cleaning import clean

MOST = 400  # of a brand, and of a person: all of them are in the composer's hand at once
LONGEST = 5_000


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *,
    brand: Brand,
    reply: CannedReply | None,
    owner: Person | None,
    name: str,
    shortcut: str,
    text: str,
    translations: Mapping[str, str],
    channels: Collection[int],
    by: Person,
    now: datetime,
) -> CannedReply:
    """Make or change one. Raises Refused, and variables.InvalidText for a variable that there is not."""
    texts = {code: clean(words).strip() for code, words in translations.items() if words.strip()}
    text = clean(text).strip()
    for words in (text, *texts.values()):
        variables.check(words)
    with events.ledger(brand.pk) as ledger:
        others = CannedReply.objects.filter(brand=brand, owner=owner)
        known = reply.pk if reply else 0
        if others.filter(name__iexact=name).exclude(pk=known).exists():
            raise Refused(f"There is a reply called “{name}” already.")
        if shortcut and others.filter(shortcut__iexact=shortcut).exclude(pk=known).exists():
            raise Refused(f"The shortcut “{shortcut}” stands for another reply already.")
        if reply is None and others.count() >= MOST:
            raise Refused(f"There are {MOST} replies already. Remove some that nobody uses.")
        columns = {
            "name": name, "shortcut": shortcut, "text": text, "translations": texts, "channels": sorted(channels),
        }  # fmt: skip
        if reply is None:
            reply = CannedReply.objects.create(brand=brand, owner=owner, **columns)
        else:
            CannedReply.objects.filter(pk=reply.pk).update(**columns)
            reply.refresh_from_db()
        ledger.record(EventKind.WRITING_CHANGED, at=now, actor_id=by.pk, reply=name, own=owner is not None)
    return reply


@transaction.atomic(durable=True)
def remove(*, reply: CannedReply, by: Person, now: datetime) -> None:
    """Raises Refused while a macro answers with it. One of somebody who has left nobody can change: it goes with its answer, as without it
    a customer would be resolved unanswered should they come back. Who is only locked out comes back to what they had."""
    with events.ledger(reply.brand_id) as ledger:
        here = Person.objects.filter(memberships__brand=reply.brand_id)
        gone = reply.macros.filter(owner__isnull=False).exclude(owner__in=here)
        if macro := reply.macros.exclude(pk__in=gone).select_related("owner").order_by("name").first():
            raise Refused(_answers_with_it(macro, by))
        gone.delete()
        if CannedReply.objects.filter(pk=reply.pk).delete()[0]:
            ledger.record(
                EventKind.WRITING_CHANGED, at=now, actor_id=by.pk, reply=reply.name, own=reply.owner_id is not None,
                removed=True,
            )  # fmt: skip


def _answers_with_it(macro: Macro, by: Person) -> str:
    """Whoever has to change it is named: nobody else sees it."""
    if macro.owner is None or macro.owner == by:
        return f"The macro “{macro.name}” answers with it. Change the macro first."
    theirs = f"{macro.owner.short_name}'s own macro “{macro.name}” answers with it."
    if not macro.owner.is_active:
        return f"{theirs} They are locked out for now: it is kept until they change it, or work here no more."
    return f"{theirs} Ask them to change it first."


@transaction.atomic(durable=True)
def count_use(*, reply: CannedReply) -> None:
    """It was put into a reply: those used most stand first. No news for anybody, so no event."""
    CannedReply.objects.filter(pk=reply.pk).update(used=F("used") + 1)
