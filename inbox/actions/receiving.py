"""What platforms tell us becomes rows: a batch at a time, each message once, and the same rows whatever the order of the news.

Duplicates, re-batched deliveries, echoes, history and late arrivals all come through here. One thing is as it was told first: that nobody wrote
a message (docs/connectors.md, "What nobody wrote"). Under the brand's lock the batch reads what is known, decides in Python, and writes with a
handful of set-based statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from inbox import events, platforms
from inbox.actions import (
    _amending,
    _arrivals,
    _belonging,
    _conversations,
    _dating,
    _early_posts,
    _early_reads,
    _messages,
    _naming,
    _notifying,
    _other_names,
    _placing,
    _progress,
    _reach,
    _taken_echoes,
    _threads,
)
from inbox.actions._arrivals import Batch, Key, Met
from inbox.actions._conversations import Thread
from inbox.actions._standing import amendments
from inbox.actions._threads import Change
from inbox.exchange import InboundEvent, InboundMessage, MessageKind
from inbox.models import Channel, EventKind
from inbox.queries.news import REWORDED
from inbox.rules import ahead, automatic
from inbox.rules.amendments import Amended

TYPING_LASTS = timedelta(minutes=1)  # a sign that is delivered later than that, or again, says nothing of now


@dataclass(frozen=True, slots=True)
class Arrival:
    channel_id: int
    event: InboundEvent


@dataclass(slots=True)
class Received:
    """`new_messages` were unknown before; `settled` are replies of ours the platform has now shown us."""

    new_messages: int = 0
    settled: int = 0
    amended: int = 0
    typing: list[tuple[int, str]] = field(default_factory=list)  # (conversation id, who), told but not kept


@transaction.atomic(savepoint=False)
def receive(
    *, arrivals: Sequence[Arrival], now: datetime, historical: bool = False, unplaced: Collection[Key] = ()
) -> Received:
    """Take in a batch. Joins the caller's transaction, so that a receipt and what it said are committed together. `unplaced`: of these
    messages, which are here, nothing is told of when they were written.

    Raises whatever the database raises for an item it cannot hold; the caller isolates that item and goes on.
    """
    channels = Channel.objects.in_bulk({arrival.channel_id for arrival in arrivals})
    by_brand: dict[int, list[tuple[int, InboundEvent]]] = defaultdict(list)
    for arrival in arrivals:
        channel = channels[arrival.channel_id]
        event = ahead.held_back(arrival.event, now=now)
        event = automatic.told(event, channel.automatic_answers, channel.other_apps_are_bots)
        by_brand[channel.brand_id].append((channel.pk, event))
    received = Received()
    for brand_id in sorted(by_brand):  # one order of locks for everybody
        with events.ledger(brand_id) as ledger:
            intake = _Intake(ledger, channels, historical=historical, now=now, unplaced=unplaced)
            intake.take(Batch.sort(by_brand[brand_id]), received)
    return received


class _Intake:
    """One brand's batch while it is being written."""

    def __init__(
        self, ledger: events.Ledger, channels: dict[int, Channel], *, historical: bool, now: datetime, unplaced: Collection[Key]
    ) -> None:  # fmt: skip
        self.ledger = ledger
        self.channels = channels
        self.historical = historical
        self.now = now
        self.unplaced = unplaced
        self.changes: dict[int, Change] = {}
        self.renamed: list[Key] = []
        self.windows = {
            pk: platforms.get(channel.platform).window.opens_on for pk, channel in channels.items()
        }

    def take(self, batch: Batch, received: Received) -> None:
        _other_names.settle(batch)
        people, named = _arrivals.meet_people(self.ledger.brand_id, batch, self.now)
        self.renamed = _belonging.put_right(
            self.ledger, batch, people, self._thread_of, self._change, self.now
        )
        known = _messages.find_known(batch)
        batch.amendments += amendments(batch, known)
        unknown = {key: message for key, message in batch.messages.items() if key not in known}
        reached = [] if self.historical else _reach.restore(unknown, people)
        placed = _placing.put_in_place(batch.messages, known)
        unknown = {key: placed[key] for key in unknown}
        threads = self._threads_for(batch, unknown, people)

        self._correct_places(
            {k: m for k, m in placed.items() if k in known and k not in self.unplaced}, known
        )
        matched = _messages.match_echoes(unknown, threads)
        by_delivery = {key: pk for key, pk in matched.items() if unknown[key].dated_by_delivery}
        unknown |= _dating.by_echoes(by_delivery, unknown, self.now)
        self._settle(matched, unknown, threads)
        fresh = self._number({key: m for key, m in unknown.items() if key not in matched}, threads)
        made = _messages.insert(fresh, people, historical=self.historical, now=self.now)
        for channel_id, message, _, seq in fresh:
            self.ledger.attach(seq, made[(channel_id, message.external_id)])
        places = _messages.Places(known, made | matched, unknown, threads)
        amended = self._amend(batch, places)
        _other_names.keep(batch.messages, places)
        _early_reads.note(batch, places, self._change)
        _conversations.introduce(unknown, threads, people)
        joined = {pk for pk, change in self.changes.items() if change.joined}
        joined |= {known[key].conversation_id for key in self.renamed if key in known}
        _conversations.begin_with_the_first(unknown, threads, joined)
        _conversations.make_groups(unknown, threads, self.channels)
        rows = _conversations.rename_rows(_arrivals.renamed(people, batch))
        _naming.tell(self.ledger, rows, named, now=self.now)
        reached += _reach.note(batch)

        _threads.apply(list(self.changes.values()))
        _progress.mark_delivered(self.ledger, batch.delivered, self.now)
        _progress.mark_seen(self.ledger, self.changes.values(), self.now)
        _reach.tell(self.ledger, reached, self.now)
        received.new_messages += len(made)
        received.settled += len(matched)
        received.amended += amended
        received.typing += [
            (thread.id, event.actor.name or event.actor.username)
            for channel_id, event in batch.typing
            if event.at > self.now - TYPING_LASTS and (thread := threads.get((channel_id, event.thread_id)))
        ]

    def _threads_for(
        self, batch: Batch, unknown: dict[Key, InboundMessage], people: dict[Key, Met]
    ) -> dict[Key, Thread]:
        firsts = _messages.first_of_each_thread(unknown)
        reads = [(channel_id, event.thread_id) for channel_id, event in batch.reads]
        typing = [(channel_id, event.thread_id) for channel_id, event in batch.typing]
        threads = _conversations.find_threads(list(dict.fromkeys([*firsts, *reads, *typing])))
        new = {key: message for key, message in firsts.items() if key not in threads}
        names = {pk: channel.platform for pk, channel in self.channels.items()}
        made = _conversations.make_threads(
            self.ledger.brand_id, names, new, people, historical=self.historical, now=self.now
        )
        return threads | made

    def _thread_of(self, key: Key, message: InboundMessage, people: dict[Key, Met]) -> Thread:
        return self._threads_for(Batch(), {key: message}, people)[(key[0], message.thread_id)]

    def _change(self, thread: Thread) -> Change:
        return self.changes.setdefault(thread.id, Change(thread))

    def _correct_places(
        self, told_again: dict[Key, InboundMessage], known: dict[Key, _messages.Known]
    ) -> None:
        """A message that moves may be the newest now, or the answer to what came before it. Whose it is the row says: of our own reply
        a telling may say that another app sent it, or that nobody wrote such words."""
        finer = {
            key: message for key, message in told_again.items() if _placing.is_finer(known[key], message)
        }
        ours = {
            key: known[key].id
            for key, message in told_again.items()
            if message.dated_by_delivery and known[key].is_by_our_clock
        }
        dated = _dating.by_echoes(ours, told_again, self.now)
        finer |= {key: message for key, message in dated.items() if message.sent_at != known[key].sent_at}
        moves = _placing.moves(finer, known)
        threads = {
            row.id: row for row in _conversations.threads_by_id([each.conversation_id for each in moves])
        }
        corrected = []
        for move in moves:
            change = self._change(threads[move.conversation_id])
            seq = self.ledger.record(
                EventKind.MESSAGE_AMENDED, at=self.now, conversation_id=change.thread.id, message_id=move.message_id,
                what="placed",
            )  # fmt: skip
            change.seq = seq
            change.note_move(move.direction, move.origin, move.stood_at, move.sent_at)
            corrected.append((move.message_id, move.sent_at, move.order_key, seq))
        _messages.correct_places(corrected)

    def _settle(
        self, matched: dict[Key, int], unknown: dict[Key, InboundMessage], threads: dict[Key, Thread]
    ) -> None:
        settled = []
        for key, message_id in matched.items():
            message = unknown[key]
            change = self._change(threads[(key[0], message.thread_id)])
            seq = self.ledger.record(
                EventKind.REPLY_SENT, at=self.now, conversation_id=change.thread.id, message_id=message_id, by="echo",
            )  # fmt: skip
            change.seq = seq
            change.answered.append(message.sent_at)
            settled.append((message_id, key[1], message.sent_at, _messages.order_key_of(message), seq))
        _messages.settle_replies(settled)
        _notifying.settled(self.ledger, list(matched.values()), self.now)
        _taken_echoes.keep({pk: unknown[key] for key, pk in matched.items()}, self.now)

    def _number(
        self, fresh: dict[Key, InboundMessage], threads: dict[Key, Thread]
    ) -> list[tuple[int, InboundMessage, Thread, int]]:
        """Give each new message its event, in thread order, and add it to its conversation's change."""
        numbered = []
        for key, message in sorted(
            fresh.items(), key=lambda item: (item[1].sent_at, _messages.order_key_of(item[1]))
        ):
            thread = threads[(key[0], message.thread_id)]
            change = self._change(thread)
            kind = _messages.news_of(message, historical=self.historical)
            seq = self.ledger.record(kind, at=self.now, conversation_id=thread.id)
            change.added += 1
            change.seq = change.public_seq = seq
            if message.kind is MessageKind.SYSTEM or automatic.is_by_nobody(message):
                pass  # it is shown, and nobody waits, answers or comes back by it
            elif message.outbound:
                change.answered.append(message.sent_at)
            elif not self.historical:
                change.received.append(message.sent_at)
                change.unread += 1
                change.reopen = change.reopen or thread.state in ("resolved", "snoozed", "pending")
            if _conversations.opens_window(message, self.windows[key[0]]):
                change.opened.append(message.sent_at)
            numbered.append((key[0], message, thread, seq))
        return numbered

    def _amend(self, batch: Batch, places: _messages.Places) -> int:
        told = _amending.keep(batch, self.now)
        _early_posts.forget_words([key for key, kinds in told.items() if "unsend" in kinds])
        targets: dict[Key, tuple[int, int]] = {}
        reworded = set()
        for key in told.keys() | _amending.known_for([*places.new, *self.renamed]):
            place = places.of(key)
            if place is None:
                continue  # its message has not come yet; the amendment waits for it
            message_id, conversation_id = place
            changes_words = bool(told.get(key, set()) & _amending.REWORDING) and places.is_from_customer(key)
            more: dict[str, Any] = {"what": REWORDED} if changes_words else {}
            seq = self.ledger.record(
                EventKind.MESSAGE_AMENDED, at=self.now, conversation_id=conversation_id, message_id=message_id, **more
            )  # fmt: skip
            targets[key] = (message_id, seq)
            if changes_words:
                reworded.add(key)
        _amending.forget_words([key for key in told if key not in targets])
        self._touch_amended(targets, _amending.refold(targets), places, reworded)
        return len(targets)

    def _touch_amended(
        self,
        targets: dict[Key, tuple[int, int]],
        told_of: dict[Key, list[Amended]],
        places: _messages.Places,
        reworded: set[Key],
    ) -> None:
        """A conversation whose message changed shows another preview, a customer's reaction may open the reply window, and where the
        words that somebody answers are others now, that is news."""
        missing = {places.known[key].conversation_id for key in targets if key in places.known}
        for row in _conversations.threads_by_id(list(missing - set(self.changes))):
            self._change(row)
        for key, (_, seq) in targets.items():
            _, conversation_id = places.of(key) or (0, 0)
            change = self.changes[conversation_id]
            change.seq = max(change.seq, seq)
            if key in reworded:
                change.public_seq = max(change.public_seq or 0, seq)
            if "reaction" in self.windows[key[0]]:
                brand = self.channels[key[0]].external_id
                change.opened += [
                    told.at
                    for told in told_of[key]
                    if told.kind == "reaction" and not told.removed and told.actor != brand
                ]
