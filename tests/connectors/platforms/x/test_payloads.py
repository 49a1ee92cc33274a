"""What X delivers, in our words."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from connectors import wire
from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    AttachmentKind,
    DeliveriesLost,
    Ignored,
    InboundEvent,
    InboundMessage,
    Malformed,
    MessageKind,
    Origin,
    Party,
    ReachChanged,
    ReadUpTo,
    RedeliveryEnded,
    ThreadKind,
    Typing,
    Unsent,
)
from connectors.platforms.x import media, threads
from connectors.platforms.x import messages as messages_of_x
from connectors.platforms.x.connector import connector
from connectors.platforms.x.messages import of_v2
from connectors.platforms.x.posts import of_v1 as of_an_older_post
from connectors.platforms.x.posts import of_v2 as of_a_post
from tests.connectors.helpers import delivery, read, why_not

ACCOUNT = Account("2244994945", "acme")
CUSTOMER = "1587200000000000042"
THREAD = f"{ACCOUNT.external_id}-{CUSTOMER}"


def events(name: str) -> list[InboundEvent]:
    return read(connector, delivery("x", name), ACCOUNT)


def messages(name: str) -> list[InboundMessage]:
    return [each for each in events(name) if isinstance(each, InboundMessage)]


def message(name: str) -> InboundMessage:
    (only,) = messages(name)
    return only


def test_a_message_of_the_activity_api() -> None:
    said = message("xaa_received")
    assert (said.external_id, said.thread_id) == ("2080765901528535001", THREAD)
    assert said.text == "my order is late https://shop.example/o/1"
    assert (said.author.name, said.author.username, said.author.followers) == ("Mara", "mara_k", 97)
    assert said.sent_at == datetime(2026, 7, 24, 21, 23, 44, 372000, tzinfo=UTC)
    assert said.order_key == "02080765901528535001"


def test_a_negative_uuid_does_no_harm() -> None:
    (item,) = connector.items(delivery("x", "xaa_received"))
    assert item.account_ids == (ACCOUNT.external_id,)


def test_an_echo_names_the_customer() -> None:
    ours = message("xaa_sent")
    assert ours.outbound and ours.origin is Origin.OTHER_CLIENT
    assert ours.counterpart is not None and ours.counterpart.name == "Mara"
    assert ours.thread_id == THREAD


def test_several_messages_of_the_older_api_with_users_not_wrapped() -> None:
    theirs, ours = messages("aaa_messages")
    assert (theirs.text, theirs.author.username, theirs.author.avatar_url) == (
        "one",
        "mara_k",
        "https://pbs.twimg.com/a_normal.jpg",
    )
    assert (ours.outbound, ours.card["sent_with"]) == (True, "Helpdesk")


@pytest.mark.parametrize(
    ("app", "origin"),
    [
        ("Helpdesk", Origin.AUTOMATION),
        ("X for iPhone", Origin.OTHER_CLIENT),
        ("Twitter Web App", Origin.OTHER_CLIENT),
        ("X for everybody’s greetings", Origin.AUTOMATION),
        ("", Origin.OTHER_CLIENT),
    ],
)
def test_what_another_app_says_is_automatic_where_the_delivery_names_it(app: str, origin: Origin) -> None:
    document = orjson.loads(delivery("x", "aaa_messages"))
    document["apps"]["99"]["name"] = app

    theirs, ours = read(connector, orjson.dumps(document), ACCOUNT)

    assert isinstance(theirs, InboundMessage) and isinstance(ours, InboundMessage)
    assert (theirs.origin, ours.origin) == (Origin.CUSTOMER, origin)


ESCAPED = "Tom &amp; Jerry &lt;3 &amp;lt; &quot;"
TYPED = (
    "Tom & Jerry <3 &lt; &quot;"  # whoever typed &lt; meant that, and a quotation mark is escaped by nobody
)


def worded(name: str, *place: str) -> str:
    """What is read of a delivery whose words, at this place, come as X writes them."""
    document = wire.decode(delivery("x", name))
    holder = document
    for step in place[:-1]:
        holder = holder[step] if isinstance(holder, dict) else holder[0]
    holder[place[-1]] = ESCAPED
    return next(
        each.text
        for each in read(connector, wire.encode(document), ACCOUNT)
        if isinstance(each, InboundMessage)
    )


def test_words_of_messages_and_posts_are_read_as_they_were_typed() -> None:
    direct = ("direct_message_events", "0", "message_create", "message_data", "text")

    assert worded("xaa_received", "data", "payload", *direct) == TYPED
    assert worded("mention_xaa", "data", "payload", "text") == TYPED
    assert worded("mention_aaa", "tweet_create_events", "0", "extended_tweet", "full_text") == TYPED


def test_history_tells_the_same_words_as_a_delivery() -> None:
    event = {
        "id": "1", "event_type": "MessageCreate", "text": ESCAPED, "sender_id": CUSTOMER, "dm_conversation_id": THREAD,
        "created_at": "2026-08-06T10:23:44.000Z",
    }  # fmt: skip

    assert of_v2(event, {}, ACCOUNT).text == TYPED


def test_an_address_that_was_shortened_keeps_what_stands_in_it() -> None:
    urls = [{"url": "https://t.co/a", "expanded_url": "https://shop.example/?a=1&lt;=2&amp;b"}]

    said = media.words("Q&amp;A https://t.co/a", {"urls": urls}, with_media=False)
    assert said == "Q&A https://shop.example/?a=1&lt;=2&amp;b"


def test_the_link_of_a_picture_is_not_part_of_the_words() -> None:
    said = message("picture")
    (picture,) = said.attachments
    assert said.text == "look https://shop.example/o/1"
    assert (picture.kind, picture.external_id) == (AttachmentKind.IMAGE, "1221000000000000123")


def test_a_film_is_the_best_of_its_variants() -> None:
    said = message("film")
    (film,) = said.attachments
    assert (said.text, film.kind, film.url) == ("", AttachmentKind.VIDEO, "https://video.example/high.mp4")


def test_an_answer_to_options() -> None:
    assert (message("quick_reply").kind, message("quick_reply").card["payload"]) == (
        MessageKind.QUICK_REPLY,
        "refund",
    )


def test_a_group_is_known_by_its_own_id() -> None:
    said = message("group")
    assert (said.thread_id, said.thread_kind) == ("1700000000000000001", ThreadKind.GROUP)


@pytest.mark.parametrize("name", ["typing_xaa", "typing_aaa"])
def test_somebody_types(name: str) -> None:
    (typing,) = events(name)
    assert isinstance(typing, Typing)
    assert (typing.thread_id, typing.actor.external_id) == (THREAD, CUSTOMER)


@pytest.mark.parametrize("name", ["read_xaa", "read_aaa"])
def test_the_customer_has_read_up_to_a_message_and_our_own_reading_is_nothing(name: str) -> None:
    (seen,) = events(name)
    assert isinstance(seen, ReadUpTo)
    assert (seen.thread_id, seen.message_id) == (THREAD, "2080765901528535009")


@pytest.mark.parametrize("name", ["revoked_aaa", "revoked_xaa"])
def test_a_revocation_names_the_account(name: str) -> None:
    (item,) = connector.items(delivery("x", name))
    (told,) = events(name)
    assert item.account_ids == (ACCOUNT.external_id,)
    assert isinstance(told, AccountChanged)
    assert (told.state, told.at) == (AccountState.REVOKED, datetime(2026, 8, 6, 10, tzinfo=UTC))


def test_the_end_of_a_replay_names_its_job_and_its_state() -> None:
    (ended,) = events("replay_done")
    assert ended == RedeliveryEnded("2001", "X's replay job ended: Complete. Job completed successfully")


def test_an_encrypted_chat_is_shown_as_such() -> None:
    said = message("encrypted")
    assert (said.kind, said.thread_id, said.text) == (MessageKind.ENCRYPTED, THREAD, "")


def test_a_mention_stands_in_its_authors_thread_under_the_post() -> None:
    said = message("mention_xaa")
    assert (said.kind, said.thread_kind) == (MessageKind.COMMENT, ThreadKind.COMMENT)
    assert said.thread_id == f"comment:2080765901528536000:{CUSTOMER}"
    assert said.reply_to == "2080765901528536000"
    assert said.text == "@acme where is my parcel?"
    assert [each.url for each in said.attachments] == ["https://pbs.twimg.com/p.jpg"]
    assert said.author.name == "Mara"


def test_a_post_is_what_it_is_by_whichever_event_or_list_it_is_told() -> None:
    """An answer to another post is a comment; what stands by itself is a mention, and so is what quotes."""
    assert message("reply_xaa").kind is message("mention_xaa").kind is MessageKind.COMMENT
    assert message("quote_xaa").kind is message("mention_aaa").kind is MessageKind.MENTION
    listed = wire.decode(delivery("x", "reply_xaa"))["data"]["payload"]
    assert of_a_post(listed, {}, ACCOUNT).kind is MessageKind.COMMENT


def test_a_telling_without_the_root_of_a_talk_names_the_post_it_answers_and_one_with_it_says_where_that_stands() -> (
    None
):
    listed = wire.decode(delivery("x", "reply_xaa"))["data"]["payload"]
    deep = {**listed, "referenced_tweets": [{"type": "replied_to", "id": "2080765901528536777"}]}
    older = {
        "id_str": listed["id"],
        "timestamp_ms": "1786011824372",
        "text": "@acme where is my parcel?",
        "user": {"id_str": CUSTOMER},
        "in_reply_to_status_id_str": "2080765901528536777",
        "in_reply_to_user_id_str": ACCOUNT.external_id,
    }

    whole, loose = of_a_post(deep, {}, ACCOUNT), of_an_older_post(older, ACCOUNT)

    assert loose is not None and loose.thread_id == loose.aside == whole.aside
    assert whole.aside == f"comment:2080765901528536777:{CUSTOMER}"
    assert (whole.thread_id, whole.kind) == (f"comment:2080765901528536000:{CUSTOMER}", loose.kind)
    assert of_a_post(listed, {}, ACCOUNT).aside == ""


def under_our_post(author: str, to: str) -> InboundMessage:
    """A post in the talk under the brand's own, in the form in which X delivers it."""
    document = wire.decode(delivery("x", "reply_xaa"))
    document["data"]["payload"] |= {
        "id": "2080765901528536005",
        "author_id": author,
        "in_reply_to_user_id": to,
    }
    (said,) = read(connector, wire.encode(document), ACCOUNT)
    assert isinstance(said, InboundMessage)
    return said


