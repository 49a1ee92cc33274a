"""Whose midnight a brand's days end at, in its settings."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import defaults
from inbox.models import AuditEntry, Brand, BusinessHours, Channel, Membership, Person, Role
from tests.factories import people


@pytest.fixture
def brand(channel: Channel) -> Brand:
    Brand.objects.filter(pk=channel.brand_id).update(time_zone="Europe/Berlin")
    channel.brand.refresh_from_db()
    defaults.give_defaults(channel.brand)
    return channel.brand


def become(jo: Person, role: Role) -> None:
    Membership.objects.filter(person=jo).update(role=role)


def at(name: str, brand: Brand) -> str:
    return reverse(f"inbox:settings-{name}", args=[brand.slug])


def zone_of(brand: Brand) -> str:
    return Brand.objects.values_list("time_zone", flat=True).get(pk=brand.pk)


def test_an_administrator_moves_the_days_and_the_log_says_so_once(
    page: Client, jo: Person, brand: Brand
) -> None:
    become(jo, Role.ADMINISTRATOR)
    assert 'value="Europe/Berlin"' in page.get(at("hours", brand)).content.decode()

    for _ in range(2):
        told = page.post(at("zone", brand), {"time_zone": "Asia/Tokyo"}, follow=True).content.decode()

    assert zone_of(brand) == "Asia/Tokyo" and 'value="Asia/Tokyo"' in told
    [entry] = AuditEntry.objects.filter(brand=brand, subject="brand", person=jo)
    assert (entry.before, entry.after) == ({"time_zone": "Europe/Berlin"}, {"time_zone": "Asia/Tokyo"})
    assert BusinessHours.objects.get(brand=brand).time_zone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "localtime", "", "Europe/Berlin\0"])
def test_what_is_no_zone_is_refused_beside_its_field(
    zone: str, page: Client, jo: Person, brand: Brand
) -> None:
    become(jo, Role.ADMINISTRATOR)

    answer = page.post(at("zone", brand), {"time_zone": zone})

    assert answer.status_code == 422
    assert 'id="id_time_zone_error"' in answer.content.decode()
    assert zone_of(brand) == "Europe/Berlin"


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS, Role.MANAGER])
def test_nobody_else_moves_them(role: Role, page: Client, jo: Person, brand: Brand) -> None:
    become(jo, role)

    assert page.post(at("zone", brand), {"time_zone": "Asia/Tokyo"}).status_code == 404
    shown = page.get(at("hours", brand))

    assert zone_of(brand) == "Europe/Berlin"
    assert shown.status_code == (200 if role == Role.MANAGER else 404)
    if role == Role.MANAGER:
        assert "midnight in Europe/Berlin" in shown.content.decode()
        assert at("zone", brand) not in shown.content.decode()


def test_an_administrator_of_another_brand_moves_them_as_little(
    page: Client, jo: Person, brand: Brand
) -> None:
    become(jo, Role.ADMINISTRATOR)
    other = people.ChannelFactory().brand

    assert page.post(at("zone", other), {"time_zone": "Asia/Tokyo"}).status_code == 404
    assert zone_of(other) == "UTC"
