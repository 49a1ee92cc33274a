"""Macros by their addresses: who keeps them, what is refused, and that Enter does only what was seen."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from inbox.models import Brand, CannedReply, Channel, Conversation, Macro, Membership, Person, Role, Tag, Team
from tests.factories import teams
from tests.factories.people import ChannelFactory, agent_of

MACRO = {"name": "Refund it", "shortcut": "refund", "resolves": "on"}


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def refund(brand: Brand) -> Tag:
    return Tag.objects.create(brand=brand, name="refund")


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:{name}", args=["lumen", *more])


def preview(page: Client, conversation: Conversation, macro: Macro) -> str:
    answer = page.get(at("macro", conversation.public_id, macro.public_id), {"seen_seq": conversation.seq})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def run(page: Client, conversation: Conversation, macro: Macro, plan: str) -> HttpResponse:
    body = {"seen_seq": conversation.seq, "plan": plan, "client_id": str(uuid4())}
    answer: HttpResponse = page.post(at("macro", conversation.public_id, macro.public_id), body)  # type: ignore[assignment]
    return answer


def plan_of(shown: str) -> str:
    return shown.partition('data-plan="')[2].partition('"')[0]


def test_it_is_seen_and_then_done(
    page: Client, brand: Brand, conversation: Conversation, refund: Tag
) -> None:
    macro = Macro.objects.create(brand=brand, name="Refund it", puts_on=[refund.pk], resolves=True)

    shown = preview(page, conversation, macro)
    assert "Put on the tag refund" in shown and "data-does" in shown
    answer = run(page, conversation, macro, plan_of(shown))

    assert answer.status_code == 200 and "Ran “Refund it”" in unescape(answer.content.decode())
    conversation.refresh_from_db()
    assert (conversation.state, conversation.tags) == ("resolved", ["refund"])


@pytest.mark.parametrize("routed", [True, False])
def test_what_is_only_kept_from_routing_is_done_and_can_be_undone(
    page: Client, brand: Brand, conversation: Conversation, routed: bool
) -> None:
    if routed:
        teams.routed(brand)
    macro = Macro.objects.create(brand=brand, name="For later", assigns="nobody")

    shown = preview(page, conversation, macro)

    assert ("data-does" in shown, "takes it back" in shown) == (routed, routed)
    answer = run(page, conversation, macro, plan_of(shown))
    assert (answer.status_code, "data-undo" in answer.content.decode()) == (200, routed)
    conversation.refresh_from_db()
    assert conversation.assignee_set_by == "person"


def test_what_was_not_seen_is_not_done_but_shown(
    page: Client, brand: Brand, conversation: Conversation, refund: Tag
) -> None:
    macro = Macro.objects.create(brand=brand, name="Refund it", puts_on=[refund.pk])

    answer = run(page, conversation, macro, "something else")

    assert answer.status_code == 409 and "The conversation has changed" in answer.content.decode()
    conversation.refresh_from_db()
    assert conversation.tags == []


@pytest.mark.parametrize(
    "told", [{}, {"seen_seq": "x"}, {"seen_seq": "1", "client_id": "x"}, {"seen_seq": "1"}]
)
def test_what_cannot_be_read_is_said(
    told: dict[str, str], page: Client, brand: Brand, conversation: Conversation
) -> None:
    macro = Macro.objects.create(brand=brand, name="Refund it", resolves=True)

    assert page.post(at("macro", conversation.public_id, macro.public_id), told).status_code == 422


def test_nobody_runs_a_colleagues_own_or_another_brands(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    own = Macro.objects.create(brand=brand, owner=agent_of(brand), name="Own", resolves=True)
    theirs = Macro.objects.create(brand=ChannelFactory().brand, name="Theirs", resolves=True)

    for macro in (own, theirs):
        assert run(page, conversation, macro, "x").status_code == 404
    offers = page.get(at("writing", conversation.public_id)).content.decode()
    assert "Own" not in offers and "Theirs" not in offers


def test_an_agent_keeps_own_ones_and_a_manager_those_of_the_brand(
    page: Client, jo: Person, brand: Brand, conversation: Conversation
) -> None:
    assert page.post(at("settings-macro-new"), {**MACRO, "for_all": "on"}).status_code == 302
    assert Macro.objects.get().owner == jo
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    assert page.post(at("settings-macro-new"), {**MACRO, "for_all": "on"}).status_code == 302
    assert Macro.objects.filter(owner=None).count() == 1
    shared = Macro.objects.get(owner=None)
    shown = page.get(at("settings-macros")).content.decode()
    assert shown.count("resolves it") == 2
    assert page.get(at("settings-macro", shared.public_id)).status_code == 200

    Membership.objects.filter(person=jo).update(role=Role.AGENT)
    assert page.post(at("settings-macro-removal", shared.public_id)).status_code == 404
    page.post(at("settings-macro-removal", Macro.objects.get(owner=jo).public_id))
    assert list(Macro.objects.all()) == [shared]


def test_one_is_changed(page: Client, jo: Person, brand: Brand, refund: Tag) -> None:
    reply = CannedReply.objects.create(brand=brand, name="Sorry", text="Sorry")
    macro = Macro.objects.create(brand=brand, owner=jo, name="Old", resolves=True)
    changed = {
        "name": "New", "reply": str(reply.public_id), "puts_on": [refund.pk], "assigns": f"person:{jo.pk}", "priority": "0",
        "snoozes": "2h", "note": "{{agent.name}}",
    }  # fmt: skip

    assert page.post(at("settings-macro", macro.public_id), changed).status_code == 302

    macro.refresh_from_db()
    assert (macro.name, macro.reply, macro.puts_on, macro.assigns, macro.priority, macro.snoozes, macro.resolves) == (
        "New", reply, [refund.pk], f"person:{jo.pk}", 0, "2h", False,
    )  # fmt: skip
    assert 'value="2h"' in page.get(at("settings-macro", macro.public_id)).content.decode()


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ("who has left", "Bea (has left)"),
        ("who is locked out", "Bea (has left)"),
        ("who is no more", "Somebody who has left"),
        ("a team that is being removed", "Returns (is being removed)"),
        ("a team that is no more", "A team that is no more"),
    ],
)
def test_who_has_left_is_still_whom_a_macro_names_when_something_else_of_it_is_saved(
    whom: str, words: str, page: Client, jo: Person, brand: Brand
) -> None:
    bea = agent_of(brand, name="Bea")
    team = teams.team(brand, name="Returns")
    chosen = f"team:{team.pk}" if "team" in whom else f"person:{bea.pk}"
    macro = Macro.objects.create(brand=brand, owner=jo, name="Old", assigns=chosen)
    if whom == "who has left":
        Membership.objects.filter(person=bea).delete()
    elif whom == "who is locked out":
        Person.objects.filter(pk=bea.pk).update(is_active=False)
    elif whom == "who is no more":
        bea.delete()
    elif whom == "a team that is being removed":
        Team.objects.filter(pk=team.pk).update(is_closing=True)
    else:
        team.delete()

    shown = page.get(at("settings-macro", macro.public_id)).content.decode()
    assert f'<option value="{chosen}" selected>{words}</option>' in shown
    answer = page.post(at("settings-macro", macro.public_id), {"name": "New", "assigns": chosen})

    assert answer.status_code == 302
    macro.refresh_from_db()
    assert (macro.name, macro.assigns) == ("New", chosen)


def test_who_has_left_is_no_choice_for_what_did_not_name_them(page: Client, jo: Person, brand: Brand) -> None:
    bea = agent_of(brand, name="Bea")
    macro = Macro.objects.create(brand=brand, owner=jo, name="Old", assigns=f"person:{jo.pk}")
    Membership.objects.filter(person=bea).delete()

    assert "Bea" not in page.get(at("settings-macro", macro.public_id)).content.decode()
    changed = {"name": "New", "assigns": f"person:{bea.pk}"}
    assert page.post(at("settings-macro", macro.public_id), changed).status_code == 422


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"resolves": ""}, "at least one thing"),
        ({"snoozes": "2h"}, "not both"),
        ({"resolves": "", "snoozes": "some day"}, "is not understood"),
        ({"note": "{{contact.nme}}"}, "Did you mean {{contact.name}}?"),
        ({"name": ""}, "required"),
        ({"name": "taken"}, "already"),
        ({"assigns": "person:0"}, "valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    changed: dict[str, str], words: str, page: Client, jo: Person, brand: Brand
) -> None:
    Macro.objects.create(brand=brand, owner=jo, name="Taken", resolves=True)

    answer = page.post(at("settings-macro-new"), {**MACRO, **changed})

    assert answer.status_code == 422 and words in unescape(answer.content.decode())
    assert Macro.objects.count() == 1


@pytest.mark.parametrize("typed", ["eod", "this afternoon", "today 9:00", "tomorrow"])
def test_a_time_that_is_over_for_today_is_meant_for_the_days_to_come(
    typed: str, page: Client, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 8, 6, 22, 10, tzinfo=UTC))

    answer = page.post(at("settings-macro-new"), {**MACRO, "resolves": "", "snoozes": typed})

    assert answer.status_code == 302 and Macro.objects.get().snoozes == typed


def test_a_reply_that_a_macro_answers_with_stays(page: Client, jo: Person, brand: Brand) -> None:
    reply = CannedReply.objects.create(brand=brand, owner=jo, name="Sorry", text="Sorry")
    Macro.objects.create(brand=brand, owner=jo, name="Refund it", reply=reply)

    answer = page.post(at("settings-canned-removal", reply.public_id), follow=True)

    assert "Change the macro first" in answer.content.decode()
    assert CannedReply.objects.exists()


def test_a_macro_for_everybody_answers_with_what_everybody_has(
    page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    reply = CannedReply.objects.create(brand=brand, owner=jo, name="Mine", text="Mine")

    answer = page.post(at("settings-macro-new"), {**MACRO, "for_all": "on", "reply": str(reply.public_id)})

    assert answer.status_code == 422 and "your own reply" in unescape(answer.content.decode())


def test_a_run_whose_answer_was_lost_is_done_once(
    page: Client, brand: Brand, conversation: Conversation, refund: Tag
) -> None:
    """The plan that was seen was done, and the page, which does not know, asks for it once more."""
    macro = Macro.objects.create(brand=brand, name="Refund it", note="Refunded", puts_on=[refund.pk])
    plan, press = plan_of(preview(page, conversation, macro)), str(uuid4())
    for _ in range(2):
        body = {"seen_seq": conversation.seq, "plan": plan, "client_id": press}
        assert page.post(at("macro", conversation.public_id, macro.public_id), body).status_code == 200

    assert conversation.messages.filter(direction="note").count() == 1
    macro.refresh_from_db()
    assert macro.used == 1
