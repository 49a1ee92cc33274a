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
from tests.analytics import decisions, moments
from tests.analytics.conftest import Story
from tests.analytics.counting import shown, the_whole
from tests.analytics.decisions import merge, need_no_reply, part, promise_otherwise, undo
from tests.analytics.moments import Moment, answer, unsend, write
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db

STEPS = [*moments.OFTEN, *decisions.OFTEN] * 2 + [*moments.SELDOM, *decisions.SELDOM]
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


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(MERGED_AND_UNDONE, 0.0)
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
            (do if known else write)(Moment(story, now, who, name, minutes))
        look(story, how, now)
    story.count(now)
    followed = shown(story)

    recounting.ask(brand=story.brand, now=story.at(now))
    story.count()
    assert shown(story) == followed
    the_whole(story)
    assert shown(story) == followed
