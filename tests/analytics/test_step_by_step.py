"""Whatever happens in a brand, and whenever it is counted, step by step or in parts: counting all of it anew says the same, to the bucket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analytics import rollups
from analytics.actions import following, recounting
from inbox.actions import bulk, closing, joining, merging, replying, snoozing, undoing
from inbox.models import Conversation, Message, SlaPolicy, Team
from inbox.queries import clock_facts
from tests.analytics import decisions, moments
from tests.analytics.conftest import Story
from tests.analytics.counting import shown, the_whole
from tests.analytics.decisions import (
    answer_and_resolve,
    merge,
    need_no_reply,
    part,
    promise_otherwise,
    reopen,
    resolve,
    undo,
)
from tests.analytics.moments import (
    Moment,
    answer,
    answer_elsewhere,
    find_in_history,
    hold_a_reply,
    settle_a_reply,
    unsend,
    write,
    write_and_come_late,
)
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db

STEPS = [*moments.OFTEN, *decisions.OFTEN] * 2 + [*moments.SELDOM, *decisions.SELDOM]
BEGINS = (find_in_history, answer_elsewhere)  # a thread, and no spell in it
CANNOT_BE = (
    bulk.NothingSelected, closing.AnotherIsOpen, joining.Refused, merging.Refused, replying.ReplyRefused, replying.StaleReply, snoozing.NotUnderWay,
    undoing.NothingToUndo, Conversation.DoesNotExist, Message.DoesNotExist, Team.DoesNotExist,
)  # such a step changes nothing  # fmt: skip


def look(story: Story, how: str, now: float) -> None:
    """The figures follow: not at all, in parts as the processes may be at it, or up to date."""
    match how:
        case "triage":
            story.triage(now)
        case "follow some":
            story.triage(now)
            if not (batch := following.next_batch(story.brand.pk, limit=3)).is_empty:
                following.follow(batch, now=story.at(now))
        case "sum some":
            rollups.rebuild_due(now=story.at(now + 0.1), limit=2)
        case "all":
            story.sweep(now)
            story.count(now)


# Of people at work, of a pause, and of an hour, so that what begins at the end of one begins there again.
minutes = st.one_of(st.integers(1, 4), st.integers(5, 90), st.just(60))
steps = st.lists(
    st.tuples(
        st.sampled_from(STEPS), st.sampled_from(["mara", "mara", "noor", "ivo"]), st.sampled_from(["Ada", "Bo"]), minutes,
        st.sampled_from(["", "triage", "follow some", "sum some", "all"]),
    ),
    min_size=8, max_size=24,
)  # fmt: skip
MERGED_AND_UNDONE = [
    (write, "mara", "Ada", 1, ""), (write, "noor", "Ada", 5, "all"), (promise_otherwise, "mara", "Ada", 10, "all"),
    (need_no_reply, "mara", "Ada", 2, "all"), (undo, "mara", "Ada", 1, "all"), (merge, "mara", "Ada", 5, "all"), (answer, "noor", "Bo", 5, "all"),
    (part, "mara", "Ada", 5, "all"), (unsend, "noor", "Ada", 4, ""), (promise_otherwise, "mara", "Ada", 90, "all"),
    (promise_otherwise, "mara", "Ada", 10, "all"),
]  # fmt: skip


ANSWERED_AND_RESOLVED = [
    (write, "mara", "Ada", 1, ""), (answer_and_resolve, "mara", "Ada", 5, "all"), (write_and_come_late, "mara", "Ada", 2, "all"),
    (settle_a_reply, "mara", "Ada", 4, "all"), (hold_a_reply, "mara", "Bo", 2, ""), (resolve, "mara", "Ada", 1, "triage"),
    (undo, "mara", "Bo", 1, ""), (write, "mara", "Ada", 60, "all"), (answer_and_resolve, "mara", "Bo", 2, "all"),
    (reopen, "mara", "Ada", 5, "all"), (settle_a_reply, "mara", "Ada", 3, "all"),
]  # fmt: skip


OPENED_FROM_HISTORY = [
    (find_in_history, "mara", "Ada", 5, "all"), (reopen, "mara", "Ada", 5, "all"), (answer, "mara", "Ada", 5, ""), (resolve, "mara", "Bo", 5, "all"),
    (answer_elsewhere, "noor", "Ada", 5, "triage"), (resolve, "noor", "Ada", 5, "all"), (write, "mara", "Ada", 5, "all"), (answer, "mara", "Bo", 5, "all"),
    (write, "noor", "Ada", 5, ""), (resolve, "mara", "Ada", 5, "all"), (answer, "noor", "Bo", 2, "all"), (write, "mara", "Ada", 60, "all"),
]  # fmt: skip


def assert_clocks_and_figures_agree(story: Story) -> None:
    """Clocks look at the spell under way alone, and figures at all of them: what runs or ran in that one is the same for both."""
    opened = dict(story.brand.conversations.values_list("pk", "opened_at"))
    whole = clock_facts.read((pk, None) for pk in opened)
    for pk, facts in clock_facts.read(opened.items()).items():
        of_clocks, of_figures = (
            {run for run in each.course().runs if facts.looks_at(run.started_at, run.ended_at)}
            for each in (facts, whole[pk])
        )
        assert of_clocks == of_figures


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(MERGED_AND_UNDONE, 0.0)
@example(ANSWERED_AND_RESOLVED, 0.0)
@example(OPENED_FROM_HISTORY, 0.0)
@given(steps, st.sampled_from([0.0, 29.8]))
def test_following_step_by_step_is_counting_all_of_it(
    db: None, steps: list[tuple[Callable[[Moment], None], str, str, int, str]], now: float
) -> None:
    story = Story(ChannelFactory(brand__time_zone="Asia/Kolkata"))
    SlaPolicy.objects.create(
        brand=story.brand, name="Standard", first_response=600, next_response=1800, resolution=3600
    )
    for do, who, name, minutes, how in steps:
        now += minutes
        known = story.brand.conversations.filter(thread_key=who).exists()
        with suppress(*CANNOT_BE):
            (do if known or do in BEGINS else write)(Moment(story, now, who, name, minutes))
        look(story, how, now)
    story.count(now)
    followed = shown(story)
    assert_clocks_and_figures_agree(story)

    recounting.ask(brand=story.brand, now=story.at(now))
    story.count()
    assert shown(story) == followed
    the_whole(story)
    assert shown(story) == followed
