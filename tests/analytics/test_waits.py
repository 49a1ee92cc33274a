"""Days that wait to be summed, and what is read as of one moment."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import InternalError
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import Fact
from analytics.queries import one_moment, waits
from analytics.queries.asked import Asked
from inbox.models import Brand
from tests.analytics.conftest import Story
from tests.threads import at_once

FIRST = date(2026, 8, 1)
DAY = timedelta(days=1)


@given(size=st.integers(1, 12), places=st.sets(st.integers(0, 11)))
def test_days_are_cut_where_those_that_wait_begin_and_end(size: int, places: set[int]) -> None:
    waiting = [FIRST + DAY * place for place in sorted(places) if place < size]
    asked = Asked(Brand(time_zone="UTC"), FIRST, FIRST + DAY * (size - 1))

    found = list(waits.stretches(asked, waiting))

    assert (found[0][0], found[-1][1]) == (asked.first, asked.last)
    for (_, last, summed), (first, _, next_summed) in pairwise(found):
        assert (first, next_summed) == (last + DAY, not summed)
    for first, last, summed in found:
        assert first <= last
        inside = [first + DAY * number for number in range((last - first).days + 1)]
        assert [day in waiting for day in inside] == [not summed] * len(inside)


@pytest.mark.django_db(transaction=True)
def test_what_is_read_together_knows_nothing_of_what_is_committed_meanwhile(story: Story) -> None:
    story.write("mara", 0)
    story.count()
    with one_moment.read():
        before = Fact.objects.count()
        at_once(lambda: Fact.objects.all().delete())
        assert Fact.objects.count() == before > 0

    assert Fact.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_read_together_is_only_read(story: Story) -> None:
    with pytest.raises(InternalError, match="read-only"), one_moment.read():
        Fact.objects.all().delete()
