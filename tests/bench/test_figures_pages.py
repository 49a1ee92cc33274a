"""Which pages the bench of the figures looks at, and that no slow one is lost among quick ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from analytics.metrics import METRICS
from analytics.queries.live import WHATS
from analytics.reports import responses
from analytics.views import _door
from bench import figures_pages, figures_questions
from bench.figures_questions import Known, Question

KNOWN = Known(
    "lumen", {"channel": "1", "agent": "2", "team": "3", "tag": "refund", "priority": "normal"}, ["&priority=urgent"], "2026-12-01"
)  # fmt: skip
ASKED = figures_questions.every(KNOWN)


def of(page: str) -> list[dict[str, str]]:
    """What each of its questions says."""
    return [
        {name: told[0] for name, told in parse_qs(urlsplit(each.address).query).items()}
        for each in ASKED
        if each.page == page
    ]


def filters(told: dict[str, str]) -> set[str]:
    return {*told} & {*KNOWN.filters}


def pairs(asked: Iterable[dict[str, str]]) -> set[frozenset[str]]:
    return {frozenset(found) for told in asked if len(found := filters(told)) == 2}


def test_every_page_is_asked_for_with_each_filter_and_each_two_that_it_offers() -> None:
    for page, _, offered in _door.PAGES:
        asked = of(page)
        assert asked, page
        assert {name for told in asked for name in filters(told)} == {*offered}, page
        assert len(pairs(asked)) == len(offered) * (len(offered) - 1) // 2, page


def test_response_times_are_asked_for_by_each_metric_split_filter_and_kind_of_hours() -> None:
    asked = {
        (told["metric"], told["by"], told.get("hours", ""), *sorted(filters(told)))
        for told in of("responses")
    }

    each = product(responses.CHOICES, responses.SPLITS, ("", "business"))
    assert {(*three, *way) for three in each for way in [(), *((name,) for name in KNOWN.filters)]} <= asked


def test_every_list_behind_a_figure_and_of_the_board_is_asked_for() -> None:
    assert {told["metric"] for told in of("behind")} == {
        key for key, metric in METRICS.items() if metric.fact
    }
    assert {name for told in of("behind") for name in told} >= {"slot", "bar", "hit", "mood", "open_on"}
    assert {urlsplit(each.address).path.split("/")[-2] for each in ASKED if each.page == "now/…"} == {*WHATS}


def test_one_slow_way_among_hundreds_makes_the_claim_fall() -> None:
    looks = dict.fromkeys(ASKED, 20.0)
    slow = next(each for each in ASKED if "next_response&by=agent&hours=business" in each.address)
    looks[slow] = 350.0
    chosen = figures_pages.slowest(looks)
    assert slow in chosen
    assert {each.page for each in chosen} == {each.page for each in ASKED}

    claim = figures_pages.claim_of({each: [looks[each]] * 3 for each in chosen}, [], ways=len(ASKED))

    assert not claim.holds
    assert slow.address in claim.says


@pytest.mark.django_db
def test_what_is_no_page_makes_the_claim_fall_however_quick_it_is(client: Client) -> None:
    nowhere = Question("tags", "/b/nobody/reports/tags/?range=90")

    looks, faults = figures_pages.look(client, [nowhere])

    assert len(faults) == 1
    assert not figures_pages.claim_of({nowhere: [looks[nowhere]]}, faults, ways=1).holds
