"""The people of a brand, as those who administer it meet them; nobody else does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from inbox.actions import attending, employing, locking, recording
from inbox.models import AuditEntry, Brand, Channel, Event, EventKind, Membership, Person, Role
from tests.factories import exchange, teams
from tests.factories.people import ChannelFactory, MembershipFactory, agent_of


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def admin(page: Client, jo: Person, brand: Brand) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.ADMINISTRATOR)
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:settings-{name}", args=["lumen", *more])


def addresses(person: Person) -> list[str]:
    mine = [at(name, person.public_id) for name in ("person", "person-invitation", "person-removal")]
    return [at("people"), at("person-new"), *mine]


TOLD = {"email": "new@lumen.example", "name": "Nia New", "role": Role.MANAGER}


def role_of(person: Person, brand: Brand) -> str:
    found = Membership.objects.filter(person=person, brand=brand).first()
    return found.role if found else ""


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS, Role.MANAGER])
def test_people_are_not_there_for_those_who_do_not_administer(
    role: Role, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo).update(role=role)
    other = agent_of(brand)

    for address in [*addresses(other), *addresses(jo)]:
        assert page.get(address).status_code in (404, 405)
        assert page.post(address, {**TOLD, "role": Role.ADMINISTRATOR}).status_code in (404, 405)

    assert (role_of(other, brand), role_of(jo, brand)) == (Role.AGENT, role)
    assert not Person.objects.filter(email=TOLD["email"]).exists()
    if role == Role.MANAGER:
        assert at("people") not in said(page.get(at("teams")))
        assert at("people") not in said(page.get(reverse("inbox:palette", args=["lumen"])))


def test_for_an_administrator_of_another_brand_nothing_exists(
    client: Client, jo: Person, brand: Brand
) -> None:
    outsider = MembershipFactory(brand=ChannelFactory().brand, role=Role.ADMINISTRATOR).person
    client.force_login(outsider)

    for address in addresses(jo):
        assert client.get(address).status_code in (404, 405)
        assert client.post(address, TOLD).status_code in (404, 405)
    assert role_of(jo, brand) == Role.AGENT


def test_people_of_another_brand_cannot_be_reached_through_ones_own(admin: Client) -> None:
    elsewhere = ChannelFactory().brand
    stranger = agent_of(elsewhere)

    for name in ("person", "person-invitation", "person-removal"):
        assert admin.post(at(name, stranger.public_id), {"role": Role.MANAGER}).status_code == 404
    assert role_of(stranger, elsewhere) == Role.AGENT and not mail.outbox


def test_everybody_is_listed_with_role_teams_and_whether_they_came(
    admin: Client, brand: Brand, django_assert_max_num_queries: Any
) -> None:
    ada = agent_of(brand, name="Ada")
    teams.team(brand, ada, name="Returns")
    gone = agent_of(brand, name="Gone")
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    for _ in range(10):
        agent_of(brand)

    with django_assert_max_num_queries(8):
        html = said(admin.get(at("people")))

    row = next(part for part in html.split("<tr>") if ">Ada<" in part)
    assert "Agent" in row and "Returns" in row and ">never<" in row
    assert ">locked<" in next(part for part in html.split("<tr>") if ">Gone<" in part)
    assert 'href="/b/lumen/settings/people/" aria-current="page"' in html


@pytest.mark.parametrize("left", ["removed", "locked"])
def test_who_was_never_here_was_not_here_by_leaving(
    admin: Client, jo: Person, brand: Brand, left: str
) -> None:
    ada = agent_of(brand, name="Ada")

    def row() -> str:
        return next(part for part in said(admin.get(at("people"))).split("<tr>") if ">Ada<" in part)

    if left == "removed":
        employing.remove(brand=brand, person=ada, by=jo, now=exchange.at(5))
        MembershipFactory(brand=brand, person=ada)
    else:
        locking.lock(person=ada, now=exchange.at(5))
        Person.objects.filter(pk=ada.pk).update(is_active=True, password=ada.password)

    assert ">never<" in row()
    attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=exchange.at(60))
    assert '<local-time datetime="2026-08-06T12:01:00+00:00"' in row()


def test_when_somebody_was_here_is_told_and_not_when_they_signed_in_for_another_brand(
    admin: Client, brand: Brand
) -> None:
    ada = agent_of(brand, name="Ada")
    MembershipFactory(person=ada)
    Person.objects.filter(pk=ada.pk).update(last_login=exchange.at(0))

    assert "2026-08-06" not in said(admin.get(at("people")))
    attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=exchange.at(60))
    assert '<local-time datetime="2026-08-06T12:01:00+00:00"' in said(admin.get(at("people")))


def test_somebody_new_is_invited_by_mail_and_sets_a_password(
    admin: Client, client: Client, brand: Brand
) -> None:
    answer = admin.post(at("person-new"), TOLD, follow=True)

    person = Person.objects.get(email="new@lumen.example")
    assert (person.name, role_of(person, brand)) == ("Nia New", Role.MANAGER)
    assert "A mail to new@lumen.example says how to set a password." in said(answer)
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (
        ["new@lumen.example"],
        "Parley: You can sign in to Parley now",
    )
    assert brand.name in letter.body and "requested" not in letter.body
    found = re.search(r"https?://\S+?(/accounts/password/reset/key/\S+)", letter.body)
    assert found
    theirs = Client()
    form = theirs.get(found[1], follow=True)
    theirs.post(form.redirect_chain[-1][0], dict.fromkeys(("password1", "password2"), "a long horse battery"))
    person.refresh_from_db()
    assert person.check_password("a long horse battery")


def test_who_has_an_account_keeps_it_and_gets_no_mail(admin: Client, brand: Brand) -> None:
    there = agent_of(ChannelFactory().brand, name="Theo", email="new@lumen.example")

    answer = admin.post(at("person-new"), {**TOLD, "email": "New@Lumen.example"}, follow=True)

    there.refresh_from_db()
    assert (there.name, role_of(there, brand)) == ("Theo", Role.MANAGER)
    assert there.check_password("correct horse") and not mail.outbox
    assert "has an account and signs in with it as before" in said(answer)


def test_where_no_mail_leaves_it_is_said_what_to_do(admin: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "No mail leaves this installation" in said(admin.get(at("person-new")))

    answer = admin.post(at("person-new"), TOLD, follow=True)

    assert "manage.py changepassword new@lumen.example" in said(answer)
    person = Person.objects.get(email="new@lumen.example")
    shown = said(admin.get(at("person", person.public_id)))
    assert "manage.py changepassword new@lumen.example" in shown and "Send the mail again" not in shown


def test_a_mail_that_does_not_leave_loses_nobody(
    admin: Client, brand: Brand, settings: Settings, jo: Person
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = admin.post(at("person-new"), TOLD, follow=True)

    assert "could not be sent. Send it again from their page." in said(answer)
    assert role_of(Person.objects.get(email="new@lumen.example"), brand) == Role.MANAGER


def test_the_mail_can_be_sent_again_until_there_is_a_password(
    admin: Client, brand: Brand, jo: Person
) -> None:
    admin.post(at("person-new"), TOLD)
    person = Person.objects.get(email="new@lumen.example")
    assert "Send the mail again" in said(admin.get(at("person", person.public_id)))

    admin.post(at("person-invitation", person.public_id))
    assert len(mail.outbox) == 2
    sent = AuditEntry.objects.filter(brand=brand, act="sent an invitation to", subject="person")
    assert [(each.subject_id, each.person_name) for each in sent] == [(person.pk, recording.named(jo))] * 2

    person.set_password("a long horse battery")
    person.save(update_fields=["password"])
    admin.post(at("person-invitation", person.public_id))
    assert len(mail.outbox) == sent.count() == 2
    assert "Send the mail again" not in said(admin.get(at("person", person.public_id)))


def test_somebody_locked_is_shown_so_and_gets_no_mail(admin: Client, brand: Brand) -> None:
    admin.post(at("person-new"), TOLD)
    person = Person.objects.get(email="new@lumen.example")
    Person.objects.filter(pk=person.pk).update(is_active=False)

    answer = admin.post(at("person-invitation", person.public_id), follow=True)

    assert "may not sign in any more" in said(answer) and "Locked:" in said(answer)
    assert len(mail.outbox) == 1
    assert admin.post(at("person-removal", person.public_id)).status_code == 302


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"email": "nobody"}, "Enter a valid email address"),
        ({"role": "owner"}, "owner is not one of the available choices"),
        ({"email": "jo@lumen.example"}, "works here already, as Administrator"),
        ({"email": "locked@lumen.example"}, "may not sign in any more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    told: dict[str, str], words: str, admin: Client, jo: Person
) -> None:
    Person.objects.filter(pk=jo.pk).update(email="jo@lumen.example")
    Person.objects.create_user("locked@lumen.example", is_active=False)

    answer = admin.post(at("person-new"), {**TOLD, **told})

    assert answer.status_code == 422 and words in said(answer)
    assert Membership.objects.count() == 1 and not mail.outbox


def test_a_role_is_changed_with_before_and_after_in_the_audit_log(
    admin: Client, jo: Person, brand: Brand
) -> None:
    ada = agent_of(brand, name="Ada")

    assert admin.post(at("person", ada.public_id), {"role": Role.MANAGER}).status_code == 302

    assert role_of(ada, brand) == Role.MANAGER
    entry = AuditEntry.objects.filter(brand=brand, subject="membership").latest("pk")
    assert (entry.act, entry.person, entry.before, entry.after) == (
        "changed",
        jo,
        {"role": "agent"},
        {"role": "manager"},
    )
    [event] = Event.objects.filter(kind=EventKind.PEOPLE_CHANGED)
    assert (event.actor, event.data) == (jo, {"person": ada.pk, "before": "agent", "after": "manager"})


def test_somebody_is_removed_and_the_audit_log_says_as_what(admin: Client, jo: Person, brand: Brand) -> None:
    ada = agent_of(brand, name="Ada")
    theirs = Client()
    theirs.force_login(ada)
    assert theirs.get("/b/lumen/inbox/open/").status_code == 200

    answer = admin.post(at("person-removal", ada.public_id), follow=True)

    assert "Ada does not work for" in said(answer)
    assert theirs.get("/b/lumen/inbox/open/").status_code == 404
    entry = AuditEntry.objects.filter(brand=brand, subject="membership").latest("pk")
    assert (entry.act, entry.person, entry.before["role"]) == ("removed", jo, "agent")
    assert "Ada" in entry.subject_name


@pytest.mark.parametrize("other", [{"is_active": False}, {"password": "!never set"}])
def test_the_last_administrator_who_can_sign_in_stays(
    other: dict[str, Any], admin: Client, jo: Person, brand: Brand
) -> None:
    second = MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person
    Person.objects.filter(pk=second.pk).update(**other)

    removed = admin.post(at("person-removal", jo.public_id))
    demoted = admin.post(at("person", jo.public_id), {"role": Role.AGENT})

    for answer in (removed, demoted):
        assert answer.status_code == 422
        assert "needs an administrator who can sign in" in said(answer)
    assert role_of(jo, brand) == Role.ADMINISTRATOR


def test_whoever_leaves_the_people_to_another_comes_home(admin: Client, jo: Person, brand: Brand) -> None:
    MembershipFactory(brand=brand, role=Role.ADMINISTRATOR)

    answer = admin.post(at("person", jo.public_id), {"role": Role.AGENT})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    Membership.objects.filter(person=jo).update(role=Role.ADMINISTRATOR)
    answer = admin.post(at("person-removal", jo.public_id))

    assert (answer.headers["Location"], role_of(jo, brand)) == ("/", "")


@pytest.mark.parametrize("act", ["removed", "made an agent"])
@pytest.mark.parametrize("is_staff", [True, False])
def test_whoever_takes_a_right_is_told_of_the_one_that_no_brand_can_take(
    admin: Client, brand: Brand, act: str, is_staff: bool
) -> None:
    sam = MembershipFactory(brand=brand, role=Role.OPERATIONS, person__is_staff=is_staff).person

    if act == "removed":
        answer = admin.post(at("person-removal", sam.public_id), follow=True)
    else:
        answer = admin.post(at("person", sam.public_id), {"role": Role.AGENT}, follow=True)

    assert (f"manage.py person {sam.email} --no-staff" in said(answer)) is is_staff


def test_staff_who_go_on_running_channels_are_none_of_the_brands_business(
    admin: Client, brand: Brand
) -> None:
    sam = MembershipFactory(brand=brand, role=Role.OPERATIONS, person__is_staff=True).person

    answer = admin.post(at("person", sam.public_id), {"role": Role.ADMINISTRATOR}, follow=True)

    assert "--no-staff" not in said(answer)
