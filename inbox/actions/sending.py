"""The outbox's moves: claimed, sent, put back, failed, uncertain. Each is one transaction and says the truth as it is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from inbox import events
from inbox.actions import (
    _absorbing,
    _amending,
    _attempting,
    _by_brand,
    _dating,
    _early_reads,
    _leaving_now,
    _not_sent,
    _notifying,
    _own_posts,
    _reach,
    _taken_echoes,
    _threads,
    _too_late,
    _twins,
    _waiting,
    _writing,
)
from inbox.actions._conversations import threads_by_id
from inbox.models import Channel, ChannelState, Ended, EventKind, Message, MessageState
from inbox.queries import outbox

# Longer than one request to a platform may take (a minute in all). A send of many requests renews it before each, and before one that takes
# longer, because a large file goes up with it, for longer (keep_claim): only a dead worker's claim runs out.
LEASE = timedelta(seconds=120)
TO_SPARE = timedelta(seconds=60)  # after a request is over


@transaction.atomic(durable=True)
def claim_reply(*, message_id: int, now: datetime) -> Message | None:
    """Take a queued reply for sending. None: somebody else has it, it is not due, its channel is parked, or an earlier
    reply of the conversation has to be settled first, so that replies arrive in the order they were written."""
    brand_id = Message.objects.filter(pk=message_id).values_list("conversation__brand_id", flat=True).first()
    if brand_id is None:
        return None
    with events.ledger(brand_id) as ledger:
        message = (
            Message.objects.select_related("conversation__channel", "channel").filter(pk=message_id).first()
        )
        if message is None:  # its writer took it back
            return None
        if (
            message.state != MessageState.QUEUED
            or not _leaving_now.may_go(message, now)
            or _leaving_now.is_not_due(message, now)
        ):
            return None
        if _leaving_now.earlier_is_under_way(message):
            return None
        if not _waiting.is_by_a_click(message, now):
            leave_to_a_person(ledger, message, _waiting.why_it_waited_too_long(message), now)
            return None
        if outbox.may_be_shown_with_other_words(message):
            leave_to_a_person(ledger, message, shown_otherwise(message), now)
            return None
        if outbox.overtaken_while_it_waited(message, now):
            leave_to_a_person(ledger, message, OVERTAKEN, now)
            return None
        seq = ledger.record(
            EventKind.REPLY_SENDING, at=now, conversation_id=message.conversation_id, message_id=message.pk
        )
        _move(
            message, seq, state=MessageState.SENDING, state_reason="", attempts=message.attempts + 1, attempted_at=now,
            lease_until=now + LEASE, human_agent=_leaving_now.needs_human_tag(message, now),
        )  # fmt: skip
    return message


OVERTAKEN = "The customer wrote while it waited. Read it, then send it anyway or discard it."
RETIRED = "Its channel was retired. Connect that again, then retry; or discard it."
SHOWN_ELSEWHERE = "The customer has it: it is shown as another reply with the same words."
OTHER_WORDS = "May have been sent: an answer with other words appeared in the thread. Look there, then retry or discard."
SOME_FILE = "May have been sent: an answer that may be this file, or is somebody else's, appeared in the thread. Look there, then retry or discard."


def shown_otherwise(message: Message) -> str:
    """Why a person has to look where an answer appeared that may be this one: no platform tells one file from another for us."""
    return OTHER_WORDS if message.text else SOME_FILE


def leave_to_a_person(ledger: events.Ledger, message: Message, reason: str, now: datetime) -> None:
    """It will not leave by itself, and a person has to know: something came to light, mostly, that its writer has not seen."""
    _let_go(ledger, message, EventKind.REPLY_FAILED, reason, now, state=MessageState.FAILED)
    _not_sent.tell(ledger, message, reason, now)


@transaction.atomic
def give_up_waiting(*, channel: Channel, now: datetime) -> None:
    """Its channel was retired: what waits in it would wait for ever. Joins the caller's transaction."""
    with events.ledger(channel.brand_id) as ledger:
        waiting = Message.objects.filter(channel=channel, state=MessageState.QUEUED).order_by("pk")
        for message_id in list(waiting.values_list("pk", flat=True)):
            # Each as it is by then: of several in one conversation the first has changed that.
            leave_to_a_person(ledger, _attempting.current(message_id), RETIRED, now)


def _move(message: Message, seq: int, **columns: Any) -> None:
    Message.objects.filter(pk=message.pk).update(seq=seq, **columns)
    for name, value in {"seq": seq, **columns}.items():
        setattr(message, name, value)
    _writing.change(message.conversation, seq)


