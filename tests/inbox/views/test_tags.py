"""The key l: tags that a person puts on and takes off."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inbox.models import Conversation, ConversationTag, Person, SetBy, Tag, TagState
from inbox.queries import triage_facts
from tests.factories.people import BrandFactory


@pytest.fixture
def refund(conversation: Conversation) -> Tag:
    return Tag.objects.create(brand=conversation.brand, name="refund")


def at(name: str, conversation: Conversation, *more: int) -> str:
    return reverse(f"inbox:{name}", args=[conversation.brand.slug, conversation.public_id, *more])


def test_a_tag_is_put_on_and_taken_off(
    page: Client, conversation: Conversation, refund: Tag, jo: Person
) -> None:
    answer = page.post(at("tag", conversation, refund.pk)).content.decode()

    conversation.refresh_from_db()
    assert conversation.tags == ["refund"]
    assert 'id="conversation-triage"' in answer and 'class="row"' in answer
    row = ConversationTag.objects.get()
    assert (row.set_by, row.person) == (SetBy.PERSON, jo)

    page.delete(at("tag", conversation, refund.pk))
    conversation.refresh_from_db()
    assert conversation.tags == []


def test_the_picker_offers_what_is_on_first_then_what_is_suggested(
    page: Client, conversation: Conversation, refund: Tag
) -> None:
    tags = {name: Tag.objects.create(brand=conversation.brand, name=name) for name in ("cancel", "praise")}
    ConversationTag.objects.create(
        conversation=conversation, tag=refund, state=TagState.SUGGESTED, set_by=SetBy.MODEL, confidence=0.62,
        model_version=2, set_at=timezone.now(),
    )  # fmt: skip
    page.post(at("tag", conversation, tags["praise"].pk))

    shown = page.get(at("tags", conversation)).content.decode()

    assert shown.index("praise") < shown.index("refund") < shown.index("cancel")
    assert "suggested by model v2 0.62" in shown


def test_another_brands_tag_is_not_found(page: Client, conversation: Conversation) -> None:
    theirs = Tag.objects.create(brand=BrandFactory(), name="theirs")

    assert page.post(at("tag", conversation, theirs.pk)).status_code == 404
    assert page.delete(at("tag", conversation, theirs.pk)).status_code == 404
    assert "theirs" not in page.get(at("tags", conversation)).content.decode()


def test_what_stands_beside_costs_the_same_however_many_tags_there_are(conversation: Conversation) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            triage_facts.of(conversation, brand_slug="b", now=timezone.now())
        return len(queries)

    before = asked()
    for number in range(12):
        tag = Tag.objects.create(brand=conversation.brand, name=f"tag {number}")
        ConversationTag.objects.create(
            conversation=conversation, tag=tag, set_by=SetBy.MODEL, confidence=0.9, set_at=timezone.now()
        )

    assert asked() == before