def test_each_person_under_one_post_has_a_thread_and_our_answer_stands_in_theirs() -> None:
    noor = "1587200000000000099"
    mara_asks, noor_asks = (
        under_our_post(CUSTOMER, ACCOUNT.external_id),
        under_our_post(noor, ACCOUNT.external_id),
    )
    answer = under_our_post(ACCOUNT.external_id, noor)

    assert mara_asks.thread_id != noor_asks.thread_id
    assert (answer.thread_id, answer.outbound, answer.counterpart) == (noor_asks.thread_id, True, Party(noor))


def test_a_quote_keeps_what_it_quotes() -> None:
    said = message("quote_xaa")
    assert (said.thread_id, said.card["id"]) == (
        f"comment:2080765901528536003:{CUSTOMER}",
        "2080765901528536000",
    )


def test_a_mention_of_the_older_api_is_read_in_full_and_a_repost_is_nothing() -> None:
    said = message("mention_aaa")
    assert (said.external_id, said.text) == ("2080765901528536004", "@acme this one is long enough to be cut")


@pytest.mark.parametrize(
    ("name", "target"),
    [("post_deleted_aaa", "2080765901528536004"), ("post_deleted_xaa", "2080765901528536001")],
)
def test_a_deleted_post_must_go(name: str, target: str) -> None:
    (gone,) = events(name)
    assert isinstance(gone, Unsent) and gone.target == target


