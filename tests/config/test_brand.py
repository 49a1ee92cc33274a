"""A brand is made by a command, with what it begins with and the people who work for it."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from config import services
from inbox import access
from inbox.models import Brand, BrandSequence, Membership, Person, Role, SlaPolicy, Tag
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db


def brand(*arguments: str, **options: Any) -> str:
    told = io.StringIO()
    call_command("brand", *arguments, stdout=told, **options)
    return told.getvalue()


def roles() -> dict[str, str]:
    return dict(Membership.objects.values_list("person__email", "role"))


def test_a_new_brand_has_what_each_begins_with_and_somebody_who_runs_it() -> None:
    told = brand(
        "Acme Outdoor",
        "--admin",
        "Ada@Acme.example",
        "--agent",
        "bo@acme.example",
        "--time-zone",
        "Europe/Berlin",
    )

    made = Brand.objects.get()
    assert (made.slug, made.time_zone) == ("acme-outdoor", "Europe/Berlin")
    assert BrandSequence.objects.filter(brand=made).exists()
    assert Tag.objects.filter(brand=made).exists() and SlaPolicy.objects.filter(brand=made).exists()
    assert roles() == {"ada@acme.example": Role.ADMINISTRATOR, "bo@acme.example": Role.AGENT}
    assert "/b/acme-outdoor/" in told and "manage.py changepassword ada@acme.example" in told
    assert not access.runs_installation(Person.objects.get(email="ada@acme.example"))


def test_repeated_it_adds_people_changes_a_role_and_leaves_the_rest_alone() -> None:
    brand("Acme", "--admin", "ada@acme.example", "--admin", "lea@acme.example")
    Tag.objects.all().delete()
    tag = Tag.objects.create(brand=Brand.objects.get(), name="Ours")
    brand("Acme", "--admin", "ada@acme.example")

    told = brand("Acme", "--operations", "ada@acme.example", "--agent", "bo@acme.example")

    assert roles() == {
        "ada@acme.example": Role.OPERATIONS, "bo@acme.example": Role.AGENT, "lea@acme.example": Role.ADMINISTRATOR,
    }  # fmt: skip
    assert "until now Administrator" in told and "is there already" in told
    assert Brand.objects.get().time_zone == "UTC" and Tag.objects.filter(pk=tag.pk).exists()


def test_the_days_of_a_brand_that_is_there_move_where_a_zone_is_named() -> None:
    brand("Acme", "--admin", "ada@acme.example", "--time-zone", "Europe/Berlin")

    told = brand("Acme", "--time-zone", "Asia/Tokyo")

    assert Brand.objects.get().time_zone == "Asia/Tokyo"
    assert "Asia/Tokyo now, until now of Europe/Berlin" in told
    assert "until now" not in brand("Acme") + brand("Acme", "--time-zone", "Asia/Tokyo")
    with pytest.raises(CommandError, match="no time zone"):
        brand("Acme", "--time-zone", "localtime")
    assert Brand.objects.get().time_zone == "Asia/Tokyo"


def test_no_brand_is_left_without_somebody_who_runs_it() -> None:
    brand("Acme", "--admin", "ada@acme.example")

    with pytest.raises(CommandError, match="somebody who runs it"):
        brand("Acme", "--agent", "ada@acme.example")

    assert roles() == {"ada@acme.example": Role.ADMINISTRATOR}


def test_somebody_who_is_there_keeps_the_password_and_may_become_staff() -> None:
    ada = PersonFactory(email="ada@acme.example")
    ada.set_password("correct horse")
    ada.save(update_fields=["password"])

    told = brand("Acme", "--admin", "ada@acme.example", "--agent", "bo@acme.example", "--staff")

    ada.refresh_from_db()
    assert ada.check_password("correct horse") and access.runs_installation(ada)
    assert "changepassword ada" not in told
    assert not Person.objects.get(email="bo@acme.example").is_staff


def test_who_has_no_password_yet_gets_one_by_mail(client: Client) -> None:
    brand("Acme", "--admin", "ada@acme.example")

    client.post("/accounts/password/reset/", {"email": "ada@acme.example"})

    assert [letter.to for letter in mail.outbox] == [["ada@acme.example"]]
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


def test_who_works_for_another_brand_already_is_told_to_whoever_adds_them() -> None:
    brand("Borealis", "--admin", "ada@acme.example")

    told = brand("Acme", "--admin", "ada@acme.example")

    assert "ada@acme.example: Administrator, with the account that they have for Borealis" in told
    assert "the account that they have" not in brand("Acme", "--admin", "ada@acme.example")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Acme",), "somebody who runs it"),
        (("Acme", "--agent", "bo@acme.example"), "somebody who runs it"),
        (("Acme", "--admin", "no address"), "no e-mail address"),
        (("Acme", "--admin", "a@b.example", "--agent", "A@b.example"), "two roles"),
        (("Acme", "--admin", "a@b.example", "--time-zone", "Mars/Olympus"), "no time zone"),
        (("株式会社", "--admin", "a@b.example"), "--slug"),
        (("ACME!", "--admin", "a@b.example", "--slug", "borealis"), "belongs to the brand “Borealis”"),
    ],
)
def test_what_cannot_begin_is_refused_in_words_and_leaves_nothing(
    arguments: tuple[str, ...], words: str
) -> None:
    Brand.objects.create(name="Borealis", slug="borealis")

    with pytest.raises(CommandError, match=re.escape(words)):
        brand(*arguments)

    assert [each.name for each in Brand.objects.all()] == ["Borealis"]
    assert not Person.objects.exists()


def test_the_operations_page_names_each_process_where_all_are_meant() -> None:
    processes = re.findall(r"^(\w+):", (services.BASE_DIR / "Procfile").read_text(), re.MULTILINE)
    page = (services.BASE_DIR / "docs" / "operations.md").read_text()
    table, upgrade = (
        page.split(f"## {name}\n")[1].split("\n## ")[0] for name in ("The processes", "Upgrade")
    )

    for process in processes:
        assert f"| `{process}` (" in table, process
        assert f"`{process}`" in upgrade, process
