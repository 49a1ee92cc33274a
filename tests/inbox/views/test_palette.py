"""What the palette is told: colleagues, tags and pages of one's own brand."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inbox.actions import indexing, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Person, Role, Tag
from tests.factories import exchange
from tests.factories.people import BrandFactory, MembershipFactory, agent_of

QUERIES = 7  # session, person, brand, role, membership, colleagues, tags


def offers(page: Client, channel: Channel) -> str:
    return page.get(reverse("inbox:palette", args=[channel.brand.slug])).content.decode()


def test_colleagues_and_tags_of_the_brand_are_offered_and_nobody_elses(
    page: Client, channel: Channel, jo: Person
) -> None:
    agent_of(channel.brand, name="Bea")
    agent_of(BrandFactory(), name="Stranger")
    Tag.objects.create(brand=channel.brand, name="refund")
    Tag.objects.create(brand=BrandFactory(), name="theirs")

    found = offers(page, channel)

    assert "Assign to Bea" in found and "Assign to Jo (me)" in found and "Tag: refund" in found
    assert "Stranger" not in found and "theirs" not in found


@pytest.mark.parametrize(
    ("role", "settings", "channels"),
    [(Role.AGENT, False, False), (Role.MANAGER, True, False), (Role.OPERATIONS, False, True)],
)
def test_pages_are_offered_to_those_who_may_open_them(
    client: Client, channel: Channel, role: Role, settings: bool, channels: bool
) -> None:
    client.force_login(MembershipFactory(brand=channel.brand, role=role).person)

    found = offers(client, channel)

    assert ("Settings: Priority" in found, "Manage channels" in found) == (settings, channels)


def test_however_many_there_are_it_takes_the_same_few_questions(page: Client, channel: Channel) -> None:
    for number in range(30):
        Tag.objects.create(brand=channel.brand, name=f"tag {number}")
        agent_of(channel.brand)

    with CaptureQueriesContext(connection) as asked:
        offers(page, channel)

    assert len(asked) <= QUERIES


def test_people_are_found_by_the_beginning_of_their_names(page: Client, channel: Channel) -> None:
    say = [exchange.wrote("Hi", who=who) for who in ("marta", "zoe")]
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in say], now=exchange.at(1))
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        indexing.index(batch)

    found = page.get(
        reverse("inbox:palette-people", args=[channel.brand.slug]), {"q": "mart"}
    ).content.decode()

    assert "Marta" in found and "Zoe" not in found
    assert not page.get(reverse("inbox:palette-people", args=[channel.brand.slug])).content.strip()


@pytest.mark.parametrize("name", ["palette", "palette-people"])
def test_another_brands_palette_does_not_exist(client: Client, channel: Channel, name: str) -> None:
    client.force_login(agent_of(BrandFactory()))

    assert client.get(reverse(f"inbox:{name}", args=[channel.brand.slug]), {"q": "a"}).status_code == 404