def test_follows_mutes_and_likes_are_known_and_say_nothing() -> None:
    for item in connector.items(delivery("x", "others")):
        with pytest.raises(Ignored, match="nobody wrote anything"):
            connector.parse(item, ACCOUNT)


def test_a_block_of_either_side_says_that_nothing_gets_through() -> None:
    by_them, by_us, lifted = events("blocks_aaa")
    assert (
        isinstance(by_them, ReachChanged)
        and isinstance(by_us, ReachChanged)
        and isinstance(lifted, ReachChanged)
    )
    assert by_them.external_id == by_us.external_id == lifted.external_id == CUSTOMER
    assert (by_them.reason, lifted.reason) == ("This person has blocked the account on X.", "")
    assert by_us.reason.startswith("This account has blocked")


def test_a_block_of_our_own_is_told_without_a_time_and_waits_for_the_next_message() -> None:
    body = delivery("x", "block_xaa")
    assert why_not(connector, body, ACCOUNT).startswith("Ignored: X tells of a block and not when")

    dated = orjson.loads(body)
    dated["data"]["created_at"] = "2026-08-06T10:00:00.000Z"
    [by_us] = read(connector, orjson.dumps(dated), ACCOUNT)
    assert isinstance(by_us, ReachChanged) and by_us.external_id == CUSTOMER
    assert by_us.reason.startswith("This account has blocked")


