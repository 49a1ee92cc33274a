"""What is counted of a brand, and all of it counted anew."""

from __future__ import annotations

from analytics import rollups
from analytics.actions import recounting, watching
from analytics.models import AgentHour, Fact
from inbox.models import Presence, PresenceState
from tests.analytics.conftest import Story

OF_A_FACT = (
    "conversation_id", "kind", "source", "at", "until", "value", "business", "hit", "channel_id", "person_id", "team_id", "priority", "sentiment",
    "tags",
)  # fmt: skip


def the_whole(story: Story) -> None:
    """Everything that the brand's events say, read from the first one."""
    recounting.forget(brand=story.brand, now=story.at(10_000))
    story.count()


def shown(story: Story) -> tuple[list[object], ...]:
    facts = Fact.objects.filter(brand=story.brand).values_list(*OF_A_FACT)
    sums = rollups.everything(story.brand.pk)
    hours = AgentHour.objects.filter(brand=story.brand).order_by("at", "person_id")
    return sorted(facts, key=repr), [*sums], list(hours.values_list("at", "person_id", "online", "occupied"))


def be_there(story: Story, name: str, since: float, until: float, every: float = 1) -> None:
    """Somebody has a page open, and is looked at again and again."""
    who = {"brand": story.brand, "person": story.person(name)}
    times = {"state": PresenceState.ONLINE, "since": story.at(since)}
    Presence.objects.update_or_create(**who, defaults={**times, "last_seen_at": story.at(since)})
    minute = since
    while minute <= until:
        Presence.objects.filter(**who).update(last_seen_at=story.at(minute))
        watching.look(now=story.at(minute))
        minute += every
    Presence.objects.filter(**who).delete()
