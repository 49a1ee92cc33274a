from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import joining, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, ConversationState, Direction, Message, MessageState, Person
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of


def at(name: str, conversation: Conversation) -> str:
    return reverse(f"inbox:{name}", args=[conversation.brand.slug, conversation.public_id])


def reply(page: Client, conversation: Conversation, text: str = "On its way", **said: object):  # type: ignore[no-untyped-def]
    conversation.refresh_from_db()
    form = {"client_id": uuid.uuid4(), "text": text, "written_against": conversation.public_seq, **said}
    return page.post(at("replies", conversation), form)


@pytest.fixture(autouse=True)
def _recent(settings, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """The views' clock stands minutes after the customer wrote, within every window."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: say.at(600))


def test_the_list_asks_the_same_few_questions_for_one_row_and_for_many(
    page: Client, channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    make.conversations(channel, 1)
    page.get("/b/lumen/inbox/open/")
    with django_assert_max_num_queries(14) as one:
        page.get("/b/lumen/inbox/open/")
    make.conversations(channel, 200)
    for _ in range(4):
        ChannelFactory(brand=channel.brand)

    with django_assert_max_num_queries(14) as many:
        answer = page.get("/b/lumen/inbox/open/")

    assert len(one) == len(many)
    assert answer.content.decode().count('class="row"') == 50


def test_a_thread_asks_the_same_few_questions_however_long_it_is(
    page: Client, conversation: Conversation, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    there = at("conversation", conversation)
    page.get(there)
    with django_assert_max_num_queries(27) as short:
        page.get(there)
    make.messages(conversation, 300)

    with django_assert_max_num_queries(27) as long:
        page.get(there)

    assert len(short) == len(long)


@pytest.mark.parametrize(
    ("platform", "kind", "quotes"),
    [
        ("x", "comment", "true"),
        ("x", "direct", "false"),
        ("instagram", "direct", "true"),
        ("linkedin", "comment", "false"),
    ],
)
def test_one_may_say_which_message_is_answered_where_the_network_has_it(
    page: Client, channel: Channel, platform: str, kind: str, quotes: str
) -> None:
    there = ChannelFactory(brand=channel.brand, platform=platform)

    shown = page.get(at("conversation", make.conversation(there, kind=kind))).content.decode()

    assert f'data-quotes="{quotes}"' in shown


def test_what_is_quoted_of_an_earlier_conversation_leads_there(
    page: Client, channel: Channel, conversation: Conversation
) -> None:
    earlier = make.conversation(channel, state="resolved", resolved_at=say.at(0))
    [asked] = make.messages(earlier, 1, text="Which colour?")
    [answer] = make.messages(conversation, 1, reply_to=asked.external_id)

    shown = page.get(at("conversation", conversation)).content.decode()

    [quote] = re.findall("<blockquote.*?</blockquote>", shown, re.DOTALL)
    there = f"{at('conversation', earlier)}?at={asked.public_id}"
    assert "data-quoted" not in quote and f'href="{there}"' in quote and "Which colour?" in quote
    assert f'id="message-{asked.public_id}"' in page.get(there).content.decode()


def test_what_is_quoted_of_a_conversation_that_is_answered_here_is_shown_here(
    page: Client, channel: Channel, conversation: Conversation, jo: Person
) -> None:
    joined = make.conversation(
        ChannelFactory(brand=channel.brand, platform="x"), contact=conversation.contact
    )
    asked, *_ = make.messages(joined, 100, text="Which colour?")
    joining.join(kept=conversation, merged=joined, by=jo, now=say.at(2))
    make.messages(joined, 1, reply_to=asked.external_id)
    there = at("conversation", conversation)

    shown = page.get(there).content.decode()
    opened = page.get(there, {"at": str(asked.public_id)}).content.decode()

    assert f'data-quoted="{asked.public_id}"' in shown and "message__original" not in shown
    assert f'id="message-{asked.public_id}"' not in shown and f'id="message-{asked.public_id}"' in opened


def test_a_row_says_what_the_page_must_know_to_place_it(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    Conversation.objects.update(assignee=jo, assignee_name="Jo")

    row = page.get("/b/lumen/inbox/open/rows/").content.decode()

    said = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', row[row.index('class="row"') :]))
    assert (said["id"], said["state"], said["assignee"]) == (str(conversation.public_id), "open", str(jo.pk))
    assert (said["channel"], said["unread"], len(said["sort-due"])) == (str(conversation.channel_id), "1", 28)


def test_a_row_and_a_message_are_the_same_for_every_viewer(
    client: Client, conversation: Conversation, jo: Person
) -> None:
    reply_by_jo = make.messages(conversation, 1, direction="out", author_name="Jo", author_person=jo)
    assert reply_by_jo
    shown = set()
    for person in (jo, agent_of(conversation.brand)):
        client.force_login(person)
        rows = client.get("/b/lumen/inbox/open/rows/").content.decode()
        shown.add(rows + client.get(at("messages", conversation)).content.decode())

    assert len(shown) == 1


def test_pages_carry_no_script_and_no_style_of_their_own(page: Client, conversation: Conversation) -> None:
    answer = page.get(at("conversation", conversation))
    html = answer.content.decode()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", html)
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert not re.findall(r'<(?:img|script|link)[^>]+(?:src|href)="https?://', html)


def test_a_reply_is_answered_with_the_message_as_it_stands(page: Client, conversation: Conversation) -> None:
    answer = reply(page, conversation)

    message = Message.objects.get(direction=Direction.OUT)
    assert answer.status_code == 200
    assert f'id="message-{message.public_id}"' in answer.content.decode()
    assert message.state == MessageState.QUEUED


def test_the_same_click_twice_is_one_reply(page: Client, conversation: Conversation) -> None:
    click = uuid.uuid4()

    for _ in range(2):
        assert reply(page, conversation, client_id=click).status_code == 200

    assert Message.objects.filter(direction=Direction.OUT).count() == 1


def test_other_words_under_a_spent_click_are_refused_in_words(
    page: Client, conversation: Conversation
) -> None:
    click = uuid.uuid4()
    reply(page, conversation, "It costs 100", client_id=click)

    other = reply(page, conversation, "It costs 10, sorry", client_id=click)
    note = page.post(at("notes", conversation), {"client_id": click, "text": "The customer is angry"})

    assert [other.status_code, note.status_code] == [409, 409]
    assert all("were not taken" in answer.content.decode() for answer in (other, note))


def test_a_reply_to_an_older_state_shows_what_arrived(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    written_against = conversation.public_seq
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("I <b>cancelled</b>", seconds=30))], now=say.at(31)
    )

    stopped = reply(page, conversation, written_against=written_against)
    unasked = reply(page, conversation, written_against=written_against, send_anyway="on")
    [shown] = re.findall(r'data-newest="(\d+)"', stopped.content.decode())
    sent = reply(page, conversation, written_against=shown)

    assert [answer.status_code for answer in (stopped, unasked, sent)] == [409, 409, 200]
    assert "I &lt;b&gt;cancelled&lt;/b&gt;" in stopped.content.decode()


def test_of_much_that_arrived_the_newest_is_shown(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    written_against = conversation.public_seq
    words = ["Hello?", "Anyone?", "Please?", "Cancel it!"]
    said = [
        Arrival(channel.pk, say.wrote(text, seconds=seconds)) for seconds, text in enumerate(words, start=30)
    ]
    receiving.receive(arrivals=said, now=say.at(40))

    stopped = reply(page, conversation, written_against=written_against).content.decode()

    assert "4 messages arrived" in stopped
    assert [text for text in words if text in stopped] == words[1:]


def test_a_refused_reply_says_why_in_words(page: Client, conversation: Conversation) -> None:
    answer = reply(page, conversation, text="x" * 1001)

    assert answer.status_code == 422
    assert "too long" in answer.content.decode()


@pytest.mark.parametrize(
    "broken", [{"client_id": "no uuid"}, {"written_against": ""}, {"attachments": "no uuid"}]
)
def test_a_form_nobody_can_have_filled_in_is_refused_calmly(
    broken: dict[str, str], page: Client, conversation: Conversation
) -> None:
    assert reply(page, conversation, **broken).status_code == 422


def test_resolving_and_reopening_answer_with_the_head_and_the_row(
    page: Client, conversation: Conversation
) -> None:
    resolved = page.post(at("resolution", conversation)).content.decode()
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.RESOLVED
    assert 'id="conversation-head"' in resolved
    assert f'id="row-{conversation.public_id}"' in resolved

    page.delete(at("resolution", conversation))
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN


def test_an_older_conversation_of_a_thread_cannot_be_reopened_beside_the_newer(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    page.post(at("resolution", conversation))
    make.conversation(channel, thread_key=conversation.thread_key)

    answer = page.delete(at("resolution", conversation))

    assert answer.status_code == 422
    assert "already open" in answer.content.decode()


def test_a_conversation_is_given_to_a_colleague_and_to_no_stranger(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    stranger = agent_of(ChannelFactory().brand)

    assert page.post(at("assignment", conversation), {"person": stranger.public_id}).status_code == 404
    assert page.post(at("assignment", conversation), {"person": jo.public_id}).status_code == 200
    conversation.refresh_from_db()
    assert conversation.assignee == jo
    page.post(at("assignment", conversation), {"person": ""})
    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_the_picker_offers_colleagues_only(page: Client, conversation: Conversation) -> None:
    agent_of(conversation.brand, name="Priya")
    agent_of(ChannelFactory().brand, name="Stranger")

    offered = page.get(at("assignment", conversation)).content.decode()

    assert "Priya" in offered
    assert "Stranger" not in offered


def test_a_conversation_is_read_and_can_be_put_back_among_the_unread(
    page: Client, conversation: Conversation
) -> None:
    page.post(at("readings", conversation), {"up_to_seq": conversation.seq})
    conversation.refresh_from_db()
    assert conversation.unread_count == 0

    page.delete(at("readings", conversation))

    conversation.refresh_from_db()
    assert conversation.unread_count == 1


def test_a_failed_reply_is_retried_or_discarded(page: Client, conversation: Conversation) -> None:
    [failed] = make.messages(conversation, 1, direction="out", state="failed", external_id=None, text="Hello")
    there = reverse("inbox:attempt", args=["lumen", failed.public_id])

    assert 'data-state="queued"' in page.post(there).content.decode()
    assert "Discarded" in page.delete(there).content.decode()


def test_a_failed_reply_is_not_sent_past_news_that_was_not_seen(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    [failed] = make.messages(conversation, 1, direction="out", state="failed", external_id=None, text="Hello")
    there = reverse("inbox:attempt", args=["lumen", failed.public_id])
    conversation.refresh_from_db()
    seen = conversation.public_seq
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Forget it", seconds=30))], now=say.at(31))

    answer = page.post(there, {"seen_seq": seen})

    assert answer.status_code == 409 and "There is news" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.state == "failed"


@pytest.mark.parametrize("name", ["nonsense", "channel-", f"channel-{uuid.UUID(int=7)}"])
def test_a_view_that_is_none_is_not_found(name: str, page: Client) -> None:
    assert page.get(f"/b/lumen/inbox/{name}/").status_code == 404
    assert page.get(f"/b/lumen/inbox/{name}/rows/").status_code == 404


@pytest.mark.parametrize("query", ["older_than=x", "newer_than=" + "z" * 28])
def test_a_place_we_never_gave_out_is_a_bad_request(query: str, page: Client) -> None:
    assert page.get(f"/b/lumen/inbox/open/rows/?{query}").status_code == 400