def test_a_replay_job_that_is_not_complete_says_that_deliveries_are_lost() -> None:
    said = "X's replay job ended: Incomplete. Some events were not replayed"
    assert events("replay_incomplete") == [RedeliveryEnded("2002", said), DeliveriesLost(said)]


def test_an_unknown_event_between_two_people_is_kept() -> None:
    said = message("unknown_kind")
    assert (said.kind, said.thread_id) == (MessageKind.UNSUPPORTED, THREAD)
    assert said.external_id == message("unknown_kind").external_id


@pytest.mark.parametrize(
    "more",
    [
        {"direct_message_wave_events": [{"waves": 1}]},
        {"wave_event": {"waves": 1}},
        {"wave_ids": ["waves-1"]},
        {"user_event": {"grant": {"app_id": "1"}}},
        {"data": {"filter": {"user_id": ACCOUNT.external_id}, "payload": {"waves": 1}}},
        {"data": [{"event_type": "follow.follow"}, {"payload": {"waves": 1}}]},
    ],
    ids=[
        "an array",
        "an object",
        "plain values",
        "another event of the user",
        "an event without a type",
        "one among others",
    ],
)
def test_what_nobody_knows_is_kept_beside_what_is_known(more: dict[str, object]) -> None:
    document = wire.decode(delivery("x", "others")) | more

    *known, unknown = sorted(
        connector.items(wire.encode(document)),
        key=lambda item: "waves" in str(item.payload) or "grant" in str(item.payload),
    )

    assert unknown.account_ids == (ACCOUNT.external_id,)
    assert connector.parse(unknown, ACCOUNT) == ()
    for item in known:
        with pytest.raises(Ignored):
            connector.parse(item, ACCOUNT)


def test_an_array_that_nobody_knows_is_shown_where_it_tells_whose_it_is() -> None:
    wave = wire.decode(delivery("x", "unknown_kind"))["data"]["payload"]
    document = wire.decode(delivery("x", "aaa_messages")) | {"direct_message_wave_events": [wave]}

    *_, said = read(connector, wire.encode(document), ACCOUNT)

    assert isinstance(said, InboundMessage)
    assert (said.kind, said.thread_id) == (MessageKind.UNSUPPORTED, THREAD)


def test_what_x_could_not_show_is_no_event() -> None:
    document = wire.decode(delivery("x", "mention_xaa"))
    assert len(list(connector.items(wire.encode(document | {"errors": [{"title": "Not Found"}]})))) == 1


def test_an_unknown_document_is_an_item_and_no_event() -> None:
    assert len(list(connector.items(delivery("x", "unknown_document")))) == 1
    assert events("unknown_document") == []


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"<html>"])
def test_a_body_that_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        list(connector.items(body))


def test_ids_are_compared_as_numbers() -> None:
    assert threads.between("9", "10") == "9-10"
    assert threads.normal("2244994945:999") == "999-2244994945"
    assert threads.order_key("9") < threads.order_key("10")


def test_a_link_that_is_not_of_the_media_stays() -> None:
    urls = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://shop.example/a"}]}
    assert media.words("see https://t.co/a", urls, with_media=True) == "see https://shop.example/a"


def test_a_link_that_is_the_beginning_of_another_is_not_mixed_up() -> None:
    urls = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://one.example"},
                     {"url": "https://t.co/ab", "expanded_url": "https://two.example"}]}  # fmt: skip
    assert media.words("https://t.co/ab https://t.co/a", urls, with_media=False) == (
        "https://two.example https://one.example"
    )


def test_links_within_a_long_link_stay_as_they_are() -> None:
    """Each put into the one before it, four addresses of 4 kB are gigabytes."""
    shorts = [f"https://t.co/{letter * 10}" for letter in "abc"]
    longs = ["https://e.example/?" + inner * 20 for inner in (*shorts[1:], "x")]
    urls = {"urls": [{"url": short, "expanded_url": long} for short, long in zip(shorts, longs, strict=True)]}

    said = media.words(" ".join(shorts), urls, with_media=False)

    assert said == " ".join(longs)


