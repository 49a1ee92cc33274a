"""Views with a name, through their addresses: the query bar's help, saving, changing, removing, and who may."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox import realtime
from inbox.actions import channels, employing, saving, teaming
from inbox.models import Brand, Channel, Conversation, Membership, Person, Role, SavedView, Tag
from inbox.queries import view_names
from inbox.rules.view_reading import parse
from tests.factories import conversations as make
from tests.factories import teams
from tests.factories.people import BrandFactory, ChannelFactory, agent_of

PIECE = {"X-Parley-Fragment": "1"}


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def manager(page: Client, jo: Person) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:{name}", args=["lumen", *more])


def save(client: Client, **told: str) -> Any:
    return client.post(
        at("views"), {"name": "Late refunds", "q": "tag:refund is:late", **told}, headers=PIECE
    )


def shown(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_typed_is_read_or_refused_in_words(page: Client, brand: Brand) -> None:
    read = page.get(at("query-reading"), {"q": "due:<60m   is:unassigned"})
    refused = page.get(at("query-reading"), {"q": "is:unraed tag:x"})

    assert read.json() == {"text": "assignee:none due<1h"}
    assert (refused.status_code, refused.json()["word"]) == (422, "is:unraed")
    assert "Did you mean “is:unread”?" in refused.json()["fault"]


def test_the_bar_completes_what_the_brand_has(page: Client, brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="late parcel")

    known = page.get(at("query-words")).json()

    assert '"late parcel"' in known["values"]["tag"]
    assert known["values"]["assignee"][:2] == ["me", "none"]
    assert "due" in known["times"] and "channel" in known["fields"]


@pytest.mark.parametrize("other", ["lumen", "lumen.and.oak"])
def test_what_the_bar_says_of_a_channel_is_read_as_that_channel(
    page: Client, jo: Person, channel: Channel, other: str
) -> None:
    """Also where the brand goes by one name on two networks."""
    Channel.objects.filter(pk=channel.pk).update(handle="lumen")
    ChannelFactory(brand=channel.brand, platform="x", handle=other)
    html = shown(page, at("list", f"channel-{channel.public_id}"))
    said = unescape(html.partition('id="query"')[2].partition('value="')[2].partition('"')[0])

    read = parse(f"{said} is:unread", view_names.of(jo, channel.brand))

    assert read.terms[0].values == (f"#{channel.pk}",)
    assert page.get(at("query-reading"), {"q": f"{said} is:unread"}).json() == {"text": f"{said} is:unread"}


def test_a_query_is_a_list_and_stands_in_the_bar(page: Client, channel: Channel) -> None:
    make.conversation(channel, contact_name="Wanted", tags=["refund"])
    make.conversation(channel, contact_name="Another")

    html = shown(page, at("list", "query"), q="tag:refund")

    assert "Wanted" in html and "Another" not in html
    assert 'value="tag:refund"' in html and "No tag is called “refund” yet." in html
    rows = page.get(at("sorted-rows", "query", "score"), {"q": "tag:refund"}).content.decode()
    assert "Wanted" in rows and "Another" not in rows


def test_a_text_that_cannot_be_read_stays_in_the_bar_with_the_reason(page: Client, channel: Channel) -> None:
    make.conversation(channel, contact_name="Anna")

    html = shown(page, at("list", "query"), q="tga:refund")

    assert 'value="tga:refund"' in html and "Did you mean “tag”?" in html and "Anna" not in html
    assert page.get(at("rows", "query"), {"q": "tga:refund"}, headers=PIECE).status_code == 422


@pytest.mark.parametrize(("view", "text"), [("open", ""), ("mine", "assignee:me"), ("snoozed", "is:snoozed")])
def test_a_view_of_the_house_says_what_it_is_in_the_bar(
    page: Client, brand: Brand, view: str, text: str
) -> None:
    html = shown(page, at("list", view))

    assert f'name="q" type="text" value="{text}"' in html


def test_a_view_is_saved_shown_changed_renamed_and_removed(
    page: Client, jo: Person, channel: Channel
) -> None:
    make.conversation(
        channel, contact_name="Wanted", tags=["refund"], due_at=timezone.now() - timedelta(hours=1)
    )

    address = save(page).content.decode()

    saved = SavedView.objects.get(owner=jo)
    html = shown(page, address)
    assert "Wanted" in html and "Late refunds" in html and 'data-key="1"' in html
    assert page.post(at("saved-view", saved.public_id), {"q": "is:spam"}, headers=PIECE).status_code == 200
    assert "Wanted" not in shown(page, address)
    assert (
        page.post(at("saved-view-name", saved.public_id), {"name": "Spam"}, headers=PIECE).status_code == 200
    )
    assert "Spam" in shown(page, at("list", "open"))
    assert page.post(at("saved-view-place", saved.public_id), {"by": "1"}, headers=PIECE).status_code == 200
    assert page.delete(at("saved-view", saved.public_id), headers=PIECE).status_code == 200
    assert not SavedView.objects.exists() and Conversation.objects.exists()
    assert page.get(address).status_code == 404


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": " "}, "Give the view a name."),
        ({"name": "x" * 61}, "at most 60"),
        ({"q": "is:nothing"}, "There is no"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_words(
    page: Client, brand: Brand, told: dict[str, str], said: str
) -> None:
    answer = save(page, **told)

    assert (answer.status_code, SavedView.objects.count()) == (422, 0)
    assert said in answer.content.decode()


def test_a_sign_that_cannot_be_kept_is_shown_as_one_in_a_name(page: Client, brand: Brand) -> None:
    save(page, name="Late\0 refunds")

    assert SavedView.objects.get().name == "Late\ufffd refunds"


def test_two_views_of_one_owner_have_two_names(page: Client, brand: Brand) -> None:
    save(page)

    assert "already" in save(page).content.decode()


def test_the_brands_views_are_for_those_who_set_it_up(page: Client, jo: Person, brand: Brand) -> None:
    refused = save(page, whose="brand")
    assert (refused.status_code, SavedView.objects.count()) == (403, 0)
    assert 'value="brand"' not in page.get(at("views"), headers=PIECE).content.decode()

    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    assert 'value="brand"' in page.get(at("views"), headers=PIECE).content.decode()
    save(page, whose="brand")

    saved = SavedView.objects.get()
    assert saved.owner is None
    colleague = Client()
    colleague.force_login(agent_of(brand))
    assert "Late refunds" in shown(colleague, at("list", f"view-{saved.public_id}"))
    for send in (colleague.post, colleague.delete):
        assert send(at("saved-view", saved.public_id), {"q": ""}, headers=PIECE).status_code == 404


def test_a_colleagues_own_view_does_not_exist_for_others(page: Client, brand: Brand) -> None:
    save(page)
    saved = SavedView.objects.get()
    other = Client()
    other.force_login(agent_of(brand))

    assert "Late refunds" not in shown(other, at("list", "open"))
    assert other.get(at("list", f"view-{saved.public_id}")).status_code == 404
    assert other.delete(at("saved-view", saved.public_id), headers=PIECE).status_code == 404


def test_a_conversation_is_shown_beside_the_open_ones_where_the_view_of_its_address_is_not_ones_own(
    page: Client, channel: Channel
) -> None:
    anna = make.conversation(channel, contact_name="Anna")
    save(page)
    saved = SavedView.objects.get()
    bea = Client()
    bea.force_login(agent_of(channel.brand))
    view = f"view-{saved.public_id}"

    assert 'data-view="open"' in shown(bea, at("conversation", anna.public_id), view=view)
    assert 'data-view="open"' in shown(bea, at("search"), view=view)
    assert f'data-view="{view}"' in shown(page, at("conversation", anna.public_id), view=view)
    saved.delete()
    assert 'data-view="open"' in shown(page, at("conversation", anna.public_id), view=view)
    assert page.get(at("list", view)).status_code == 404


def test_what_time_has_brought_in_is_told(page: Client, channel: Channel) -> None:
    soon = timezone.now() + timedelta(hours=1)
    make.conversation(channel, contact_name="Just now", due_at=soon - timedelta(seconds=3))
    make.conversation(channel, contact_name="Before", due_at=soon - timedelta(minutes=3))
    make.conversation(channel, contact_name="Not yet", due_at=soon + timedelta(minutes=3))

    html = shown(page, at("rows", "query"), q="due<1h", turned_within="20000")

    assert "Just now" in html and "Before" not in html and "Not yet" not in html
    long_ago = page.get(at("rows", "query"), {"q": "due<1h", "turned_within": str(3_600_000)})
    assert long_ago.status_code == 205
    assert page.get(at("rows", "query"), {"q": "due<1h", "turned_within": "x"}).status_code == 400
    before_all_time = {"q": "due<1h", "turned_within": str(-8 * 10**16)}
    assert page.get(at("rows", "query"), before_all_time).status_code == 200


def test_what_came_into_a_view_of_all_that_changed_after_a_number_is_told(
    page: Client, channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    make.conversations(channel, 20, contact_name="Wanted", tags=["refund"], seq=8)
    make.conversation(channel, contact_name="Before", tags=["refund"], seq=7)
    make.conversation(channel, contact_name="Another", seq=8)
    make.conversation(ChannelFactory(), contact_name="Elsewhere", tags=["refund"], seq=8)
    since = {"q": "tag:refund", "changed_since": "7"}
    page.get(at("rows", "query"), since)

    with django_assert_max_num_queries(12):
        html = shown(page, at("rows", "query"), **since)

    assert "Wanted" in html
    assert not any(name in html for name in ("Before", "Another", "Elsewhere"))
    make.conversations(channel, 100, tags=["refund"], seq=9)
    assert page.get(at("rows", "query"), since).status_code == 205
    for strange in ("x", "-1", "9" * 30):
        assert page.get(at("rows", "query"), since | {"changed_since": strange}).status_code == 400


def test_which_of_some_rows_say_the_words(page: Client, channel: Channel) -> None:
    said, unsaid = make.conversation(channel), make.conversation(channel)
    make.messages(said, 1, text="My late parcel is still on its way")
    make.messages(unsaid, 1, text="Hello")
    ids = f"{said.public_id},{unsaid.public_id}"

    found = page.get(at("rows", "query"), {"q": '"late parcel"', "ids": ids})

    assert json.loads(found.content) == {"ids": [str(said.public_id)]}
    assert "Hello" not in shown(page, at("list", "query"), q='"late parcel"')
    assert page.get(at("rows", "query"), {"q": "x", "ids": "no"}).status_code == 400


@pytest.mark.parametrize("what", ["changed", "removed", "taken back"])
def test_who_missed_that_a_view_is_another_hears_it_with_the_pulse_and_is_told_which_there_are(
    page: Client, jo: Person, brand: Brand, what: str
) -> None:
    save(page)
    saved = SavedView.objects.get()
    before = realtime.pulses([brand.pk])[brand.pk].get("counted", 0)

    there = at("saved-view", saved.public_id)
    match what:
        case "changed":
            page.post(there, {"q": "tag:late"}, headers=PIECE)
        case "removed":
            page.delete(there, headers=PIECE)
        case "taken back":
            page.post(at("undo"), headers=PIECE)

    assert realtime.pulses([brand.pk])[brand.pk]["counted"] > before
    told = json.loads(realtime.counts_for(jo, brand))["views"]
    assert told == ({f"view-{saved.public_id}": f"saved:{saved.pk}.2"} if what == "changed" else {})


@pytest.mark.parametrize(
    "what", ["named", "renamed", "moved", "made a manager", "put into a team", "parked", "counted"]
)
def test_an_open_page_can_tell_that_its_rail_is_drawn_otherwise_by_now(
    page: Client, jo: Person, brand: Brand, channel: Channel, what: str
) -> None:
    """Not by its figures: these are told by themselves."""
    for name in ("Late refunds", "Praise"):
        save(page, name=name)
    first = SavedView.objects.get(name="Late refunds")
    mara = agent_of(brand, name="Mara")
    team = teams.team(brand, mara)
    saving.save(brand=brand, owner=None, team=team, name="Returns", query=parse("tag:refund", view_names.of(mara, brand)), by=mara, now=timezone.now())  # fmt: skip
    told_before = realtime.pulses([brand.pk])[brand.pk]["counted"]
    [before] = re.findall(r'data-drawn="(\w+)"', shown(page, "/b/lumen/inbox/open/"))
    assert json.loads(realtime.counts_for(jo, brand))["rail"] == before

    match what:
        case "named":
            save(page, name="Angry")
        case "renamed":
            page.post(at("saved-view-name", first.public_id), {"name": "Money back"}, headers=PIECE)
        case "moved":
            page.post(at("saved-view-place", first.public_id), {"by": "1"}, headers=PIECE)
        case "made a manager":
            employing.give_role(brand=brand, person=jo, role=Role.MANAGER, by=mara, now=timezone.now())
        case "put into a team":
            teaming.save_team(brand=brand, team=team, columns={"name": team.name}, members=[mara, jo], by=mara, now=timezone.now())  # fmt: skip
        case "parked":
            channels.park_sending(channel_id=channel.pk, reason="Expired.", now=timezone.now())
        case "counted":
            make.conversation(channel)

    rail = shown(page, at("rail"))
    told = json.loads(realtime.counts_for(jo, brand))["rail"]
    assert re.findall(r'data-drawn="(\w+)"', rail) == [told]
    assert (told == before) is (what == "counted")
    drawn = {
        "named": "Angry", "renamed": "Money back", "parked": "view__warning", "made a manager": "Reports", "put into a team": "Returns",
    }.get(what, "Late refunds")  # fmt: skip
    assert drawn in rail and rail.lstrip().startswith("<ul")
    # Of a channel a page hears by itself.
    told_now = realtime.pulses([brand.pk])[brand.pk]["counted"]
    assert (told_now > told_before) is (what not in ("parked", "counted"))


@pytest.mark.parametrize("views", [1, 5])
def test_the_counters_of_a_page_cost_as_many_questions_however_many_views_there_are(
    page: Client, jo: Person, brand: Brand, views: int, django_assert_num_queries: Any
) -> None:
    """The number of the last change, what this person may, their channels, their views, and the counters."""
    for number in range(views):
        save(page, name=f"View {number}")

    with django_assert_num_queries(5):
        told = json.loads(realtime.counts_for(jo, brand))

    assert len(told["views"]) == views


def test_who_does_not_work_here_is_told_of_no_view(page: Client, brand: Brand) -> None:
    save(page)

    told = json.loads(realtime.counts_for(agent_of(BrandFactory()), brand))

    assert (told["views"], told["counts"], told["rail"]) == ({}, {}, "")
