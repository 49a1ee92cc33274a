"""An address is given by whoever invites; nobody changes their own, and nobody takes a colleague's."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertTemplateUsed

from config.accounts import AccountAdapter
from config.middleware import address_of
from inbox.actions import locking
from inbox.models import BrandSequence, Person
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
EMAIL = "/accounts/email/"


@pytest.mark.parametrize("act", ["action_add", "action_primary", "action_send", "action_remove"])
def test_nobody_changes_the_address_that_they_sign_in_with(client: Client, act: str) -> None:
    person = agent_of(ChannelFactory().brand, email="jo@lumen.example")
    client.force_login(person)

    answer = client.post(EMAIL, {"email": "other@evil.example", act: ""})

    person.refresh_from_db()
    assert (answer.status_code, person.email) == (404, "jo@lumen.example")
    assert not EmailAddress.objects.filter(email="other@evil.example").exists()


def test_a_password_that_is_being_set_while_the_account_is_locked_opens_nothing() -> None:
    person = agent_of(ChannelFactory().brand)
    BrandSequence.objects.get_or_create(brand=person.memberships.get().brand)
    at_the_door = Person.objects.get(pk=person.pk)  # as the request read it
    locking.lock(person=person, now=timezone.now())

    AccountAdapter().set_password(at_the_door, "a long horse battery")

    person.refresh_from_db()
    assert not person.is_active and not person.has_usable_password()


def test_a_password_is_changed(client: Client) -> None:
    person = agent_of(ChannelFactory().brand)
    client.force_login(person)
    told = {
        "oldpassword": "correct horse",
        "password1": "a long horse battery",
        "password2": "a long horse battery",
    }

    assert client.post("/accounts/password/change/", told).status_code == 302

    person.refresh_from_db()
    assert person.check_password("a long horse battery")


@pytest.mark.parametrize("path", [EMAIL, "/accounts/confirm-email/", "/accounts/confirm-email/abc:def/"])
def test_there_is_no_page_for_it(client: Client, path: str) -> None:
    client.force_login(agent_of(ChannelFactory().brand))

    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_the_address_of_a_request_may_come_from_a_header_that_only_the_proxy_knows(
    settings: Settings,
) -> None:
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Client-7f3a"
    told = {"HTTP_X_CLIENT_7F3A": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}

    assert address_of(RequestFactory().get("/", **told)) == "203.0.113.9"  # type: ignore[arg-type]


def test_wrong_passwords_of_an_account_are_counted_together_however_the_host_is_spelled(
    client: Client, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/key"}
    cache.clear()
    person = agent_of(ChannelFactory().brand)

    for host in ("testserver", "testserver:1", "TESTSERVER"):
        client.post("/accounts/login/", {"login": person.email, "password": "guess"}, HTTP_HOST=host)
    told = {"login": person.email, "password": "correct horse"}
    answer = client.post("/accounts/login/", told, HTTP_HOST="testserver:2")

    assert answer.status_code == 200 and "Too many failed login attempts" in answer.content.decode()


def test_too_many_tries_are_told_on_a_page_of_parleys_own(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"change_password": "1/m/user"}
    cache.clear()
    client.force_login(agent_of(ChannelFactory().brand))
    told = {"oldpassword": "guess", "password1": "a long horse battery", "password2": "a long horse battery"}

    client.post("/accounts/password/change/", told)
    answer = client.post("/accounts/password/change/", told)

    assert answer.status_code == 429
    assertTemplateUsed(answer, "base.html")
    assertContains(answer, "Too many tries", status_code=429)
    assertContains(answer, 'href="/"', status_code=429)


def test_a_link_for_a_password_leads_to_the_installation_whoever_asks_for_it(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.PARLEY_PUBLIC_URL, settings.ALLOWED_HOSTS = "https://parley.example", [".lumen.example"]
    settings.EMAIL_HOST = "mail.example"
    person = agent_of(ChannelFactory().brand)

    client.post("/accounts/password/reset/", {"email": person.email}, HTTP_HOST="pages.lumen.example:81")

    (mail,) = mailoutbox
    link = next(word for word in mail.body.split() if "/accounts/" in word)
    assert link.startswith("https://parley.example/accounts/password/reset/key/")
    assert "lumen.example" not in mail.body.replace(person.email, "")
    assert client.get(urlsplit(link).path, HTTP_HOST="x.lumen.example").status_code == 302
