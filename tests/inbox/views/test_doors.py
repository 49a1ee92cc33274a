"""Who may come in. Every address of the workspace is tried as a stranger; a new one is tried without being named here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from inbox.models import (
    Attachment,
    BulkRun,
    BusinessHours,
    CannedReply,
    Contact,
    Conversation,
    Macro,
    Message,
    Person,
    SavedView,
    SlaPolicy,
    Tag,
    TagRule,
    Team,
)
from inbox.rules.view_query import Query
from tests.factories.people import ChannelFactory, agent_of

# Addresses without a brand in them, and whom they are for.
FOR_ALL = {"home", "platform-colours", "outgoing-file"}

# Addresses with a brand and nothing else in them.
OF_THE_BRAND = {
    "settings", "settings-priority", "settings-priority-preview", "settings-policies", "settings-policy-new",
    "focus", "search", "settings-hours", "settings-hours-new", "settings-zone", "settings-tag-rules", "settings-tag-rule-new", "settings-languages",
    "settings-canned", "settings-canned-new", "settings-macros", "settings-macro-new",
    "rail", "views", "query-words", "query-reading",
    "settings-teams", "settings-team-new", "settings-routing", "palette", "palette-people", "notices", "presence",
    "settings-people", "settings-person-new", "settings-replies", "settings-keys", "undo", "bulk", "bulk-rows", "bulk-snooze-preview",
}  # fmt: skip


def names(patterns: list[Any]) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from names(each.url_patterns)
        elif isinstance(each, URLPattern) and each.name:
            yield each.name


INBOX = sorted(set(names(get_resolver("inbox.urls").url_patterns)))


def address(name: str, conversation: Conversation) -> str:
    message = Message.objects.get(conversation=conversation)
    file, _ = Attachment.objects.get_or_create(
        message=message, channel=conversation.channel, kind="image", path="x.png"
    )
    brand = {"brand_slug": conversation.brand.slug}
    policy, _ = SlaPolicy.objects.get_or_create(brand=conversation.brand, name="Everybody")
    hours, _ = BusinessHours.objects.get_or_create(brand=conversation.brand, name="Office")
    tag, _ = Tag.objects.get_or_create(brand=conversation.brand, name="refund")
    rule, _ = TagRule.objects.get_or_create(brand=conversation.brand, tag=tag, name="Refund")
    macro, _ = Macro.objects.get_or_create(brand=conversation.brand, name="Refund it", resolves=True)
    canned, _ = CannedReply.objects.get_or_create(brand=conversation.brand, name="Refund", text="On its way.")
    view, _ = SavedView.objects.get_or_create(brand=conversation.brand, name="Late", query=Query().as_json())
    team, _ = Team.objects.get_or_create(brand=conversation.brand, name="Refunds")
    other, _ = Contact.objects.get_or_create(brand=conversation.brand, name="Somebody else")
    run = BulkRun.objects.create(
        brand=conversation.brand, person=agent_of(conversation.brand), act="resolve", words="Resolved", seen_seq=0,
        created_at=conversation.created_at,
    )  # fmt: skip
    if name in OF_THE_BRAND:
        return reverse(f"inbox:{name}", kwargs=brand)
    return reverse(
        f"inbox:{name}",
        kwargs={
            "list": {**brand, "view_name": "open"},
            "rows": {**brand, "view_name": "open"},
            "sorted-rows": {**brand, "view_name": "open", "sort_name": "due"},
            "attempt": {**brand, "public_id": message.public_id},
            "merge": {**brand, "public_id": conversation.public_id, "other_id": other.public_id},
            "join": {**brand, "public_id": conversation.public_id, "other_id": conversation.public_id},
            "settings-team": {**brand, "public_id": team.public_id},
            "settings-team-removal": {**brand, "public_id": team.public_id},
            "tag": {**brand, "public_id": conversation.public_id, "tag_id": tag.pk},
            "mood": {**brand, "public_id": conversation.public_id, "name": "negative"},
            "bulk-choices": {**brand, "act": "assign"},
            "bulk-run": {**brand, "public_id": run.public_id},
            "settings-person": {**brand, "public_id": run.person.public_id},
            "settings-person-invitation": {**brand, "public_id": run.person.public_id},
            "settings-person-removal": {**brand, "public_id": run.person.public_id},
            "settings-policy": {**brand, "public_id": policy.public_id},
            "settings-policy-retirement": {**brand, "public_id": policy.public_id},
            "settings-hours-edit": {**brand, "public_id": hours.public_id},
            "settings-hours-removal": {**brand, "public_id": hours.public_id},
            "settings-tag-rule": {**brand, "public_id": rule.public_id},
            "settings-tag-rule-switch": {**brand, "public_id": rule.public_id},
            "settings-tag-rule-removal": {**brand, "public_id": rule.public_id},
            "macro": {**brand, "public_id": conversation.public_id, "macro_id": macro.public_id},
            "settings-macro": {**brand, "public_id": macro.public_id},
            "settings-macro-removal": {**brand, "public_id": macro.public_id},
            "draft": {**brand, "public_id": conversation.public_id, "kind": "reply"},
            "settings-canned-reply": {**brand, "public_id": canned.public_id},
            "settings-canned-removal": {**brand, "public_id": canned.public_id},
            "canned-use": {**brand, "public_id": canned.public_id},
            "saved-view": {**brand, "public_id": view.public_id},
            "saved-view-name": {**brand, "public_id": view.public_id},
            "saved-view-place": {**brand, "public_id": view.public_id},
            "media": {"public_id": file.public_id},
        }.get(name, {**brand, "public_id": conversation.public_id}),
    )


@pytest.mark.parametrize("name", sorted(set(INBOX) - FOR_ALL))
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_what_a_stranger_may_not_see_does_not_exist(
    name: str, method: str, conversation: Conversation, client: Client
) -> None:
    client.force_login(agent_of(ChannelFactory().brand))

    answer = getattr(client, method)(address(name, conversation))

    assert answer.status_code in (404, 405)
    assert "Where is my parcel?" not in answer.content.decode()
    assert conversation.contact_name not in answer.content.decode()


@pytest.mark.parametrize("name", sorted(set(INBOX) - {"platform-colours", "outgoing-file", "home"}))
def test_nobody_comes_in_without_signing_in(name: str, conversation: Conversation, client: Client) -> None:
    there = address(name, conversation)

    assert client.get(there).status_code in (302, 405)
    fragment = client.get(there, headers={"X-Parley-Fragment": "1"})
    assert fragment.status_code in (401, 405)
    if fragment.status_code == 401:
        assert "signed out" in fragment.content.decode()


def test_somebody_deactivated_sees_nothing(page: Client, jo: Person, conversation: Conversation) -> None:
    Person.objects.filter(pk=jo.pk).update(is_active=False)

    assert page.get(address("conversation", conversation)).status_code in (302, 404)


def test_a_colleague_without_a_brand_is_told_so(client: Client, conversation: Conversation) -> None:
    person = agent_of(ChannelFactory().brand)
    person.memberships.all().delete()
    client.force_login(person)

    answer = client.get("/")

    assert answer.status_code == 403
    assert "no brand yet" in answer.content.decode()


@pytest.mark.parametrize("name", ["conversation", "messages", "replies", "assignment"])
def test_an_unknown_conversation_is_not_found(name: str, page: Client, conversation: Conversation) -> None:
    there = reverse(f"inbox:{name}", args=[conversation.brand.slug, uuid4()])

    assert {page.get(there).status_code, page.post(there).status_code} <= {404, 405}


def test_a_form_without_its_token_is_refused(conversation: Conversation, jo: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(jo)

    assert strict.post(address("resolution", conversation)).status_code == 403
