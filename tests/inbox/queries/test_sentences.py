"""What the lines between the messages say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.models import Event, Person
from inbox.queries import sentences

MARA = Person(pk=7, name="Mara", email="mara@example.test")


def told(kind: str, *, by_mara: bool = False, **data: Any) -> Event:
    return Event(kind=kind, actor=MARA if by_mara else None, data=data, at=datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            told("conversation.tagged", tag="refund", by="rule", rule="Refund words", because="money back"),
            "Tagged refund by the rule Refund words (“money back”)",
        ),
        (
            told("conversation.tagged", tag="refund", by="model", confidence=0.914),
            "Tagged refund by the model, 0.91",
        ),
        (told("conversation.tagged", by_mara=True, tag="refund", by="person"), "Mara tagged it refund"),
        (
            told("conversation.tagged", by_mara=True, tag="refund", by="person", accepted=True),
            "Mara said yes to the tag refund",
        ),
        (
            told("conversation.untagged", by_mara=True, tag="refund", by="rule"),
            "Mara took the tag refund off",
        ),
        (
            told("conversation.untagged", by_mara=True, tag="refund", by="model", refused=True),
            "Mara said no to the tag refund",
        ),
        (told("conversation.tagged", by_mara=True, sentiment="negative"), "Mara said the mood is negative"),
        (
            told("conversation.tagged", by_mara=True, sentiment="negative", accepted=True),
            "Mara said yes to the mood negative",
        ),
        (
            told("conversation.untagged", by_mara=True, sentiment="", before="negative", refused=True),
            "Mara said no to the mood negative",
        ),
        (
            told("conversation.untagged", by_mara=True, sentiment="", before="negative"),
            "Mara took the mood off",
        ),
        (
            told("conversation.prioritised", by_mara=True, to=1, pinned=True),
            "Mara set the priority to urgent",
        ),
        (told("conversation.prioritised", by_mara=True, pinned=False), "Mara left the priority to the score"),
        (told("conversation.snoozed", by_mara=True, until=None), "Mara snoozed it until the customer writes"),
        (told("conversation.woken", by="time"), "Back from its snooze"),
        (told("conversation.woken", by="time", over_at="2026-03-01T23:59:30+00:00"), "Back from its snooze"),
        (
            told("conversation.woken", by="time", over_at="2026-03-01T22:00:00+00:00"),
            "Back from its snooze, which was over by",
        ),
        (
            told("conversation.woken", by_mara=True, by="merge", again=True),
            "It stays back, also for what was merged now",
        ),
        (
            told("sla.breached", clock="first", target=600, policy="Everybody"),
            "Late: first response was promised within 10 m (Everybody)",
        ),
        (
            told("sla.warned", clock="next", target=3600, policy="Everybody", percent=80),
            "Next response: 80 % of 1 h is used up (Everybody)",
        ),
        (told("conversation.unassigned", why="late"), "Taken from its assignee, because it is late"),
        (told("conversation.triaged"), ""),
        (told("of.another.day"), ""),
    ],
)
def test_a_line_says_who_did_what_and_why(event: Event, says: str) -> None:
    assert sentences.of(event) == says


def test_what_no_person_tagged_can_be_undone_where_it_is_told() -> None:
    assert sentences.tag_to_undo(told("conversation.tagged", tag="refund", tag_id=4, by="rule")) == 4
    assert sentences.tag_to_undo(told("conversation.tagged", tag="refund", tag_id=4, by="person")) is None
    assert sentences.tag_to_undo(told("conversation.untagged", tag="refund", tag_id=4, by="rule")) is None


def test_a_time_is_left_to_the_page_to_say() -> None:
    event = told("conversation.snoozed", by_mara=True, until="2026-03-03T09:00:00+00:00")

    assert sentences.of(event) == "Mara snoozed it until"
    assert sentences.until(event) == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_what_came_back_later_than_its_snooze_was_over_says_when_that_was() -> None:
    late = told("conversation.woken", by="time", over_at="2026-03-01T22:00:00+00:00")
    soon = told("conversation.woken", by="time", over_at="2026-03-01T23:59:59+00:00")

    assert (sentences.until(late), sentences.until(soon)) == (datetime(2026, 3, 1, 22, tzinfo=UTC), None)
