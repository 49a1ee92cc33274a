"""What happens in the brand while its inbox is asked: customers write, colleagues answer and resolve, by the product's own actions.

It is the same whether figures are counted or not. A program of its own (JSON in, until it is ended).
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.models import Conversation, Person

# A second: ten times what a brand has that answers five million times in ninety days, and little beside what the machine can do, for a side that
# is slow by itself would hide what figures cost. Whoever wrote is answered some seconds later if at all, and some are resolved then, so that their next message opens them again.
WRITTEN, ANSWERED, RESOLVED = 20, 6, 2
LATER = 5  # seconds


def main() -> None:
    import django

    django.setup()
    told = json.loads(sys.stdin.readline())
    traffic = Traffic(told["brand"], told["channel"], told["people"])
    traffic.second()
    print("ready", flush=True)
    began = time.monotonic()
    # By the clock: a second that took longer is made up for, so that both sides have as much.
    for turn in count(1):
        time.sleep(max(0.0, began + turn - time.monotonic()))
        try:
            traffic.second()
        except Exception as fault:  # what is measured goes on; the log of the bench has it
            print(f"{type(fault).__name__}: {fault}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Traffic:
    brand_id: int
    channel_id: int
    person_ids: list[int]
    stamp: int = field(default_factory=time.time_ns)
    turn: int = -1

    def second(self) -> None:
        from django.utils import timezone

        self.turn += 1  # first: what fails once does not fail each second
        self.write(WRITTEN * self.turn, timezone.now())
        for number in self._since(LATER, ANSWERED):
            self.answer(number, timezone.now())
        for number in self._since(2 * LATER, RESOLVED):
            self.resolve(number, timezone.now())

    def _since(self, seconds: int, amount: int) -> range:
        first = WRITTEN * (self.turn - seconds)
        return range(first, first + amount) if first >= 0 else range(0)

    def write(self, first: int, now: datetime) -> None:
        from bench import cast
        from inbox.actions import receiving
        from inbox.actions.receiving import Arrival
        from inbox.exchange import InboundMessage, Party

        arrivals = [
            Arrival(
                self.channel_id,
                InboundMessage(
                    external_id=f"{self.stamp}-{number}", thread_id=_thread(number), sent_at=now, author=Party(_thread(number)), text=cast.words(number)
                ),
            )
            for number in range(first, first + WRITTEN)
        ]  # fmt: skip
        receiving.receive(arrivals=arrivals, now=now)

    def answer(self, number: int, now: datetime) -> None:
        """Queued, claimed and taken by the platform, which answers at once."""
        from inbox.actions import replying, sending
        from inbox.models import BrandSequence

        parts = replying.queue_reply(
            conversation=self._conversation(number), by=self._person(number), client_id=uuid.uuid4(), text="It is on its way to you.",
            written_against=BrandSequence.objects.get(pk=self.brand_id).last, now=now,
        )  # fmt: skip
        for part in parts:
            if sending.claim_reply(message_id=part.pk, now=now):
                sending.mark_reply_sent(
                    message_id=part.pk, external_id=f"{self.stamp}-reply-{part.pk}", at=now, now=now
                )

    def resolve(self, number: int, now: datetime) -> None:
        from inbox.actions import closing

        closing.resolve(conversation=self._conversation(number), by=self._person(number), now=now)

    def _conversation(self, number: int) -> Conversation:
        from inbox.models import Conversation

        return Conversation.objects.filter(channel=self.channel_id, thread_key=_thread(number)).latest("pk")

    def _person(self, number: int) -> Person:
        from inbox.models import Person

        return Person.objects.get(pk=self.person_ids[number % len(self.person_ids)])


def _thread(number: int) -> str:
    from bench import ingest

    return str(ingest.FIRST_PERSON + number % ingest.PEOPLE)


if __name__ == "__main__":
    main()
