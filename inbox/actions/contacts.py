"""What platforms tell about the people who write."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from inbox import events
from inbox.actions import _arrivals, _by_brand, _conversations, _naming, _reach
from inbox.exchange import Party
from inbox.models import Contact, ContactMerge, Conversation, Handle
from inbox.rules import echoes
from inbox.rules.cleaning import clean

TOLD = 20  # of a person's conversations whose rows stay as they are


@transaction.atomic(durable=True)
def update_profile(
    *, channel_id: int, party: Party, now: datetime, whole: bool = False, others_wait: bool = False
) -> None:
    """Keep a handle's profile, and the name in the list, as the platform gives it. `whole`: what it does not tell is forgotten.
    `others_wait`: those of other brands, so that a brand which somebody holds is waited for but briefly."""
    if others_wait:
        _by_brand.wait_briefly()
    handles = Handle.objects.filter(channel_id=channel_id, external_id=party.external_id)
    if (brand_id := _brand_of(handles)) is None:
        return
    with events.ledger(brand_id) as ledger:
        _update(ledger, handles.select_related("contact").get(), party, now, whole=whole)


def _brand_of(handles: QuerySet[Handle]) -> int | None:
    """Asked first: the brand's lock comes before that of any row, and who waited for it may find the row another."""
    return handles.values_list("contact__brand_id", flat=True).first()


def _update(ledger: events.Ledger, handle: Handle, party: Party, now: datetime, *, whole: bool) -> None:
    channel_id = handle.channel_id
    kept = Handle() if whole else handle
    name = clean(party.name)[:200] or kept.name
    username = clean(party.username)[:120] or kept.username
    avatar = party.avatar_url[:2000] or kept.avatar_url
    followers = party.followers if party.followers is not None else kept.followers
    verified = party.verified if party.verified is not None else kept.verified
    Handle.objects.filter(pk=handle.pk).update(
        name=name, username=username, avatar_url=avatar, looked_up_at=now, followers=followers, verified=verified,
        told_at=now if _arrivals.tells(party) else kept.told_at,
    )  # fmt: skip
    if party.takes_messages and handle.unavailable_reason:
        Handle.objects.filter(pk=handle.pk).update(unavailable_reason="")
        _reach.tell(ledger, [handle.pk], now)
    if (name, username, avatar, followers, verified) == (
        handle.name, handle.username, handle.avatar_url, handle.followers, handle.verified,
    ):  # fmt: skip
        return
    _name_people(handle, name or username, whole=whole)
    rows = _conversations.rename_rows(
        [(channel_id, handle.external_id, handle.contact_id, name or username, username, avatar)]
    )
    # Beside a thread stands more of the person than its row shows.
    newest = Conversation.objects.filter(contact=handle.contact_id).order_by("-last_message_at", "-pk")
    beside = newest.values_list("pk", flat=True)[:TOLD]
    named = _arrivals.name_authors([(handle.pk, name or username)])
    _naming.tell(ledger, {*rows, *beside}, named, now=now)


def _name_people(handle: Handle, called: str, *, whole: bool) -> None:
    """Of somebody with accounts on several networks the name stays: it is not that of whichever changed last. Where it is this one's, and
    may be kept no longer, that of another account takes its place. `handle` is as it was."""
    merges = ContactMerge.objects.filter(brand_id=handle.contact.brand_id, undone_at=None)
    if not merges.filter(kept=handle.contact_id).exists():
        Contact.objects.filter(pk=handle.contact_id).update(name=called)
        return
    after_it = Contact.objects.filter(name__in=["", handle.name, handle.username] if whole else [""])
    after_it.filter(pk__in=merges.filter(handles__contains=[handle.pk]).values("absorbed_id")).update(
        name=called
    )
    others = (
        Handle.objects.filter(contact=handle.contact_id).exclude(pk=handle.pk).exclude(name="", username="")
    )
    another = others.order_by("pk").first()
    after_it.filter(pk=handle.contact_id).update(name=called or (str(another) if another else ""))


@transaction.atomic(durable=True)
def note_looked_up(*, channel_id: int, external_id: str, now: datetime) -> None:
    """The platform was asked and told nothing; do not ask again at once."""
    Handle.objects.filter(channel_id=channel_id, external_id=external_id).update(looked_up_at=now)


@transaction.atomic(durable=True)
def forget_profile(*, channel_id: int, external_id: str, before: datetime, now: datetime) -> bool:
    """What was looked up before then may be kept no longer. Who it is may be asked for again. False: it was asked for meanwhile."""
    handles = Handle.objects.filter(channel_id=channel_id, external_id=external_id)
    if (brand_id := _brand_of(handles)) is None:
        return False
    with events.ledger(brand_id) as ledger:
        old = handles.select_for_update(of=["self"]).filter(looked_up_at__lt=before)
        if (handle := old.select_related("contact").first()) is None:
            return False
        _update(ledger, handle, Party(external_id), now, whole=True)
        handles.update(looked_up_at=None)
    return True


@transaction.atomic(durable=True)
def mark_unavailable(
    *, channel_id: int, external_id: str, reason: str, asked_at: datetime, now: datetime
) -> None:
    """The platform says that this person cannot be written to. It is lifted by a message from them to us (receiving), also one that came
    after we had `asked_at`; by one to them that the platform takes (sending, or shown by an echo); and by a profile that says so."""
    found = Handle.objects.filter(channel_id=channel_id, external_id=external_id)
    if (brand_id := _brand_of(found)) is None:
        return
    with events.ledger(brand_id) as ledger:
        handle = found.get()
        newer_word = handle.reach_told_at is not None and handle.reach_told_at > asked_at
        if newer_word or _reach.was_open_since(handle, asked_at):
            return
        # By the platform's clock it may have been so much earlier; what it has said itself is wound back by no refusal.
        told_at = Greatest(F("reach_told_at"), Value(asked_at - echoes.SKEW))
        found.update(unavailable_reason=reason[:300], reach_told_at=told_at)
        if handle.unavailable_reason != reason[:300]:
            _reach.tell(ledger, [handle.pk], now)
