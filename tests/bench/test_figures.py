"""What the bench of the figures holds against the sums before it believes their speed."""

from __future__ import annotations

from datetime import date

import pytest

from analytics import metrics
from analytics.histogram import bucket, middle
from analytics.models import Fact
from analytics.queries.asked import Asked
from bench import figures
from tests.analytics.conftest import Story
from tests.factories.people import ChannelFactory

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
