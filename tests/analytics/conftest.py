"""A brand in which things happen: customers write, colleagues answer, and the figures follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.crypto import get_random_string

from analytics import rollups
from analytics.actions import following, recounting
from analytics.models import Fact
from inbox import events
from inbox.actions import assigning, closing, policies, prioritising, receiving, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Party
from inbox.models import Brand, BrandSequence, Channel, Conversation, EventKind, Message, Person, SlaPolicy
from tests.factories import exchange
from tests.factories.people import ChannelFactory, agent_of


@dataclass
class Story:
    """What happens in a brand, told in minutes since a Thursday's noon (UTC)."""

    channel: Channel
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def brand(self) -> Brand:
        return self.channel.brand

    @property
    def seen(self) -> int:
        """Up to which event an open page has seen the brand."""
        return BrandSequence.objects.get(pk=self.brand.pk).last

    def at(self, minutes: float) -> datetime:
        return exchange.at(minutes * 60)

    def person(self, name: str) -> Person:
        if name not in self.people:
            self.people[name] = agent_of(self.brand, name=name)
        return self.people[name]

    def conversation(self, who: str) -> Conversation:
        return self.brand.conversations.filter(thread_key=who).latest("pk")

    def write(self, who: str, minutes: float, text: str = "Where is it?", **told: Any) -> None:
        """A customer writes; `learned` is when we hear of it."""
        learned = self.at(told.pop("learned", minutes + 0.01))
        channel = told.pop("channel", self.channel)
        historical = told.pop("historical", False)
        message = InboundMessage(
            external_id=get_random_string(12), thread_id=who, sent_at=self.at(minutes), author=Party(who, name=who.title()), text=text,
            **told,
        )  # fmt: skip
        receiving.receive(arrivals=[Arrival(channel.pk, message)], now=learned, historical=historical)

    def answer(self, who: str, minutes: float, by: str = "Ada", **told: Any) -> Message:
        """A colleague's reply reaches the platform."""
        conversation, at = self.conversation(who), self.at(minutes)
        author = self.person(by) if by else None
        with events.ledger(self.brand.pk) as ledger:
            message = Message.objects.create(
                **{
                    "conversation": conversation, "channel": conversation.channel, "external_id": get_random_string(12),
                    "direction": "out", "origin": "agent", "author_person": author, "sent_at": at, "created_at": at, "text": "Here",
                    "created_text": "Here", "state": "sent", **told,
                }
            )  # fmt: skip
            ledger.record(
                EventKind.REPLY_SENT, at=at, conversation_id=conversation.pk, message_id=message.pk,
                actor_id=author.pk if author else None,
            )  # fmt: skip
        return message

    def resolve(self, who: str, minutes: float, by: str = "Ada") -> None:
        closing.resolve(conversation=self.conversation(who), by=self.person(by), now=self.at(minutes))

    def reopen(self, who: str, minutes: float, by: str = "Ada") -> None:
        closing.reopen(conversation=self.conversation(who), by=self.person(by), now=self.at(minutes))

    def assign(self, who: str, minutes: float, to: str, by: str = "Lea") -> None:
        someone = self.person(to) if to else None
        assigning.assign(
            conversation=self.conversation(who), to=someone, by=self.person(by), now=self.at(minutes)
        )

    def promise(self, policy: SlaPolicy, minutes: float, **columns: Any) -> SlaPolicy:
        """An administrator changes what a policy promises (seconds; None: nothing), and everything under way is looked at anew."""
        now = self.at(minutes)
        promised = {
            "first_response": policy.first_response,
            "next_response": policy.next_response,
            "resolution": policy.resolution,
        }
        columns = {"name": policy.name, **promised, **columns}
        policy = policies.save(
            brand=self.brand, policy=policy, columns=columns, by=self.person("Lea"), now=now
        )
        while not prioritising.rescore_batch(brand_id=self.brand.pk, now=now).finished:
            pass
        return policy

    def sweep(self, minutes: float) -> None:
        while timing.sweep(now=self.at(minutes)):
            pass

    def triage(self, minutes: float) -> None:
        while not (batch := triaging.next_batch(self.brand.pk)).is_empty:
            triaging.triage(batch, None, now=self.at(minutes))  # tags are not what is told here

    def count(self, minutes: float = 10_000) -> None:
        """Triage looks, the figures follow, and every sum that is due is made."""
        now = self.at(minutes)
        self.triage(minutes)
        recounting.mark_settings(brand=self.brand, now=now)
        recounting.leave_gone_teams(brand=self.brand)  # as each minute does
        while not (heard := following.next_batch(self.brand.pk)).is_empty:
            following.follow(heard, now=now)
        while recounting.count_again(brand=self.brand, now=now):
            pass
        self.sum(now)

    def sum(self, now: datetime) -> None:
        while rollups.rebuild_due(now=now + timedelta(hours=1)):
            pass

    def facts(self, kind: str) -> list[Fact]:
        return list(Fact.objects.filter(kind=kind).order_by("at", "source"))

    def minutes(self, kind: str) -> list[float]:
        return [round((fact.value or 0) / 60, 2) for fact in self.facts(kind)]

    def names(self, kind: str) -> list[str]:
        known = {person.pk: person.name for person in Person.objects.all()}
        return [known.get(fact.person_id or 0, "") for fact in self.facts(kind)]


@pytest.fixture
def story(db: None) -> Story:
    return Story(ChannelFactory(brand__slug="lumen", brand__time_zone="Europe/Berlin"))
