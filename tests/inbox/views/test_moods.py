"""The mood of a conversation: said, corrected, accepted and refused by a person, and taken back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from inbox.models import Conversation, Event, Example, ModelKind, Person, SetBy


def at(conversation: Conversation, *name: str) -> str:
    return reverse(
        "inbox:mood" if name else "inbox:moods", args=[conversation.brand.slug, conversation.public_id, *name]
    )


def told(page: Client, conversation: Conversation) -> str:
    """The page with the thread open."""
    shown = reverse("inbox:conversation", args=[conversation.brand.slug, conversation.public_id])
    return page.get(shown).content.decode()


@pytest.fixture
def by_words(conversation: Conversation) -> Conversation:
    Conversation.objects.update(sentiment="negative", sentiment_set_by=SetBy.RULE)
    return conversation


@pytest.fixture
def guessed(conversation: Conversation) -> Conversation:
    Conversation.objects.update(
        sentiment_suggested="negative", sentiment_confidence=0.62, sentiment_version=3
    )
    return conversation


def mood(conversation: Conversation) -> tuple[str, str, str]:
    """What is set, by whom, and what is suggested."""
    conversation.refresh_from_db()
    return conversation.sentiment, conversation.sentiment_set_by, conversation.sentiment_suggested


def taught() -> list[tuple[list[str], list[str], str]]:
    found = Example.objects.filter(kind=ModelKind.SENTIMENT).order_by("pk")
    return [(one.holds, one.fails, one.message.text) for one in found]


def test_a_mood_that_words_set_wrongly_is_corrected_and_teaches(
    page: Client, by_words: Conversation, jo: Person
) -> None:
    answer = page.post(at(by_words, "positive")).content.decode()

    assert mood(by_words) == ("positive", SetBy.PERSON, "")
    assert (
        'id="conversation-triage"' in answer
        and 'data-undo-mood="positive"' in answer
        and "data-undo=" in answer
    )
    assert taught() == [(["positive"], ["negative"], "Where is my parcel?")]
    assert "Jo said the mood is positive" in told(page, by_words)


def test_a_suggestion_says_whose_it_is_and_is_accepted(page: Client, guessed: Conversation) -> None:
    beside = told(page, guessed)
    assert "negative?" in beside and "model v3 0.62" in beside

    page.post(at(guessed, "negative"))

    assert mood(guessed) == ("negative", SetBy.PERSON, "")
    assert taught() == [(["negative"], [], "Where is my parcel?")]
    assert "Jo said yes to the mood negative" in told(page, guessed)


def test_a_suggestion_is_refused_and_nothing_stays_said(page: Client, guessed: Conversation) -> None:
    page.delete(at(guessed, "negative"))

    assert mood(guessed) == ("", SetBy.PERSON, "")
    assert taught() == [([], ["negative"], "Where is my parcel?")]
    after = told(page, guessed)
    assert "Jo said no to the mood negative" in after and "None, a person said so." in after


def test_a_refusal_leaves_what_is_set_beside_it(page: Client, guessed: Conversation) -> None:
    Conversation.objects.update(sentiment="positive", sentiment_set_by=SetBy.MODEL)

    page.delete(at(guessed, "negative"))

    assert mood(guessed) == ("positive", SetBy.PERSON, "")
    assert taught() == [(["positive"], ["negative"], "Where is my parcel?")]


def test_what_is_not_said_any_more_cannot_be_taken_off(page: Client, by_words: Conversation) -> None:
    """The page that asks was drawn before somebody changed it."""
    page.delete(at(by_words, "positive"))

    assert mood(by_words) == ("negative", SetBy.RULE, "")
    assert taught() == []


@pytest.mark.parametrize("act", ["post", "delete"])
def test_z_puts_it_back_and_unteaches(act: str, page: Client, by_words: Conversation) -> None:
    getattr(page, act)(at(by_words, "positive" if act == "post" else "negative"))
    assert mood(by_words)[1] == SetBy.PERSON

    undone = page.post(reverse("inbox:undo", args=["lumen"])).content.decode()

    assert "Undone: " in undone and 'data-undo-mood="negative"' in undone
    assert mood(by_words) == ("negative", SetBy.RULE, "")
    assert taught() == []


def test_saying_it_twice_is_saying_it_once(page: Client, by_words: Conversation) -> None:
    for _ in range(2):
        page.post(at(by_words, "neutral"))

    assert len(taught()) == 1
    assert Event.objects.filter(data__sentiment="neutral").count() == 1


def test_the_picker_offers_the_three_and_none(page: Client, guessed: Conversation) -> None:
    offered = page.get(at(guessed)).content.decode()

    assert all(name in offered for name in ("Negative", "Neutral", "Positive", "No mood"))
    assert "suggested by the model" in offered


def test_there_is_no_fourth_mood(page: Client, conversation: Conversation) -> None:
    assert page.post(at(conversation, "furious")).status_code == 404
    assert page.delete(at(conversation, "furious")).status_code == 404
    assert not Example.objects.exists()


def test_the_palette_offers_them(page: Client, conversation: Conversation) -> None:
    offers = page.get(reverse("inbox:palette", args=["lumen"])).content.decode()

    assert "Mood: negative" in offers and 'data-mood="negative"' in offers
