from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest

from connectors.contract import Manifest
from connectors.figures import VARIABLE, FiguresUnreadable, configured, mistake
from connectors.platforms.instagram.manifest import MANIFEST as INSTAGRAM
from connectors.platforms.linkedin.manifest import MANIFEST as LINKEDIN
from connectors.platforms.x.manifest import MANIFEST as X


def given(**platforms: dict[str, object]) -> dict[str, str]:
    return {VARIABLE: json.dumps(platforms)}


def test_a_deployment_sets_the_figure_that_holds_for_it_and_says_when_it_looked() -> None:
    manifest = configured(LINKEDIN, given(linkedin={"text_max": 3000, "checked_on": "2026-11-23"}))

    assert (manifest.send.text.max, manifest.send.text.checked_on) == (3000, date(2026, 11, 23))
    assert manifest.send.text.unit == LINKEDIN.send.text.unit


def test_the_day_is_that_of_the_figures_beside_it_and_of_no_other() -> None:
    manifest = configured(INSTAGRAM, given(instagram={"window_s": 82800, "checked_on": "2026-11-23"}))

    assert manifest.checked == {"window_s": date(2026, 11, 23)}
    assert manifest.send.text == INSTAGRAM.send.text


def test_other_platforms_keep_theirs() -> None:
    assert configured(INSTAGRAM, given(linkedin={"text_max": 3000})) == INSTAGRAM
    assert configured(INSTAGRAM, {}) == INSTAGRAM


def test_windows_and_paces_are_in_seconds() -> None:
    manifest = configured(
        INSTAGRAM,
        given(
            instagram={
                "window_s": 3600,
                "window_margin_s": 120,
                "poll_every_s": 5,
                "fetches_for_s": 90,
                "history_behind_s": 300,
            }
        ),
    )

    assert manifest.window.standard == timedelta(hours=1)
    assert manifest.window.margin == timedelta(minutes=2)
    assert manifest.poll_every == timedelta(seconds=5)
    assert manifest.send.fetches_for == timedelta(seconds=90)
    assert manifest.history.behind == timedelta(minutes=5)


def test_an_app_that_may_not_ask_for_all_scopes_asks_for_those_it_may() -> None:
    manifest = configured(LINKEDIN, given(linkedin={"scopes": ["r_organization_social_feed"]}))

    assert manifest.auth.scopes == ("r_organization_social_feed",)
    assert manifest.auth.refresh == LINKEDIN.auth.refresh


def test_where_texts_come_as_they_were_typed_a_deployment_says_so_with_the_day() -> None:
    manifest = configured(X, given(x={"text_escaped": False, "checked_on": "2026-12-01"}))

    assert (X.receive.escaped, manifest.receive.escaped) == (True, False)
    assert (X.checked["text_escaped"], manifest.checked["text_escaped"]) == (
        date(2026, 11, 29),
        date(2026, 12, 1),
    )


def test_rates_of_which_pages_say_two_things_are_set_as_other_figures_are() -> None:
    day = {"checked_on": "2026-11-30"}
    instagram = configured(INSTAGRAM, given(instagram={"send_per_s": 300, "conversations_per_s": 5, **day}))
    x = configured(X, given(x={"reads_per_15_min": 300, "sends_per_15_min": 99, **day}))

    assert {name: (each.per_second, each.checked_on) for name, each in instagram.paces.items()} == {
        "send": (300, date(2026, 11, 30)),
        "recordings": (9, INSTAGRAM.paces["recordings"].checked_on),
        "conversations": (5, date(2026, 11, 30)),
    }
    assert {name: (each.calls, each.checked_on) for name, each in x.quotas.items()} == {
        "messages": (300, date(2026, 11, 30)),
        "thread": (300, date(2026, 11, 30)),
        "message": (300, date(2026, 11, 30)),
        "send": (99, date(2026, 11, 30)),
    }
    assert {each.window for each in x.quotas.values()} == {timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("manifest", "figure"),
    [
        (LINKEDIN, "send_per_s"),
        (X, "conversations_per_s"),
        (LINKEDIN, "reads_per_15_min"),
        (INSTAGRAM, "sends_per_15_min"),
    ],
)
def test_a_figure_that_nothing_of_a_platform_goes_by_is_refused(manifest: Manifest, figure: str) -> None:
    figures: dict[str, object] = {figure: 5}

    with pytest.raises(FiguresUnreadable, match=f"{manifest.key}: nothing of it goes by {figure}"):
        configured(manifest, given(**{manifest.key: figures}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "no JSON object"),
        ('{"instagram": 5}', "no JSON object"),
        ('{"instagram": {"text_maximum": 5}}', "unknown figure 'text_maximum'"),
        ('{"instagram": {"text_max": "many"}}', "'many' is no whole number"),
        ('{"instagram": {"text_unit": "inches"}}', "inches"),
        ('{"instagram": {"scopes": "a b"}}', "'a b' is no list of names"),
        ('{"instagram": {"scopes": []}}', "no list of names"),
        ('{"instagram": {"send_per_s": 0}}', "0 is no whole number of at least 1"),
        ('{"instagram": {"text_escaped": "yes"}}', "'yes' is neither true nor false"),
        ('{"instagram": {"checked_on": "yesterday"}}', "instagram"),
    ],
)
def test_a_mistake_is_named(text: str, words: str) -> None:
    with pytest.raises(FiguresUnreadable, match=words):
        configured(INSTAGRAM, {VARIABLE: text})
    assert re.search(words, mistake({VARIABLE: text}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"instagram": {"send_per_s": 300}, "x": {"reads_per_15_min": 300}}',
        '{"instagram": {"text_max": 900, "checked_on": "2026-11-23"}}',
    ],
)
def test_nothing_is_wrong_with_what_can_be_read(text: str) -> None:
    assert mistake({VARIABLE: text}) == ""
