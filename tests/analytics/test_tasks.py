"""The doors: the rows are the queue, so a task that comes twice, or never, changes nothing."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics import metrics, tasks
from analytics.actions import _writing, following
from analytics.models import Fact, Follower, Period, Rollup
from inbox.actions import closing_teams
from inbox.models import BrandSequence, Team
from tests.analytics.conftest import Story

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_at_it(story: Story) -> None:
    for name in ("wanted", "held"):
        cache.delete(f"figures-{name}:{story.brand.pk}")


def test_a_brand_is_followed_to_the_end_of_what_triage_has_seen(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 5)
    tasks.follow_brand(brand_id=story.brand.pk)
    assert not Fact.objects.exists()  # triage has not looked yet

    story.triage(6)
    assert following.behind() == [story.brand.pk]
    for _ in range(2):
        tasks.follow_brand(brand_id=story.brand.pk)

    assert Fact.objects.filter(kind=metrics.FIRST).count() == 1
    assert following.behind() == []
    assert Follower.objects.get().seq == BrandSequence.objects.get(pk=story.brand.pk).last
    assert Period.objects.exists()  # and is summed in a moment


def test_teams_that_are_gone_are_looked_for_each_minute_and_not_with_each_batch(story: Story) -> None:
    team = Team.objects.create(brand=story.brand, name="Refunds")
    story.write("mara", 0)
    story.brand.conversations.update(team=team)
    story.count()
    closing_teams.remove(team=team, by=story.person("Lea"), now=story.at(5))
    story.triage(6)

    with CaptureQueriesContext(connection) as asked:
        tasks.follow_brand(brand_id=story.brand.pk)
    assert not [query["sql"] for query in asked if "inbox_team" in query["sql"]]

    Fact.objects.update(team_id=team.pk)  # as where its removal moved no conversation
    tasks.mind_settings()
    tasks.follow_brand(brand_id=story.brand.pk)
    assert set(Fact.objects.values_list("team_id", flat=True)) == {None}


def test_a_conversation_that_cannot_be_counted_keeps_no_other_from_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("mara", "noor"):
        story.write(who, 0)
    bad = story.conversation("mara").pk
    sound = _writing.facts.of

    def of(brand_id: int, ids: list[int], hours: object) -> object:
        if bad in ids:
            raise ValueError("a row that nobody expected")
        return sound(brand_id, ids, None)

    monkeypatch.setattr(_writing.facts, "of", of)
    story.count()

    assert list(Fact.objects.values_list("conversation__thread_key", flat=True).distinct()) == ["noor"]
    assert following.behind() == []

    call_command("recount", story.brand.slug, stdout=StringIO())
    story.count()
    assert following.behind() == []  # nor does it keep the others from being counted anew

    monkeypatch.setattr(_writing.facts, "of", sound)  # as after an upgrade
    call_command("recount", story.brand.slug, stdout=StringIO())
    assert following.behind() == [story.brand.pk]
    story.count()
    assert Fact.objects.values("conversation__thread_key").distinct().count() == 2


def test_all_is_thrown_away_and_read_again_where_that_is_asked_for(story: Story) -> None:
    story.write("mara", 0)
    story.count()
    known = set(Fact.objects.values_list("priority", flat=True))
    Fact.objects.update(priority=9)  # as a fault had left them

    call_command("recount", story.brand.slug, from_nothing=True, stdout=StringIO())
    assert not Fact.objects.exists() and not Rollup.objects.exists()
    story.count()

    assert set(Fact.objects.values_list("priority", flat=True)) == known
    with pytest.raises(CommandError, match="There is no brand"):
        call_command("recount", "nobody")