def mark_reply_sent(*, message_id: int, external_id: str, at: datetime | None, now: datetime) -> None:
    """The platform took it and gave it this id. An echo may have said so already."""
    message = _mark_sent(message_id, external_id, at, now)
    _own_posts.put_right(message, now)  # by itself: that it was sent is true whatever becomes of this


@transaction.atomic(durable=True)
def _mark_sent(message_id: int, external_id: str, at: datetime | None, now: datetime) -> Message:
    with events.ledger(_attempting.brand_of(message_id)) as ledger:
        message = _attempting.current(message_id)
        is_known = message.external_id and not _twins.is_anothers(message, external_id)
        released = None if is_known else _has_left(ledger, message, external_id, at, now)
        _taken_echoes.forget([message_id])
        _reach.took(ledger, message, now)
    if released:
        _twins.stand_apart(released, now)
    return message


def _has_left(
    ledger: events.Ledger, message: Message, external_id: str, at: datetime | None, now: datetime
) -> _twins.Released | None:
    """Returns the message that the reply was taken for, where that is another."""
    twin = _twins.holder_of(message, external_id)
    if twin and twin.client_id:
        if not message.external_id:
            _give_way(ledger, message, now)
        return None
    released = _twins.release(message) if message.external_id else None
    seq = ledger.record(
        EventKind.REPLY_SENT, at=now, conversation_id=message.conversation_id, message_id=message.pk,
        replaces=str(twin.public_id) if twin else "",
    )  # fmt: skip
    sent_at = _dating.by_twin(message.pk, twin) if twin else at or message.attempted_at or message.sent_at
    if twin:
        _absorbing.absorb(twin, message)
    _move(
        message, seq, external_id=external_id, state=MessageState.SENT, state_reason="", ended="", lease_until=None,
        not_before=None, sent_at=sent_at, order_key=twin.order_key if twin else "",
    )  # fmt: skip
    _notifying.settled(ledger, [message.pk], now)
    if twin and twin.state != MessageState.SENT:
        _move(message, seq, state=twin.state)  # it was delivered or read by then
    # A reaction or an unsend may have been told before the platform's answer: it waited for this id.
    key, opened = (message.channel_id, external_id), list[datetime]()
    if released or _amending.known_for([key]):
        told = _amending.refold({key: (message.pk, seq)})
        opened = _amending.openings(told[key], message.channel)
    looks = _early_reads.take([(message.channel_id, message.conversation.thread_key, external_id)])
    looked_at = any(look.message_id for _, look in looks)
    _note_answer(message, sent_at, seq, told_at=at, looked_at=looked_at, opened=opened)
    return released


def _give_way(ledger: events.Ledger, message: Message, now: datetime) -> None:
    """Another reply of ours with the same words was taken for this one. What the customer has is told there, so nobody need be."""
    columns = {"state": MessageState.FAILED, "ended": Ended.ELSEWHERE}
    _let_go(ledger, message, EventKind.REPLY_FAILED, SHOWN_ELSEWHERE, now, **columns)
    _notifying.settled(ledger, [message.pk], now)


def _note_answer(
    message: Message, sent_at: datetime, seq: int, *, told_at: datetime | None, looked_at: bool, opened: list[datetime]
) -> None:  # fmt: skip
    thread = threads_by_id([message.conversation_id])[0]
    read_at = _threads.latest(thread.customer_read_at, sent_at if looked_at else None)
    _threads.apply([_threads.Change(thread, answered=[sent_at], opened=opened, read_at=read_at, seq=seq)])
    if read_at:
        seen = looked_at or (told_at is not None and told_at <= read_at)
        _threads.mark_seen_replies([thread.id], {thread.id: seq}, [message.pk] if seen else [])


@transaction.atomic(durable=True)
def keep_claim(*, message_id: int, attempt: int, now: datetime, takes: timedelta = timedelta(0)) -> bool:
    """Hold on to a claim while the sending takes its time. `takes`: what is asked next, at most. False: it is somebody else's by now, and
    nothing may be sent."""
    held = Message.objects.filter(pk=message_id, state=MessageState.SENDING, attempts=attempt)
    return bool(held.update(lease_until=now + max(LEASE, takes + TO_SPARE)))


def put_back(*, message_id: int, reason: str, not_before: datetime, now: datetime, attempt: int) -> bool:
    """It certainly did not go out; it will be tried again from `not_before` on, and fails at once where it would wait for that in vain.
    `attempt`: of which this is said. False: that one is settled, or another is on its way, and nothing is changed."""
    return _give_up_claim(
        message_id, attempt, now, partial(_waits_again, reason=reason, not_before=not_before)
    )


