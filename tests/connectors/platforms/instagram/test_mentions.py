"""Mentions, from a delivery that holds ids only to the row in the list."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import contexts, sealing
from connectors.actions import completing, draining
from connectors.models import Credential, PlatformApp, Receipt
from inbox.models import Brand, Channel, Conversation, Handle
from inbox.queries import people
from tests.connectors.conftest import Moving
from tests.connectors.helpers import NOW, PAYLOADS, FakePlatform, json_answer

pytestmark = pytest.mark.django_db(transaction=True)
OURS = "17841400000000001"
DELIVERY = (PAYLOADS / "instagram/payloads/mentions.json").read_bytes()
TOLD = {"username": "mara.k", "timestamp": "2026-08-06T10:32:25+0000"}


@pytest.fixture
def channel(brand: Brand) -> Channel:
    secrets = {"client_secret": "s", "webhook_secrets": [], "verify_token": "", "bearer": ""}
    app = PlatformApp.objects.create(platform="instagram", client_id="c", sealed=sealing.seal(secrets))
    channel = Channel.objects.create(brand=brand, platform="instagram", external_id=OURS, name="Acme")
    tokens = sealing.seal({"access": "access-1", "refresh": ""})
    Credential.objects.create(channel=channel, app=app, sealed=tokens, issued_at=NOW)
    return channel


@pytest.fixture
def instagram(monkeypatch: pytest.MonkeyPatch) -> FakePlatform:
    """Who wrote in the comment is told; the post is gone."""
    fake = FakePlatform()

    def answer(request: Any) -> Any:
        asked = "mentioned_comment"
        told = (
            {asked: TOLD | {"text": "@acme look"}} if request.url.params["fields"].startswith(asked) else {}
        )
        return json_answer({**told, "id": OURS})

    fake.on("GET", f"/v25.0/{OURS}", answer)
    monkeypatch.setattr(contexts, "_http", lambda origins, pid: fake.http())
    return fake


def deliver(channel: Channel) -> None:
    Receipt.objects.create(channel=channel, received_at=NOW, body=DELIVERY)
    draining.drain(now=NOW)


def test_who_mentions_the_account_is_called_by_their_handle_once_it_is_told(
    channel: Channel, instagram: FakePlatform, clock: Moving
) -> None:
    deliver(channel)
    assert set(Conversation.objects.values_list("contact_name", flat=True)) == {"Somebody on Instagram"}

    completing.complete_due(clock=clock)
    for _ in range(2):
        row = Conversation.objects.get(recipient_key="author-of:17870000000000040")
        assert (row.contact_name, row.contact_username, row.last_message_author) == (
            "mara.k",
            "mara.k",
            "mara.k",
        )
        assert row.contact is not None and row.contact.name == "mara.k"
        deliver(channel)  # once more


def test_nobody_is_taken_for_somebody_else_whom_instagram_does_not_tell(
    channel: Channel, instagram: FakePlatform, clock: Moving
) -> None:
    deliver(channel)
    comment, post = [each.contact for each in Conversation.objects.order_by("recipient_key")]
    assert comment is not None and post is not None

    assert people.alike(channel.brand, post) == []
    completing.complete_due(clock=clock)
    known = Handle.objects.create(contact=post, channel=channel, external_id="9273", username="mara.k")

    assert [each.contact for each in people.alike(channel.brand, comment)] == [post]
    assert [each.handles for each in people.alike(channel.brand, comment)] == [[known]]
