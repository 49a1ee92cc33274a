"""What Instagram delivers, in our words."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from connectors.contract import (
    Account,
    AccountChanged,
    AccountState,
    AttachmentKind,
    Edited,
    InboundEvent,
    InboundMessage,
    Malformed,
    MessageKind,
    Origin,
    Reacted,
    ReadUpTo,
    ThreadKind,
    Unsent,
)
from connectors.platforms.instagram import comments
from connectors.platforms.instagram.connector import connector
from tests.connectors.helpers import delivery, read, why_not

ACCOUNT = Account("17841400000000001", "acme.shop")
CUSTOMER = "927364500000011"
SENT = datetime(2026, 8, 6, 10, 32, 25, 123000, tzinfo=UTC)


def events(name: str) -> list[InboundEvent]:
    return read(connector, delivery("instagram", name), ACCOUNT)


def messages(name: str) -> list[InboundMessage]:
    found = events(name)
    assert all(isinstance(each, InboundMessage) for each in found)
    return [each for each in found if isinstance(each, InboundMessage)]


def message(name: str) -> InboundMessage:
    (only,) = messages(name)
    return only


def test_words_of_a_customer() -> None:
    said = message("text")
    assert (said.text, said.external_id) == ("Hi! ¿Abren hoy? 👋🏽", "aWdfZAG1faXRlbToxOk1")
    assert (said.thread_id, said.author.external_id) == (CUSTOMER, CUSTOMER)
    assert (said.sent_at, said.outbound, said.origin) == (SENT, False, Origin.CUSTOMER)


def test_several_pictures_without_words() -> None:
    said = message("pictures")
    assert [each.kind for each in said.attachments] == [AttachmentKind.IMAGE, AttachmentKind.VIDEO]
    assert said.kind is MessageKind.TEXT


def test_a_post_that_came_as_share_and_as_ig_post_is_one() -> None:
    said = message("share_twice")
    assert [each.external_id for each in said.attachments] == ["18139400000000077"]
    assert (said.kind, said.card["title"]) == (MessageKind.SHARE, "Spring shelves")


def test_a_reel_is_a_share() -> None:
    assert (message("reel").kind, message("reel").card["type"]) == (MessageKind.SHARE, "reel")


@pytest.mark.parametrize(
    ("name", "kind"), [("story_mention", MessageKind.STORY_MENTION), ("story_reply", MessageKind.STORY_REPLY)]
)
def test_a_story_is_shown_and_never_kept(name: str, kind: MessageKind) -> None:
    said = message(name)
    (story,) = said.attachments
    assert said.kind is kind
    assert not story.storable
    assert story.expires_at == datetime(2026, 8, 7, 10, 32, 25, 123000, tzinfo=UTC)


def test_a_reply_names_the_message_it_answers() -> None:
    assert message("inline_reply").reply_to == "aWdfZAG1faXRlbToxOk1"


def test_a_tapped_quick_reply_keeps_its_payload() -> None:
    said = message("quick_reply")
    assert (said.kind, said.text, said.card["payload"]) == (
        MessageKind.QUICK_REPLY,
        "Order status",
        "ORDER_STATUS",
    )


def test_a_reaction_and_its_removal() -> None:
    given, taken = events("reaction")
    assert isinstance(given, Reacted) and isinstance(taken, Reacted)
    assert (given.target, given.emoji, given.name, given.removed) == (
        "aWdfZAG1faXRlbToxOk1",
        "❤️",
        "love",
        False,
    )
    assert (taken.target, taken.emoji, taken.removed) == ("aWdfZAG1faXRlbToxOk1", "", True)


def test_an_unsent_message() -> None:
    (gone,) = events("unsend")
    assert isinstance(gone, Unsent)
    assert (gone.target, gone.thread_id) == ("aWdfZAG1faXRlbToxOk1", CUSTOMER)


def test_what_the_api_cannot_show_is_kept_as_unsupported() -> None:
    assert [each.kind for each in messages("unsupported")] == [MessageKind.UNSUPPORTED] * 2


def test_an_edit_whose_number_is_text() -> None:
    (edit,) = events("edit_in_messaging")
    assert isinstance(edit, Edited)
    assert (edit.target, edit.text, edit.version) == ("aWdfZAG1faXRlbToxOk1", "Hi! Open on Sunday?", 2)


def test_edits_that_come_as_changes() -> None:
    found = [each for each in events("edit_in_changes") if isinstance(each, Edited)]
    assert [(each.text, each.version) for each in found] == [
        ("Hi! Open on Monday?", 3),
        ("Hi! Open on Tuesday?", 4),
    ]


def test_an_edit_without_words_is_an_edit_all_the_same() -> None:
    (edit,) = events("edit_without_words")
    assert isinstance(edit, Edited)
    assert (edit.text, edit.version) == (None, 1)


def test_what_names_one_side_or_neither_is_an_edit_of_its_message() -> None:
    bare, wrapped, among_messages, *one_sided = events("edit_bare")
    assert isinstance(bare, Edited) and isinstance(wrapped, Edited) and isinstance(among_messages, Edited)
    assert (bare.target, bare.text, bare.version) == ("aWdfZAG1faXRlbToxOk1", "Hi! Open on Friday?", 5)
    assert (wrapped.text, wrapped.version) == ("Hi! Open on Saturday?", 6)
    assert (among_messages.target, among_messages.text) == (bare.target, "Hi! Open on Monday?")
    assert (among_messages.version, among_messages.at.microsecond) == (7, 345_000)
    assert [(each.target, each.version) for each in one_sided if isinstance(each, Edited)] == [
        (bare.target, 8),
        (bare.target, 9),
    ]


def test_two_pieces_of_news_of_one_element_are_two_messages() -> None:
    element = {
        "sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT.external_id}, "timestamp": 1786012345123,
        "pass_thread_control": {"new_owner_app_id": "1"}, "request_thread_control": {"requested_owner_app_id": "2"},
    }  # fmt: skip
    body = orjson.dumps({"entry": [{"id": ACCOUNT.external_id, "time": 1786012345, "messaging": [element]}]})
    told = [each for each in read(connector, body, ACCOUNT) if isinstance(each, InboundMessage)]
    assert len({each.external_id for each in told}) == len(told) == 2


def test_our_own_reading_says_nothing_and_is_no_unknown_kind() -> None:
    element = {
        "sender": {"id": ACCOUNT.external_id}, "recipient": {"id": CUSTOMER}, "timestamp": 1786012345123, "read": {"mid": "m1"},
    }  # fmt: skip
    body = orjson.dumps({"entry": [{"id": ACCOUNT.external_id, "time": 1786012345, "messaging": [element]}]})
    assert why_not(connector, body, ACCOUNT).startswith("Ignored")


def test_the_customer_has_seen_our_message() -> None:
    (seen,) = events("seen")
    assert isinstance(seen, ReadUpTo)
    assert (seen.thread_id, seen.message_id) == (CUSTOMER, "aWdfZours")


def test_a_tapped_button_has_an_id_even_where_the_platform_gives_none() -> None:
    first, second = messages("postback")
    assert (first.external_id, first.text, first.card["payload"]) == (
        "aWdfZpost",
        "Where is my parcel?",
        "PARCEL",
    )
    assert second.external_id == messages("postback")[1].external_id
    assert second.external_id not in ("", first.external_id)


def test_a_referral_alone_and_inside_a_message() -> None:
    alone, inside = messages("referral")
    assert (alone.kind, alone.card["referral"]["ref"]) == (MessageKind.REFERRAL, "flyer-42")
    assert (inside.kind, inside.text) == (MessageKind.TEXT, "Is this in stock?")
    assert inside.card["referral"]["product_id"] == "P-7"


def test_an_echo_names_the_customer_it_went_to() -> None:
    ours = message("echo")
    assert ours.outbound and ours.counterpart is not None
    assert (ours.thread_id, ours.counterpart.external_id, ours.author.external_id) == (
        CUSTOMER,
        CUSTOMER,
        ACCOUNT.external_id,
    )
    assert ours.origin is Origin.OTHER_CLIENT


def test_a_message_to_oneself_is_outbound() -> None:
    assert message("self").outbound and message("self").thread_id == ACCOUNT.external_id


def test_a_change_of_control_is_a_message_of_the_system() -> None:
    passed, taken = messages("handover")
    assert {passed.kind, taken.kind} == {MessageKind.SYSTEM}
    assert passed.card["new_owner_app_id"] == "263902037430900"
    assert passed.external_id != taken.external_id
    assert passed.origin is Origin.AUTOMATION


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("messaging", "This conversation was handed over to Parley."),
        ("standby", "Another app was given this conversation."),
    ],
)
def test_who_is_told_that_a_conversation_was_passed_has_got_it(section: str, words: str) -> None:
    document = orjson.loads(delivery("instagram", "handover"))
    entry = document["entry"][0]
    entry[section] = [entry.pop("messaging")[0]]

    (said,) = read(connector, orjson.dumps(document), ACCOUNT)

    assert isinstance(said, InboundMessage) and said.text == words


def test_what_another_app_is_told_is_overheard() -> None:
    said = message("standby")
    assert (said.text, said.card["standby"], said.outbound) == ("hello bot", True, False)


def test_what_another_app_says_while_it_holds_the_thread_is_automatic() -> None:
    document = orjson.loads(delivery("instagram", "standby"))
    (element,) = document["entry"][0]["standby"]
    element["sender"], element["recipient"] = element["recipient"], element["sender"]
    element["message"]["is_echo"] = True

    (said,) = read(connector, orjson.dumps(document), ACCOUNT)

    assert isinstance(said, InboundMessage)
    assert (said.outbound, said.origin, said.thread_id) == (True, Origin.AUTOMATION, CUSTOMER)


def test_the_dashboards_test_is_ignored_with_a_reason() -> None:
    assert "dashboard" in why_not(connector, delivery("instagram", "dashboard_test"), ACCOUNT)


def test_a_time_in_text_and_words_that_are_null() -> None:
    said = message("time_as_text")
    assert (said.sent_at, said.text) == (SENT, "")


def test_a_comment_inside_changes() -> None:
    said = message("comment_wrapped")
    assert (said.kind, said.thread_kind) == (MessageKind.COMMENT, ThreadKind.COMMENT)
    assert (said.thread_id, said.reply_to) == ("comment:17870000000000030", "17870000000000030")
    assert (said.author.username, said.card["ad_id"]) == ("mara.k", "6100")
    assert said.sent_at == datetime(2026, 8, 6, 10, 32, 25, tzinfo=UTC)


def test_a_delivery_tells_no_time_of_a_comment_and_history_does() -> None:
    delivered = message("comment_wrapped")
    value = {"id": "17870000000000031", "timestamp": "2026-08-06T10:32:25+0000", "from": {"id": "1"}}
    found = comments.comment(value, entry_time=None, account=ACCOUNT)

    assert (delivered.dated_by_delivery, found.dated_by_delivery) == (True, False)
    assert all(said.dated_by_delivery for said in messages("mentions"))
    assert not message("text").dated_by_delivery


def test_a_comment_laid_flat_with_its_id_under_the_other_name() -> None:
    said = message("comment_flat")
    assert (said.external_id, said.thread_id) == ("17870000000000032", "comment:17870000000000032")


def test_a_comment_of_the_brand_is_outbound() -> None:
    assert message("comment_of_ours").outbound


def test_a_mention_tells_ids_only() -> None:
    in_comment, in_post = messages("mentions")
    assert (in_comment.external_id, in_comment.kind) == ("17870000000000040", MessageKind.MENTION)
    assert in_comment.thread_id == "comment:mention:17910000000000009:17870000000000040"
    assert (in_post.thread_id, in_post.external_id) == (
        "comment:mention:17910000000000010",
        "mention:17910000000000010",
    )
    assert in_comment.author.external_id != in_post.author.external_id
    assert in_comment.untold and in_post.untold


def test_a_delivery_inside_an_array() -> None:
    assert message("array").text == "in an array"


def test_a_batch_mixes_accounts_and_sections() -> None:
    found = list(connector.items(delivery("instagram", "mixed_batch")))
    ours = [item for item in found if ACCOUNT.external_id in item.account_ids]
    others = [item for item in found if "17841400000000002" in item.account_ids]
    assert (len(found), len(ours), len(others)) == (5, 4, 1)


def test_an_unknown_kind_is_kept_with_an_id_that_stays() -> None:
    first, second = message("unknown_kind"), message("unknown_kind")
    assert (first.kind, first.thread_id) == (MessageKind.UNSUPPORTED, CUSTOMER)
    assert first.external_id == second.external_id != ""


def test_an_unknown_attachment_is_kept_by_its_address() -> None:
    (thing,) = message("unknown_attachment").attachments
    assert (thing.kind, thing.title) == (AttachmentKind.OTHER, "hologram")


@pytest.mark.parametrize("waves", [[{"sender": {"id": CUSTOMER}}], {"sender": {"id": CUSTOMER}}, ["1"]])
@pytest.mark.parametrize("name", ["text", "comment_wrapped", "comment_flat"])
def test_a_section_that_nobody_knows_is_kept_beside_those_that_are_known(name: str, waves: object) -> None:
    document = orjson.loads(delivery("instagram", name))
    document["entry"][0] |= {"waves": waves, "hop_context": [{"app_id": 1}]}

    known, unknown = connector.items(orjson.dumps(document))

    assert connector.parse(known, ACCOUNT)
    assert connector.parse(unknown, ACCOUNT) == ()
    assert (unknown.account_ids, unknown.payload["element"].keys()) == ((ACCOUNT.external_id,), {"waves"})


def test_a_field_without_a_thread_says_nothing() -> None:
    assert events("unknown_field") == []


def test_a_block_of_the_account_is_told() -> None:
    (told,) = events("policy")
    assert isinstance(told, AccountChanged)
    assert (told.state, told.reason) == (AccountState.RESTRICTED, "Too many reports.")


def test_hostile_text_arrives_as_it_is_but_for_what_cannot_be_stored() -> None:
    words = message("hostile_text").text
    assert "\u202eevil\u2069 <script>{{x}}</script>" in words
    assert "\x00" not in words


@pytest.mark.parametrize("body", [b"", b"[]x", b'"text"', b'{"object":"instagram"}', b"[1]", b"<html>"])
def test_a_body_that_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        list(connector.items(body))


@pytest.mark.parametrize("text", [{"a": 1}, ["a"], 7])
def test_words_that_are_none_are_kept_as_unsupported(text: object) -> None:
    told = {"mid": 12345, "text": text}
    sides = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT.external_id}, "timestamp": 1786012345123}
    entry = {"id": ACCOUNT.external_id, "messaging": [{**sides, "message": told}]}

    (said,) = read(connector, orjson.dumps({"object": "instagram", "entry": [entry]}), ACCOUNT)

    assert isinstance(said, InboundMessage)
    assert (said.external_id, said.kind, said.text) == ("12345", MessageKind.UNSUPPORTED, "")
