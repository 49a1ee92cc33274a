"""Drafts by their addresses: they come back on any device, to their writer alone."""

from __future__ import annotations

from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Attachment, Conversation, Draft, Message, Person
from tests.factories.people import agent_of

TAB = str(uuid4())


def at(name: str, conversation: Conversation, *more: str) -> str:
    return reverse(f"inbox:{name}", args=["lumen", conversation.public_id, *more])


def save(page: Client, conversation: Conversation, kind: str = "reply", **told: Any) -> HttpResponse:
    body = {"text": "Hello", "base": 0, "tab": TAB, "step": 1, "written_against": 1, **told}
    answer: HttpResponse = page.post(at("draft", conversation, kind), body)  # type: ignore[assignment]
    return answer


def test_a_draft_is_there_wherever_its_writer_opens_the_conversation(
    page: Client, jo: Person, conversation: Conversation
) -> None:
    message = Message.objects.get()
    file = Attachment.objects.create(
        channel=conversation.channel, kind="image", name="lamp.png", size=10, uploaded_by=jo
    )
    text = 'Line one\nand "two" <b>'
    answer = save(page, conversation, text=text, uploads=[str(file.public_id)], reply_to=message.external_id)
    assert answer.status_code == 200 and int(answer.content) == Draft.objects.get().version

    elsewhere = Client()
    elsewhere.force_login(jo)
    shown = elsewhere.get(at("conversation", conversation)).content.decode()

    assert "<b>" not in shown.partition("data-drafts")[2].partition("data-at")[2].partition("</div>")[0]
    assert f'data-text="{text}"' in unescape(shown).replace("&quot;", '"')
    assert "lamp.png" in shown and 'data-quoted="Where is my parcel?"' in shown
    assert f'data-drafts="{conversation.public_id}"' in shown


def test_a_draft_of_numbers_that_nothing_has_is_refused_in_words(
    page: Client, conversation: Conversation
) -> None:
    for name in ("written_against", "base", "step"):
        assert save(page, conversation, **{name: 2**63}).status_code == 422


def test_nobody_else_is_shown_it(page: Client, conversation: Conversation, client: Client) -> None:
    save(page, conversation, text="my own words")
    colleague = Client()
    colleague.force_login(agent_of(conversation.brand))

    for name in ("conversation", "drafts"):
        assert "my own words" not in colleague.get(at(name, conversation)).content.decode()
    assert 'data-drafts=""' in colleague.get(at("conversation", conversation)).content.decode()


def test_whoever_was_overtaken_is_told_what_is_kept(page: Client, conversation: Conversation) -> None:
    save(page, conversation, text="From the phone")

    answer = save(page, conversation, text="From the desk", tab=str(uuid4()))

    assert answer.status_code == 409 and 'data-text="From the phone"' in answer.content.decode()
    assert Draft.objects.get().text == "From the phone"


@pytest.mark.parametrize("told", [{"tab": "x"}, {"base": "-1"}, {"step": ""}, {"text": "x" * 100_001}])
def test_what_cannot_be_read_is_said_and_nothing_is_kept(
    told: dict[str, str], page: Client, conversation: Conversation
) -> None:
    answer = save(page, conversation, **told)

    assert answer.status_code == 422 and "kept in this browser" in answer.content.decode()
    assert not Draft.objects.exists()


def test_there_are_two_kinds(page: Client, conversation: Conversation) -> None:
    assert save(page, conversation, "note").status_code == 200
    assert save(page, conversation, "poem").status_code == 404


def test_a_colleagues_upload_is_not_taken_into_ones_draft(page: Client, conversation: Conversation) -> None:
    theirs = Attachment.objects.create(
        channel=conversation.channel,
        kind="image",
        name="secret.png",
        uploaded_by=agent_of(conversation.brand),
    )
    save(page, conversation, uploads=[str(theirs.public_id)])

    assert "secret.png" not in page.get(at("drafts", conversation)).content.decode()


@pytest.mark.parametrize(("kind", "address"), [("reply", "replies"), ("note", "notes")])
def test_what_is_sent_takes_the_saves_of_its_page_along(
    kind: str, address: str, page: Client, conversation: Conversation
) -> None:
    Conversation.objects.update(window_opened_at=timezone.now())
    save(page, conversation, kind)
    body = {
        "client_id": str(uuid4()),
        "text": "Hello",
        "written_against": conversation.seq,
        "draft": 0,
        "tab": TAB,
    }

    for step in (0, 1):
        assert Draft.objects.exists()
        assert page.post(at(address, conversation), body | {"step": step}).status_code == 200
    assert not Draft.objects.exists()
