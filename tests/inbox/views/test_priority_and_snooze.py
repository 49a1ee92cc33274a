"""The keys p and h: what a person pins and sets aside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import BusinessHours, Channel, Contact, Conversation, ConversationState, Person, Priority
from tests.factories import exchange as say

NOW = datetime(2026, 8, 6, 12, 10, tzinfo=UTC)  # a Thursday


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def at(name: str, conversation: Conversation) -> str:
    return reverse(f"inbox:{name}", args=["lumen", conversation.public_id])


def test_a_priority_is_pinned_and_given_back(page: Client, conversation: Conversation) -> None:
    answer = page.post(at("priority", conversation), {"priority": "1"})

    conversation.refresh_from_db()
    assert (conversation.priority, conversation.priority_pinned) == (Priority.URGENT, True)
    assert 'id="conversation-head"' in answer.content.decode()
    assert "Let the score decide" in page.get(at("priority", conversation)).content.decode()

    page.delete(at("priority", conversation))
    conversation.refresh_from_db()
    assert not conversation.priority_pinned


@pytest.mark.parametrize("state", ["resolved", "spam"])
def test_a_priority_without_points_is_said_to_be_of_when_it_ended(
    state: str, page: Client, conversation: Conversation
) -> None:
    pane = reverse("inbox:conversation", args=["lumen", conversation.public_id])
    Conversation.objects.update(priority=Priority.HIGH)
    assert "Nothing presses." in page.get(pane).content.decode()

    Conversation.objects.update(state=state, resolved_at=NOW if state == "resolved" else None)
    said = page.get(pane).content.decode()

    assert 'High</span> <span class="context__muted">when it ended</span>' in said
    assert "What has ended presses nobody." in said and "triage__score" not in said


@pytest.mark.parametrize("nonsense", ["", "0", "5", "high"])
def test_a_priority_there_is_not_is_refused_in_words(
    nonsense: str, page: Client, conversation: Conversation
) -> None:
    answer = page.post(at("priority", conversation), {"priority": nonsense})

    assert answer.status_code == 422
    assert "urgent, high, normal or low" in answer.content.decode()


def test_what_is_typed_is_when_it_comes_back_in_the_persons_own_time(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    Person.objects.filter(pk=jo.pk).update(time_zone="Europe/Berlin")

    page.post(at("snooze", conversation), {"until": "tomorrow 14:30"})

    conversation.refresh_from_db()
    assert conversation.state == ConversationState.SNOOZED
    assert conversation.snoozed_until == datetime(2026, 8, 7, 12, 30, tzinfo=UTC)


def test_a_bare_day_begins_when_the_brand_opens(page: Client, conversation: Conversation) -> None:
    BusinessHours.objects.create(
        brand=conversation.brand, name="Shop", time_zone="America/New_York", week={"4": [[570, 1080]]}
    )

    page.post(at("snooze", conversation), {"until": "fri"})

    conversation.refresh_from_db()
    assert conversation.snoozed_until == datetime(2026, 8, 7, 13, 30, tzinfo=UTC)


def test_a_bare_day_begins_at_a_usual_hour_where_the_brand_never_closes(
    page: Client, conversation: Conversation
) -> None:
    week = {str(day): [[0, 1440]] for day in range(7)}
    BusinessHours.objects.create(
        brand=conversation.brand, name="Always", time_zone="Europe/Berlin", week=week
    )

    said = page.get(at("snooze-preview", conversation), {"until": "fri"}).content.decode()

    assert "Fri 7 Aug, 09:00, in 20 hours" in said and "closed" not in said


def test_on_a_sunday_the_next_morning_is_offered_once(
    page: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page.get(at("snooze", conversation)).content.decode().count('data-name="until" data-value') == 4

    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 8, 9, 12, 10, tzinfo=UTC))
    sunday = page.get(at("snooze", conversation)).content.decode()

    assert 'data-value="tomorrow"' in sunday and 'data-value="next week"' not in sunday


def test_it_is_told_while_it_is_typed(page: Client, conversation: Conversation) -> None:
    there = at("snooze-preview", conversation)

    assert "Fri 7 Aug, 09:00, in 20 hours" in page.get(there, {"until": "tomorrow 9"}).content.decode()
    assert "until the customer writes" in page.get(there, {"until": "after reply"}).content.decode()
    unclear = page.get(there, {"until": "9"}).content.decode()
    assert "type “9:00” or “in 9h”" in unclear
    assert 'data-understood="no"' in unclear


def test_what_is_not_understood_sets_nothing_aside(page: Client, conversation: Conversation) -> None:
    answer = page.post(at("snooze", conversation), {"until": "when pigs fly"})

    conversation.refresh_from_db()
    assert answer.status_code == 422
    assert "is not understood" in answer.content.decode()
    assert conversation.state == ConversationState.OPEN


def test_news_that_was_not_seen_is_not_set_aside(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    seen = conversation.public_seq
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Wait!", seconds=30))], now=say.at(31))

    answer = page.post(at("snooze", conversation), {"until": "2h", "seen_seq": seen})

    conversation.refresh_from_db()
    assert (answer.status_code, conversation.state) == (409, ConversationState.OPEN)


def test_a_bot_or_the_customer_has_it_until_somebody_brings_it_back(
    page: Client, conversation: Conversation
) -> None:
    answer = page.post(at("pending", conversation), {"seen_seq": conversation.public_seq})

    conversation.refresh_from_db()
    assert conversation.state == ConversationState.PENDING
    assert 'data-state="pending"' in answer.content.decode()
    assert "Bring it back now" in page.get(at("snooze", conversation)).content.decode()
    assert str(conversation.public_id) not in page.get("/b/lumen/inbox/open/rows/").content.decode()

    page.delete(at("pending", conversation))
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN


def test_it_is_listed_among_the_snoozed_until_somebody_brings_it_back(
    page: Client, conversation: Conversation
) -> None:
    page.post(at("snooze", conversation), {"until": "2h"})
    rows = "/b/lumen/inbox/snoozed/rows/"
    assert str(conversation.public_id) in page.get(rows).content.decode()
    assert str(conversation.public_id) not in page.get("/b/lumen/inbox/open/rows/").content.decode()

    page.delete(at("snooze", conversation))

    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.OPEN, None)
    assert str(conversation.public_id) not in page.get(rows).content.decode()


def test_the_picker_says_what_each_offer_means(page: Client, conversation: Conversation) -> None:
    offered = page.get(at("snooze", conversation)).content.decode()

    assert "Fri 7 Aug, 09:00, in 20 hours" in offered
    assert "Mon 10 Aug, 09:00, in 3 days" in offered


@pytest.mark.parametrize("name", ["snooze", "promise"])
def test_the_pickers_offer_a_day_of_the_person_while_it_is_the_next_one_at_the_brand(
    page: Client, conversation: Conversation, jo: Person, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Thursday, ten past eleven in the evening, in Los Angeles; Berlin opened its Friday ten minutes ago."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 8, 7, 6, 10, tzinfo=UTC))
    Person.objects.filter(pk=jo.pk).update(time_zone="America/Los_Angeles")
    week = {str(day): [[480, 1080]] for day in range(7)}
    BusinessHours.objects.create(brand=conversation.brand, name="Shop", time_zone="Europe/Berlin", week=week)

    answer = page.get(at(name, conversation))

    assert answer.status_code == 200
    assert "Fri 7 Aug, 23:00, in 23 hours" in answer.content.decode()


def test_a_person_is_marked_as_vip_and_unmarked(page: Client, conversation: Conversation) -> None:
    answer = page.post(at("vip", conversation)).content.decode()
    assert Contact.objects.get().vip
    assert "Marked as VIP · Mara" in answer and 'aria-pressed="true"' in answer
    back = page.post(reverse("inbox:undo", args=["lumen"])).content.decode()
    assert not Contact.objects.get().vip
    assert "Undone: marked as VIP." in back and 'aria-pressed="false"' in back
    page.post(at("vip", conversation))
    page.delete(at("vip", conversation))
    assert not Contact.objects.get().vip


def test_a_group_is_nobody_to_mark(page: Client, conversation: Conversation) -> None:
    Conversation.objects.update(contact=None)

    assert page.post(at("vip", conversation)).status_code == 422
