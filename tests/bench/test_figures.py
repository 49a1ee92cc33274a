"""What the bench of the figures holds against the sums before it believes their speed."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from analytics import metrics
from analytics.actions import following
from analytics.histogram import bucket, middle
from analytics.models import Fact
from analytics.queries.asked import Asked
from bench import figures, figures_inbox, figures_traffic
from bench.figures_traffic import ANSWERED, RESOLVED, WRITTEN, Traffic
from tests.analytics.conftest import Story
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


def test_percentiles_may_be_two_percent_off_and_no_more() -> None:
    story = Story(ChannelFactory(brand__time_zone="UTC"))
    for number in range(21):
        story.write(f"c{number}", number)
        story.answer(f"c{number}", number + 10)
    story.count()
    asked = Asked(story.brand, date(2026, 8, 6), date(2026, 8, 6))
    told = middle(bucket(600.0))
    first = Fact.objects.filter(kind=metrics.FIRST)

    first.update(value=told / 1.019)
    assert figures.compared(asked) == []

    first.update(value=told / 1.025)
    assert len(figures.compared(asked)) == 3  # p50, p90 and p95


def test_figures_that_were_idle_or_another_load_on_either_side_make_the_claim_fall() -> None:
    alone = {"messages": 20.0, "answers": 12.0, "facts written": 0.0}
    beside = {**alone, "facts written": 80.0, "the file": 5000.0, "the sums": 12.0}
    times = {"list": [10.0]}

    def faults(here: dict[str, float], there: dict[str, float]) -> int:
        found = figures_inbox.faults_of([here], [there])
        assert figures_inbox.claim_of(times, times, found).holds is not bool(found)
        return len(found)

    assert faults(alone, beside) == 0
    assert faults(alone, {**beside, "facts written": 0.0}) == 1
    assert faults({**alone, "facts written": 3.0}, beside) == 1
    assert faults(alone, {**beside, "messages": 9.0}) == 1


def test_what_happens_beside_the_inbox_is_counted_as_new_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_traffic, "LATER", 1)
    channel = ChannelFactory()
    agent = agent_of(channel.brand)
    traffic = Traffic(channel.brand_id, channel.pk, [agent.pk])
    for _ in range(3):
        traffic.second()
    story = Story(channel)
    story.triage(10_000)
    while not (heard := following.next_batch(channel.brand_id)).is_empty:
        following.follow(heard, now=timezone.now())

    facts = Fact.objects.filter(brand=channel.brand, source__gt=0)
    assert facts.filter(kind=metrics.IN).count() == 3 * WRITTEN
    assert facts.filter(kind=metrics.FIRST).count() == 2 * ANSWERED
    assert facts.filter(kind=metrics.RESOLUTION).count() == RESOLVED
