from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from inbox import access
from inbox.access import Permission
from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import Attachment, Brand, Channel, Contact, Conversation, Message, Person, Role
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, ChannelFactory, MembershipFactory, PersonFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote())], now=say.at(1))
    return channel


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand)


@pytest.fixture
def outsider() -> Person:
    return agent_of(BrandFactory())


def lookups(person: Person | AnonymousUser, brand: Brand) -> list[object]:
    slug = brand.slug
    return [
        lambda: access.brand_for(person, slug),
        lambda: access.conversation_for(person, slug, Conversation.objects.get().public_id),
        lambda: access.message_for(person, slug, Message.objects.get().public_id),
        lambda: access.channel_for(person, slug, Channel.objects.get().public_id),
        lambda: access.contact_for(person, slug, Contact.objects.get().public_id),
    ]


def test_a_colleague_finds_everything(jo: Person, channel: Channel) -> None:
    for lookup in lookups(jo, channel.brand):
        assert lookup()  # type: ignore[operator]


def test_for_an_outsider_nothing_exists(outsider: Person, channel: Channel) -> None:
    for person in (outsider, AnonymousUser()):
        for lookup in lookups(person, channel.brand):
            with pytest.raises(Http404):
                lookup()  # type: ignore[operator]
        assert not access.conversations_of(person, channel.brand).exists()
        assert not access.colleagues_of(person, channel.brand).exists()
        assert not access.channels_of(person, channel.brand).exists()


def test_ones_own_brand_does_not_open_the_door_to_anothers_conversation(
    outsider: Person, channel: Channel
) -> None:
    own = access.brands_of(outsider).get()

    with pytest.raises(Http404):
        access.conversation_for(outsider, own.slug, Conversation.objects.get().public_id)


def test_somebody_who_left_sees_nothing_any_more(jo: Person, channel: Channel) -> None:
    jo.is_active = False
    jo.save(update_fields=["is_active"])

    with pytest.raises(Http404):
        access.brand_for(jo, channel.brand.slug)


def test_a_file_in_a_composer_is_its_uploaders_alone(jo: Person, channel: Channel) -> None:
    waiting = Attachment.objects.create(channel=channel, uploaded_by=jo, kind="image", created_at=say.at())

    assert access.attachment_for(jo, waiting.public_id) == waiting
    with pytest.raises(Http404):
        access.attachment_for(agent_of(channel.brand), waiting.public_id)


@pytest.mark.parametrize(
    ("role", "may_run", "may_see_reports"),
    [
        (Role.AGENT, False, False),
        (Role.MANAGER, False, True),
        (Role.OPERATIONS, True, False),
        (Role.ADMINISTRATOR, True, True),
    ],
)
def test_roles_say_what_one_may_do(role: str, may_run: bool, may_see_reports: bool) -> None:
    membership = MembershipFactory(person=PersonFactory(), role=role)

    assert access.may(membership.person, membership.brand, Permission.RUN_CHANNELS) is may_run
    assert access.may(membership.person, membership.brand, Permission.SEE_REPORTS) is may_see_reports
    assert access.may(membership.person, membership.brand, Permission.ANSWER)
