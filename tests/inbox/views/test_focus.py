"""The addresses of focus: what they answer, and that they are nobody else's."""

from __future__ import annotations

from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inbox.models import Channel, Conversation, Focus, Person
from tests.factories import conversations as make
from tests.factories.people import BrandFactory, agent_of


def address(channel: Channel) -> str:
    return reverse("inbox:focus", args=[channel.brand.slug])


def test_it_answers_with_what_is_next_and_what_comes_after(
    page: Client, channel: Channel, jo: Person
) -> None:
    first, second, *_ = make.conversations(channel, 3)

    found = page.post(address(channel), {"view": "open", "sort": "newest"}).content.decode()

    assert f'data-current="{first.public_id}"' in found and f'data-ready="{second.public_id}"' in found
    assert Focus.objects.filter(person=jo).count() == 2
    assert page.delete(address(channel)).status_code == 204
    assert not Focus.objects.exists()


def test_a_page_that_has_left_is_given_nothing_by_a_request_that_comes_late(
    page: Client, channel: Channel
) -> None:
    make.conversations(channel, 2)
    asks = {"view": "open", "sort": "newest", "page": str(uuid4())}
    assert "data-current" in page.post(address(channel), asks).content.decode()

    assert page.delete(f"{address(channel)}?page={asks['page']}").status_code == 204
    late = page.post(address(channel), asks)

    assert late.status_code == 200 and "data-current" not in late.content.decode()
    assert not Focus.objects.exists()
    assert page.delete(f"{address(channel)}?page=x").status_code == 204
    assert "data-current" in page.post(address(channel), asks | {"page": str(uuid4())}).content.decode()


def test_however_long_the_view_it_takes_the_same_few_questions(page: Client, channel: Channel) -> None:
    make.conversations(channel, 40)

    with CaptureQueriesContext(connection) as asked:
        page.post(address(channel), {"view": "open", "sort": "newest"})

    assert len(asked) <= 16
    assert not [query for query in asked if "COUNT(" in query["sql"]]


def test_what_was_passed_over_comes_again_once_the_customer_has_written(
    page: Client, channel: Channel
) -> None:
    first, second = make.conversations(channel, 2)
    seen = first.public_seq

    def given() -> str:
        passed = [f"{first.public_id}:{seen}"]
        body = {"view": "open", "sort": "newest", "passed": passed}
        return page.post(address(channel), body).content.decode()

    assert f'data-current="{second.public_id}"' in given()
    make_newer = Conversation.objects.filter(pk=first.pk).update
    make_newer(public_seq=seen + 5, waiting_since=None)  # an answer of ours
    assert f'data-current="{second.public_id}"' in given()
    make_newer(waiting_since=timezone.now())
    assert f'data-current="{first.public_id}"' in given()


def test_what_cannot_be_read_is_said(page: Client, channel: Channel) -> None:
    assert page.post(address(channel), {"view": "nothing-of-ours"}).status_code == 404
    for unread in ({"conversation": "x"}, {"page": "x"}, {"passed": "x:1"}, {"passed": f"{uuid4()}:x"}):
        answer = page.post(address(channel), {"view": "open", **unread})

        assert answer.status_code == 422 and "Reload" in answer.content.decode()


def test_an_outsider_finds_nothing_and_takes_nothing(client: Client, channel: Channel) -> None:
    [conversation] = make.conversations(channel, 1)
    client.force_login(agent_of(BrandFactory()))
    takeover = reverse("inbox:focus-takeover", args=[channel.brand.slug, conversation.public_id])

    assert client.post(address(channel), {"view": "open"}).status_code == 404
    assert client.delete(address(channel)).status_code == 404
    assert client.post(takeover).status_code == 404
    assert not Focus.objects.exists()
