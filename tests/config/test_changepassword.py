"""The operator sets somebody's password."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from config.management.commands import changepassword
from inbox.actions import locking
from inbox.models import AuditEntry, Person
from tests.factories.people import MembershipFactory, PersonFactory

pytestmark = pytest.mark.django_db
GOOD = "a long horse battery"
Typed = Callable[..., None]


@pytest.fixture
def ada() -> Person:
    found: Person = MembershipFactory(person__email="ada@acme.example").person
    found.set_unusable_password()
    found.save()
    return found


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    def make(*words: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        left = list(words)

        def asked(prompt: str = "") -> str:
            meanwhile()
            return left.pop(0)

        monkeypatch.setattr(changepassword, "getpass", asked)

    return make


def changed(email: str = "ada@acme.example") -> str:
    told = io.StringIO()
    call_command("changepassword", email, stdout=told, stderr=told)
    return told.getvalue()


def test_who_got_another_password_stands_in_the_log_of_their_brand(ada: Person, typed: Typed) -> None:
    typed(GOOD, GOOD)

    assert "ada@acme.example has a new password" in changed("Ada@Acme.example")

    ada.refresh_from_db()
    assert ada.check_password(GOOD)
    entry = AuditEntry.objects.get(act="set the password of")
    assert (entry.brand_id, entry.person, entry.subject_id) == (ada.memberships.get().brand_id, None, ada.pk)
    assert entry.subject_name.endswith("<ada@acme.example>") and GOOD not in str(vars(entry))


def test_of_who_runs_the_installation_and_was_in_no_brand_it_stands_in_its_own_log(typed: Typed) -> None:
    PersonFactory(email="root@acme.example", is_staff=True, is_superuser=True)
    typed(GOOD, GOOD)

    changed("root@acme.example")

    assert AuditEntry.objects.get(act="set the password of").brand_id is None


def test_what_was_signed_in_before_is_signed_out(ada: Person, typed: Typed, client: Client) -> None:
    client.force_login(ada)
    typed(GOOD, GOOD)

    changed()

    assert client.get("/accounts/password/change/").status_code == 302


def test_who_was_locked_while_it_was_typed_stays_locked(ada: Person, typed: Typed) -> None:
    """Django's command wrote back the whole row."""
    typed(GOOD, GOOD, meanwhile=lambda: Person.objects.filter(pk=ada.pk).update(is_active=False))

    with pytest.raises(CommandError, match="--unlock comes first"):
        changed()

    ada.refresh_from_db()
    assert not ada.is_active and not ada.has_usable_password()
    assert not AuditEntry.objects.filter(act="set the password of").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([""], "stays as it was"),
        ([GOOD, "another", GOOD, "another", GOOD, "another"], "stays as it was"),
        (["12345678", "12345678"] * 3, "stays as it was"),
    ],
)
def test_nothing_changes_before_one_good_one_was_typed_twice(
    ada: Person, typed: Typed, words: list[str], said: str
) -> None:
    typed(*words)

    with pytest.raises(CommandError, match=said):
        changed()

    ada.refresh_from_db()
    assert not ada.has_usable_password()


def test_a_second_try_may_be_the_good_one(ada: Person, typed: Typed) -> None:
    typed(GOOD, "another", GOOD, GOOD)

    assert "They are not the same" in changed()


def test_nobody_and_the_locked_get_none(ada: Person, typed: Typed) -> None:
    locking.lock(person=ada, now=ada.date_joined)

    with pytest.raises(CommandError, match=r"is locked: .* --unlock comes first"):
        changed()
    with pytest.raises(CommandError, match="Nobody signs in with"):
        changed("nobody@acme.example")
