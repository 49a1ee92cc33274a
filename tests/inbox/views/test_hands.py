from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from inbox import tasks
from inbox.actions import bulk
from inbox.models import BulkRun, Channel, Conversation, Membership, Message, Person, Role
from inbox.queries import holds
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
AT = "/b/lumen/conversations/{}/{}/"


@pytest.fixture(autouse=True)
def _works_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's part, without a broker between."""
    monkeypatch.setattr(tasks, "wake_bulk", lambda run_id: tasks.bulk_run(run_id=run_id))


def ask(page: Client, **values: Any) -> HttpResponse:
    return page.post("/b/lumen/bulk/", {"seen_seq": "99999", **values})  # type: ignore[return-value]


def test_what_was_done_is_said_with_the_way_back(page: Client, conversation: Conversation) -> None:
    said = page.post(AT.format(conversation.public_id, "resolution")).content.decode()
    assert "Resolved · Mara" in said and "data-undo=" in said
    again = page.post(AT.format(conversation.public_id, "resolution")).content.decode()
    assert "data-undo=" not in again

    undone = page.post("/b/lumen/undo/").content.decode()
    assert "Undone: resolved." in undone and 'data-state="open"' in undone
    assert page.post("/b/lumen/undo/").status_code == 422


def test_a_reply_waits_as_the_brand_says_and_as_its_writer_says(
    page: Client, jo: Person, conversation: Conversation
) -> None:
    def reply() -> Message:
        values = {"client_id": str(uuid.uuid4()), "text": "Soon", "written_against": "99999"}
        assert page.post(AT.format(conversation.public_id, "replies"), values).status_code == 200
        return Message.objects.filter(direction="out").latest("pk")

    Conversation.objects.update(window_opened_at=timezone.now())
    first = reply()
    assert first.not_before == first.created_at + timedelta(seconds=5)
    page.post("/b/lumen/settings/replies/", {"own": "on", "seconds": "30"})
    second = reply()
    assert second.not_before == second.created_at + timedelta(seconds=30)
    page.post("/b/lumen/settings/replies/", {"own": "on", "seconds": "0"})
    assert reply().not_before == Message.objects.latest("pk").created_at
    assert page.post("/b/lumen/settings/replies/", {"own": "on", "seconds": "3"}).status_code == 422


def test_only_who_sets_up_the_brand_decides_for_everybody(page: Client, jo: Person, channel: Channel) -> None:
    page.post("/b/lumen/settings/replies/", {"brand": "on", "seconds": "30"})
    channel.brand.refresh_from_db()
    assert holds.of(jo, channel.brand) == timedelta(seconds=5)

    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    page.post("/b/lumen/settings/replies/", {"brand": "on", "seconds": "30"})
    channel.brand.refresh_from_db()
    assert holds.of(jo, channel.brand) == timedelta(seconds=30)


def test_a_thousand_are_taken_one_by_one_and_not_one_more(page: Client, channel: Channel) -> None:
    made = make.conversations(channel, bulk.MOST_SELECTED + 1)

    def selected(count: int) -> str:
        return " ".join(f"{each.public_id}:0" for each in made[:count])

    answer = ask(page, act="unread", ids=selected(bulk.MOST_SELECTED))
    assert answer.status_code == 200
    assert BulkRun.objects.get().total == bulk.MOST_SELECTED

    answer = ask(page, act="unread", ids=selected(bulk.MOST_SELECTED + 1))
    assert (answer.status_code, "at most 1000" in answer.content.decode()) == (422, True)


def test_a_view_is_asked_for_by_its_name_and_not_by_its_ids(page: Client, channel: Channel) -> None:
    make.conversations(channel, 5)
    assert "0 of 5" in ask(page, act="resolve", view="open").content.decode()
    assert Conversation.objects.filter(state="resolved").count() == 5
    run = BulkRun.objects.get()
    assert "5 of 5" in page.get(f"/b/lumen/bulk/runs/{run.public_id}/").content.decode()

    assert "Undo: resolved" in page.post("/b/lumen/undo/", {"run": str(run.public_id)}).content.decode()
    assert Conversation.objects.filter(state="open").count() == 5


@pytest.mark.parametrize(
    "values",
    [
        {"act": "resolve"},
        {"act": "undo", "view": "open"},
        {"act": "shred", "view": "open"},
        {"act": "assign", "view": "open", "value": "nobody-known"},
        {"act": "tag", "view": "open", "value": "x"},
        {"act": "priority", "view": "open", "value": "9"},
        {"act": "snooze", "view": "open", "value": "9"},
        {"act": "resolve", "ids": ["no-id"]},
        {"act": "resolve", "view": "snoozed"},
        {"act": "resolve", "view": "open", "seen_seq": "-1"},
        {"act": "resolve", "view": "open", "seen_seq": str(2**63)},
        {"act": "tag", "view": "open", "value": "²"},
        {"act": "tag", "view": "open", "value": "9" * 80},
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    page: Client, channel: Channel, values: dict[str, Any]
) -> None:
    make.conversations(channel, 2)

    answer = ask(page, **values)

    assert answer.status_code == 422
    assert b'class="notice"' in answer.content
    assert (BulkRun.objects.count(), Conversation.objects.filter(state="open").count()) == (0, 2)


def test_conversations_of_another_brand_are_not_meant(page: Client, channel: Channel) -> None:
    theirs = make.conversation(ChannelFactory())

    assert ask(page, act="resolve", ids=[str(theirs.public_id)]).status_code == 422
    theirs.refresh_from_db()
    assert theirs.state == "open"
    assert page.get(f"/b/lumen/bulk/rows/?id={theirs.public_id}").content.strip() == b""


def test_rows_that_cannot_be_meant_are_refused(page: Client) -> None:
    assert page.get("/b/lumen/bulk/rows/?id=x").status_code == 400


def test_a_colleagues_run_is_theirs_to_see_and_to_stop(
    page: Client, channel: Channel, client: Client
) -> None:
    make.conversations(channel, 2)
    ask(page, act="unread", view="open")
    run = BulkRun.objects.get()
    client.force_login(agent_of(channel.brand))

    assert client.get(f"/b/lumen/bulk/runs/{run.public_id}/").status_code == 404
    assert client.delete(f"/b/lumen/bulk/runs/{run.public_id}/").status_code == 404


def test_choices_for_all_selected(page: Client, channel: Channel) -> None:
    assert "Nobody" in page.get("/b/lumen/bulk/choices/assign/").content.decode()
    assert "Urgent" in page.get("/b/lumen/bulk/choices/priority/").content.decode()
    assert "tomorrow" in page.get("/b/lumen/bulk/choices/snooze/").content.decode()
    assert page.get("/b/lumen/bulk/choices/tag/").status_code == 200
    assert page.get("/b/lumen/bulk/choices/resolve/").status_code == 404
    assert "in 2 hours" in page.get("/b/lumen/bulk/snooze/preview/?until=2h").content.decode()