def _waits_again(
    ledger: events.Ledger, message: Message, reason: str, now: datetime, *, not_before: datetime
) -> None:
    if message.channel.state == ChannelState.DISCONNECTED:  # retired while it was tried
        return leave_to_a_person(ledger, message, RETIRED, now)
    wait = _waiting.of(message, reason, until=not_before, now=now)
    if wait.in_vain:
        return leave_to_a_person(ledger, message, wait.words, now)
    columns = {"state": MessageState.QUEUED, "not_before": not_before}
    _let_go(ledger, message, EventKind.REPLY_WAITS, wait.words, now, **columns)
    if wait.is_told:
        _not_sent.tell_that_it_waits(ledger, message, wait.words, now)
    return None


def mark_reply_failed(*, message_id: int, reason: str, now: datetime, attempt: int) -> bool:
    """It did not go out and will not by itself; the reason is for the person who wrote it. `attempt` as in put_back."""
    return _give_up_claim(message_id, attempt, now, partial(leave_to_a_person, reason=reason))


def mark_reply_too_late(*, message_id: int, reason: str, now: datetime, attempt: int) -> bool:
    """The same, because the platform's window has closed."""
    return _give_up_claim(message_id, attempt, now, partial(_is_too_late, reason=reason))


def _is_too_late(ledger: events.Ledger, message: Message, reason: str, now: datetime) -> None:
    leave_to_a_person(ledger, message, _too_late.believe(message, reason, now), now)


def mark_reply_uncertain(
    *, message_id: int, reason: str, now: datetime, look_at: datetime, attempt: int
) -> bool:
    """The bytes left and no answer came. An echo or the platform's history will tell; look at `look_at`."""
    return _give_up_claim(message_id, attempt, now, partial(_is_uncertain, reason=reason, look_at=look_at))


def _is_uncertain(
    ledger: events.Ledger, message: Message, reason: str, now: datetime, *, look_at: datetime
) -> None:
    columns = {"state": MessageState.UNCERTAIN, "not_before": look_at, "may_be_out": True}
    _let_go(ledger, message, EventKind.REPLY_UNCERTAIN, reason, now, **columns)


@transaction.atomic(durable=True)
def _give_up_claim(message_id: int, attempt: int, now: datetime, how: Callable[..., None]) -> bool:
    with events.ledger(_attempting.brand_of(message_id)) as ledger:
        message = _attempting.current(message_id)
        if _attempting.is_settled(message, attempt):
            _attempting.tell_if_taken_back(ledger, message, attempt, now)
            return False
        how(ledger, message, now=now)
    return True


def _let_go(
    ledger: events.Ledger, message: Message, kind: EventKind, reason: str, now: datetime, **columns: Any
) -> None:
    """Nobody is sending it from now on."""
    seq = ledger.record(
        kind, at=now, conversation_id=message.conversation_id, message_id=message.pk, reason=reason
    )
    _move(message, seq, state_reason=reason[:300], lease_until=None, **columns)


@transaction.atomic(durable=True)
def look_later(*, message_id: int, at: datetime, attempt: int) -> None:
    """An uncertain reply was looked for and not found yet."""
    unknown = Message.objects.filter(pk=message_id, state=MessageState.UNCERTAIN, attempts=attempt)
    unknown.update(not_before=at)


def expire_leases(*, now: datetime) -> list[int]:
    """Replies whose worker died while sending: they may have gone out, so they are looked for, not sent again. Those of a brand that
    somebody holds are left to the next time."""
    found = Message.objects.filter(pk__in=outbox.expired_sends(now=now)).order_by("pk")
    expired, held = list[int](), set[int]()
    for pk, brand_id in list(found.values_list("pk", "conversation__brand_id")):
        expire = partial(_expire_lease, brand_id, pk, now, expired)
        if brand_id not in held and not _by_brand.work(brand_id, expire, now=now):
            held.add(brand_id)
    return expired


@transaction.atomic(durable=True)
def _expire_lease(brand_id: int, message_id: int, now: datetime, done: list[int]) -> None:
    """Asked once more where nobody else decides: meanwhile it may have been settled, sent once more, or its claim renewed, which
    waits for this row."""
    _by_brand.be_patient()
    with events.ledger(brand_id) as ledger:
        expired = Message.objects.select_for_update(of=("self",)).select_related("conversation")
        message = expired.filter(pk=message_id, state=MessageState.SENDING, lease_until__lt=now).first()
        if message is None:
            return
        _is_uncertain(ledger, message, "The sender stopped while sending.", now, look_at=now)
    done.append(message_id)
