"""What happens in a brand from outside, and what becomes of its answers: each a step that a story may take."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import (
    Edited,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    Reacted,
    ReadUpTo,
    Unsent,
)
from inbox.models import ON_ITS_WAY, Brand, Contact, Conversation, Message, MessageState, Person
from tests.analytics.conftest import Story

_numbers = itertools.count(1)
ONE_PERSON = ("mara", "noor")  # as colleagues found out; ivo is another


@dataclass(frozen=True)
class Moment:
    """Where in a story something is done, to whose conversation, and by whom."""

    story: Story
    now: float
    who: str
    name: str
    minutes: int

    @property
    def brand(self) -> Brand:
        return self.story.brand

    @property
    def conversation(self) -> Conversation:
        return self.story.conversation(self.who)

    @property
    def by(self) -> Person:
        return self.story.person(self.name)

    @property
    def doing(self) -> dict[str, object]:
        return {"by": self.by, "now": self.story.at(self.now)}

    @property
    def to_it(self) -> dict[str, object]:
        return {"conversation": self.conversation, **self.doing}

    def earlier(self, share: float = 0.7) -> float:
        return self.now - self.minutes * share

    def hear(self, event: InboundEvent, *, historical: bool = False) -> None:
        arrivals = [Arrival(self.story.channel.pk, event)]
        receiving.receive(arrivals=arrivals, now=self.story.at(self.now), historical=historical)

    def said(self, **told: object) -> Message:
        """The newest message of the platform."""
        known = self.conversation.messages.filter(external_id__isnull=False, deleted_at=None, **told)
        return known.latest("sent_at", "pk")


def line(moment: Moment, minutes: float, **told: object) -> InboundMessage:
    said: dict[str, object] = {
        "external_id": f"line-{next(_numbers)}", "thread_id": moment.who, "sent_at": moment.story.at(minutes),
        "author": Party(moment.who, name=moment.who.title()), "text": "Where is it?", **told,
    }  # fmt: skip
    return InboundMessage(**said)  # type: ignore[arg-type]


def write(moment: Moment) -> None:
    moment.hear(line(moment, moment.now))
    if moment.who in ONE_PERSON:
        person, _ = Contact.objects.get_or_create(brand=moment.brand, name="Mara Noor")
        moment.brand.conversations.filter(thread_key=moment.who).update(contact=person)


def write_and_come_late(moment: Moment) -> None:
    moment.hear(line(moment, moment.earlier()))


def find_in_history(moment: Moment) -> None:
    moment.hear(line(moment, moment.earlier(1.5)), historical=True)


def answer_elsewhere(moment: Moment) -> None:
    told = {
        "author": Party("brand"),
        "outbound": True,
        "origin": Origin.OTHER_CLIENT,
        "counterpart": Party(moment.who),
    }
    moment.hear(line(moment, moment.earlier() if moment.minutes % 2 else moment.now, **told))


def tell_of_the_platform(moment: Moment) -> None:
    moment.hear(line(moment, moment.now, kind=MessageKind.SYSTEM, origin=Origin.AUTOMATION))


def answer(moment: Moment) -> None:
    moment.story.answer(moment.who, moment.now, by=moment.name)


def answer_by_bot(moment: Moment) -> None:
    moment.story.answer(moment.who, moment.now, by="", origin="automation")


def reply(moment: Moment) -> None:
    """From the composer to the platform: what becomes of it follows from how many minutes it is."""
    [row] = replying.queue_reply(
        conversation=moment.conversation, client_id=uuid.uuid4(), text=f"Here {next(_numbers)}", by=moment.by,
        written_against=moment.conversation.public_seq, now=moment.story.at(moment.now),
    )[:1]  # fmt: skip
    if sending.claim_reply(message_id=row.pk, now=moment.story.at(moment.now + 0.1)) is None:
        return
    told = {"message_id": row.pk, "now": moment.story.at(moment.now + 0.2)}
    match moment.minutes % 4:
        case 0:
            sending.mark_reply_failed(reason="Refused", attempt=1, **told)
        case 1:
            sending.mark_reply_uncertain(
                reason="No answer", look_at=moment.story.at(moment.now + 5), attempt=1, **told
            )
        case _:
            sending.mark_reply_sent(external_id=f"reply-{row.pk}", at=None, **told)


def hold_a_reply(moment: Moment) -> None:
    """It lies in the outbox, and whoever wrote it may take it back for a while."""
    replying.queue_reply(
        conversation=moment.conversation, client_id=uuid.uuid4(), text=f"Soon {next(_numbers)}", by=moment.by,
        written_against=moment.conversation.public_seq, now=moment.story.at(moment.now), hold=timedelta(minutes=1.5),
    )  # fmt: skip


def settle_a_reply(moment: Moment) -> None:
    """What is on its way leaves, may not leave, or cannot."""
    waits = moment.conversation.messages.filter(state__in=ON_ITS_WAY).earliest("pk")
    told: dict[str, Any] = {"message_id": waits.pk, "now": moment.story.at(moment.now)}
    if sending.claim_reply(**told) is None and waits.state == MessageState.QUEUED:
        return
    if moment.minutes % 3:
        sending.mark_reply_sent(external_id=f"reply-{waits.pk}", at=None, **told)
    else:
        sending.mark_reply_failed(reason="Refused", attempt=max(waits.attempts, 1), **told)


def show_a_reply(moment: Moment) -> None:
    """The platform's echo: of the newest of ours, whether it was said to be sent or not."""
    ours = moment.conversation.messages.filter(client_id__isnull=False, direction="out").latest("pk")
    told = {"author": Party("brand"), "outbound": True, "counterpart": Party(moment.who), "text": ours.text}
    when = ((ours.attempted_at or ours.sent_at) - moment.story.at(0)).total_seconds() / 60
    ahead = 0.3 if moment.minutes % 2 else -0.3
    moment.hear(line(moment, when + ahead, external_id=ours.external_id or f"reply-{ours.pk}", **told))


def send_again(moment: Moment) -> None:
    failed = moment.conversation.messages.filter(state="failed").latest("pk")
    replying.retry(message=failed, **moment.doing)
    sending.claim_reply(message_id=failed.pk, now=moment.story.at(moment.now))
    sending.mark_reply_sent(
        message_id=failed.pk, external_id=f"reply-{failed.pk}", at=None, now=moment.story.at(moment.now)
    )


def discard(moment: Moment) -> None:
    replying.discard(message=moment.conversation.messages.filter(state="failed").latest("pk"), **moment.doing)


def edit(moment: Moment) -> None:
    said = moment.said()
    moment.hear(Edited(said.external_id or "", "Other words", moment.story.at(moment.now), 0, moment.who))


def unsend(moment: Moment) -> None:
    said = moment.said(**({"direction": "in"} if moment.minutes % 3 else {}))
    moment.hear(Unsent(said.external_id or "", moment.story.at(moment.now), moment.who))


def react(moment: Moment) -> None:
    said = moment.said()
    moment.hear(
        Reacted(
            said.external_id or "", Party(moment.who), moment.story.at(moment.now), "👍", thread_id=moment.who
        )
    )


def look_at_it(moment: Moment) -> None:
    moment.hear(ReadUpTo(moment.who, moment.story.at(moment.now)))


OFTEN = [
    write, write_and_come_late, answer, reply, hold_a_reply, settle_a_reply, answer_elsewhere, show_a_reply, unsend,
]  # fmt: skip
SELDOM = [find_in_history, tell_of_the_platform, answer_by_bot, send_again, discard, edit, react, look_at_it]