def test_a_link_longer_than_any_page_needs_stays_short() -> None:
    urls = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://e.example/?" + "x" * 5000}]}

    assert media.words("https://t.co/a", urls, with_media=False) == "https://t.co/a"


@pytest.mark.parametrize("text", [{"a": 1}, ["a"], 7])
def test_words_that_are_none_are_kept_as_unsupported(text: object) -> None:
    created = {
        "sender_id": CUSTOMER,
        "target": {"recipient_id": ACCOUNT.external_id},
        "message_data": {"text": text},
    }
    older = {
        "id": "1",
        "type": "message_create",
        "created_timestamp": "1786012345123",
        "message_create": created,
    }
    newer = {
        "id": "2", "event_type": "MessageCreate", "dm_conversation_id": THREAD, "sender_id": CUSTOMER,
        "created_at": "2026-08-06T10:32:25.000Z", "text": text,
    }  # fmt: skip

    said = [messages_of_x.message(older, {}, ACCOUNT), messages_of_x.of_v2(newer, {}, ACCOUNT)]

    assert [(each.kind, each.text) for each in said] == [(MessageKind.UNSUPPORTED, "")] * 2


def test_what_the_account_answers_in_public_is_told_by_whatever_client_it_was_written() -> None:
    said = message("own_answer_xaa")

    assert (said.outbound, said.origin, said.text) == (True, Origin.OTHER_CLIENT, "Sorry, it left today.")
    assert said.thread_id == f"comment:2080765901528536000:{CUSTOMER}"
    assert said.counterpart == Party(CUSTOMER)


@pytest.mark.parametrize(
    "kind", ["post.create", "post.mention.create", "post.reply.create", "post.quote.create"]
)
@pytest.mark.parametrize(
    "changes",
    [
        {"in_reply_to_user_id": None, "referenced_tweets": []},
        {"in_reply_to_user_id": None, "referenced_tweets": [{"type": "retweeted", "id": "5"}]},
    ],
    ids=["a post", "a repost"],
)
def test_what_it_posts_to_nobody_is_no_message(changes: dict[str, object], kind: str) -> None:
    document = wire.decode(delivery("x", "own_answer_xaa"))
    document["data"]["event_type"] = kind
    document["data"]["payload"] |= changes

    assert why_not(connector, orjson.dumps(document), ACCOUNT).startswith("Ignored")


@pytest.mark.parametrize("kind", ["post.create", "post.reply.create"])
@pytest.mark.parametrize("to", [ACCOUNT.external_id, None], ids=["to itself", "to whom is not told"])
def test_what_it_answers_without_a_persons_name_is_left_to_the_talk_of_that(to: object, kind: str) -> None:
    document = wire.decode(delivery("x", "own_answer_xaa"))
    document["data"]["event_type"] = kind
    document["data"]["payload"]["in_reply_to_user_id"] = to

    (said,) = read(connector, orjson.dumps(document), ACCOUNT)

    assert isinstance(said, InboundMessage) and said.outbound and said.counterpart is None
    assert said.thread_id == said.aside == f"comment:{said.reply_to}"


@pytest.mark.parametrize(
    ("changes", "thread"),
    [
        ({}, ""),
        ({"quoted_status_id_str": "5"}, ""),
        ({"in_reply_to_status_id_str": "5", "in_reply_to_user_id_str": ACCOUNT.external_id}, "comment:5"),
        ({"in_reply_to_status_id_str": "5", "in_reply_to_user_id_str": CUSTOMER}, f"comment:5:{CUSTOMER}"),
    ],
    ids=["a post", "a quote", "to itself", "an answer"],
)
def test_so_it_is_in_deliveries_of_the_older_api_which_hold_its_own_posts(
    changes: dict[str, object], thread: str
) -> None:
    post = {"id_str": "2080765901528536009", "timestamp_ms": "1786012345123", "text": "Spring sale"}
    post |= {"user": {"id_str": ACCOUNT.external_id}, **changes}
    document = {"for_user_id": ACCOUNT.external_id, "tweet_create_events": [post]}

    found = read(connector, orjson.dumps(document), ACCOUNT)

    assert [each.thread_id for each in found if isinstance(each, InboundMessage)] == [thread][: len(thread)]
    assert thread or why_not(connector, orjson.dumps(document), ACCOUNT).startswith("Ignored")
