"""What LinkedIn tells, in our words."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from connectors.contract import (
    Account,
    AttachmentKind,
    Delivered,
    Edited,
    Ignored,
    InboundEvent,
    InboundMessage,
    Item,
    Malformed,
    MessageKind,
    ReadUpTo,
    ThreadKind,
    Unsent,
)
from connectors.platforms.linkedin.connector import connector
from tests.connectors.helpers import delivery, read

ACCOUNT = Account("urn:li:person:2qXA98-mVk", name="Acme")
MEMBER = "urn:li:person:kAq_1ptjX"
THREAD = "urn:li:messagingThread:2-NjU5OTczMTMyOTE1=="
COMMENT = "urn:li:comment:(urn:li:activity:7090000000000000002,7090000000000000099)"


def events(name: str) -> list[InboundEvent]:
    return read(connector, delivery("linkedin", name), ACCOUNT)


def message(name: str) -> InboundMessage:
    (only,) = [each for each in events(name) if isinstance(each, InboundMessage)]
    return only


def test_a_message_of_a_member() -> None:
    said = message("message")
    assert (said.external_id, said.thread_id) == ("2-MTc4NjAxMjM0NTEyMw==", THREAD)
    assert (said.text, said.author.external_id, said.outbound) == (
        "Hello, do you ship to Norway?",
        MEMBER,
        False,
    )
    assert said.sent_at == datetime(2026, 8, 6, 10, 32, 25, 123000, tzinfo=UTC)
    assert said.client_ref == "41453ff9"


def test_that_we_read_their_message_is_no_news() -> None:
    assert len(events("message")) == 1


def test_actor_and_owner_are_one_so_it_is_ours() -> None:
    said, delivered, seen = events("ours")
    assert isinstance(said, InboundMessage) and isinstance(seen, ReadUpTo)
    assert isinstance(delivered, Delivered) and delivered.target == said.external_id
    assert said.outbound and said.counterpart is not None and said.counterpart.external_id == MEMBER
    assert said.external_id == "2-b3Vycw=="
    assert (seen.message_id, seen.thread_id) == ("2-b3Vycw==", THREAD)


def test_the_urn_of_a_message_is_its_id_with_a_prefix_and_no_second_id() -> None:
    body = delivery("linkedin", "message")
    named_by_urn = body.replace(b'"id": "2-MTc4', b'"id": "urn:li:messagingMessage:2-MTc4')
    assert named_by_urn != body
    assert read(connector, named_by_urn, ACCOUNT) == read(connector, body, ACCOUNT)


def test_an_update_is_an_edit() -> None:
    (edit,) = events("edited")
    assert isinstance(edit, Edited)
    assert (edit.target, edit.text) == ("2-MTc4NjAxMjM0NTEyMw==", "Hello, do you ship to Sweden?")
    assert edit.at == datetime(2026, 8, 6, 10, 33, 20, tzinfo=UTC)


def test_a_delete_takes_the_words_away() -> None:
    (gone,) = events("deleted")
    assert isinstance(gone, Unsent) and gone.target == "2-MTc4NjAxMjM0NTEyMw=="


def test_the_little_format_becomes_words_and_a_recording() -> None:
    said = message("little")
    (recording,) = said.attachments
    assert said.text == "@Acme Shop listen"
    assert (recording.kind, recording.external_id) == (
        AttachmentKind.AUDIO,
        "urn:li:digitalmediaAsset:C4D0AUDIO",
    )


def test_what_the_little_format_escapes_means_itself_and_an_address_that_is_told_elsewhere_is_found() -> None:
    said = message("little_escaped")
    recording, other = said.attachments
    assert said.text == "Ist das so? (100 % #neu) @Mara [K] #rabatt"
    assert recording.external_id == "urn:li:digitalmediaAsset:C4E20AQGnXq_XPHmP3w"
    assert recording.url.startswith("https://api.linkedin.com/mediaDownload/C4E20AQGnXq_XPHmP3w/")
    assert (other.kind, other.url) == (AttachmentKind.OTHER, "urn:li:digitalmediaAsset:C4D05OTHER")


def test_a_file_that_is_named_twice_is_one() -> None:
    first, second = message("files").attachments
    assert (first.kind, first.name, first.size) == (AttachmentKind.IMAGE, "box.png", 5120)
    assert first.url.startswith("https://api.linkedin.com/mediaDownload/")
    assert second.url == "urn:li:digitalmediaAsset:C2"


def test_an_address_is_no_name_of_a_file() -> None:
    body = delivery("linkedin", "files")
    nameless = body.replace(b'"id": "urn:li:digitalmediaAsset:C1"', b'"id": ""').replace(
        b'"urn:li:digitalmediaAsset:C2"', b'"https://media.example/C2"'
    )
    (said,) = [each for each in read(connector, nameless, ACCOUNT) if isinstance(each, InboundMessage)]

    first, second, *_ = said.attachments

    assert first.url.startswith("https://api.linkedin.com/mediaDownload/")
    assert (second.url, first.external_id, second.external_id) == ("https://media.example/C2", "", "")


def test_a_moving_picture_is_a_picture() -> None:
    (gif,) = message("gif").attachments
    assert (gif.kind, gif.url) == (AttachmentKind.IMAGE, "https://media.example/wave.gif")


def test_so_is_one_that_stands_under_the_name_of_its_type() -> None:
    (gif,) = message("gif_wrapped").attachments
    assert (gif.kind, gif.url) == (AttachmentKind.IMAGE, "https://media.example/wave-498.gif")


def test_a_salespersons_message_says_so() -> None:
    said = message("sales_navigator")
    assert (said.card["via"], said.author.external_id) == ("Sales Navigator", MEMBER)


def test_a_hidden_member_stays_somebody() -> None:
    said = message("hidden_member")
    assert (said.author.name, said.outbound) == ("LinkedIn member", False)
    assert said.author.external_id and said.author.stand_in


def test_three_people_are_a_group() -> None:
    assert message("group").thread_kind is ThreadKind.GROUP


@pytest.mark.parametrize(
    ("others", "kind"), [(["urn:li:person:third"], ThreadKind.GROUP), ([], ThreadKind.DIRECT)]
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_members_of_a_thread_are_counted_however_they_are_listed(
    others: list[str], kind: ThreadKind, wrapped: bool
) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    members = [event["owner"], event["activity"]["author"], *others]
    event["activity"]["membership"] = [{"member": each} for each in members] if wrapped else members

    (said, *_) = connector.parse(Item(event), ACCOUNT)

    assert isinstance(said, InboundMessage) and said.thread_kind is kind


@pytest.mark.parametrize(
    ("others", "kind"),
    [(["urn:li:person:third"], ThreadKind.GROUP), (["urn:li:salesIdentity:1"], ThreadKind.DIRECT)],
)
def test_so_are_those_whom_linkedin_adds_to_the_thread(others: list[str], kind: ThreadKind) -> None:
    """The mailbox of a salesperson is of somebody who is a person besides."""
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    members = [event["owner"], event["activity"]["author"], *others]
    event["processedActivity"] = {"thread~": {"membership": [{"identity": each} for each in members]}}

    (said, *_) = connector.parse(Item(event), ACCOUNT)

    assert isinstance(said, InboundMessage) and said.thread_kind is kind


@pytest.mark.parametrize(
    "named",
    [["urn:li:hireMailbox:1"], ["urn:li:salesIdentity:1", "urn:li:hireMailbox:1"]],
    ids=["one", "two"],
)
@pytest.mark.parametrize("added", [True, False], ids=["the person is added", "nobody is added"])
def test_a_mailbox_that_the_message_names_is_nobody_besides(named: list[str], added: bool) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    people = [event["owner"], event["activity"]["author"]]
    event["activity"]["recipients"] = named
    if added:
        event["processedActivity"] = {"thread~": {"membership": [{"identity": each} for each in people]}}

    (said, *_) = connector.parse(Item(event), ACCOUNT)

    assert isinstance(said, InboundMessage) and said.thread_kind is ThreadKind.DIRECT


def test_what_is_no_message_of_the_log_is_left_out_and_one_of_an_unknown_state_is_unknown() -> None:
    like, failed = connector.items(delivery("linkedin", "other_resources"))
    with pytest.raises(Ignored):
        connector.parse(like, ACCOUNT)
    assert connector.parse(failed, ACCOUNT) == ()


def test_what_linkedin_took_up_again_after_a_failure_is_a_message_like_others() -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]

    replayed = connector.parse(Item({**event, "activityStatus": "SUCCESSFUL_REPLAY"}), ACCOUNT)

    assert replayed == connector.parse(Item(event), ACCOUNT)


def test_an_unknown_method_is_kept_as_unsupported() -> None:
    assert message("unknown_kind").kind is MessageKind.UNSUPPORTED


def test_a_bad_item_does_not_stop_the_others() -> None:
    good, bad = connector.items(delivery("linkedin", "one_bad_item"))
    assert connector.parse(good, ACCOUNT)
    with pytest.raises(Malformed):
        connector.parse(bad, ACCOUNT)


def test_a_comment_begins_a_thread_of_its_own() -> None:
    said = message("comment")
    assert (said.external_id, said.thread_id) == (COMMENT, f"comment:{COMMENT}")
    assert (said.kind, said.thread_kind) == (MessageKind.COMMENT, ThreadKind.COMMENT)
    assert (said.text, said.author.external_id) == ("Still waiting for support", MEMBER)


def test_a_reply_to_a_comment_stays_in_its_thread_though_its_author_is_hidden() -> None:
    said = message("comment_reply")
    assert (said.thread_id, said.reply_to, said.text) == (f"comment:{COMMENT}", COMMENT, "me too")
    assert said.author.name == "LinkedIn member"


def test_edits_and_deletions_of_comments_and_what_nobody_wrote() -> None:
    edit, gone = events("comment_changes")
    assert isinstance(edit, Edited) and isinstance(gone, Unsent)
    assert (edit.text, edit.target, gone.target) == ("Solved, thanks", COMMENT, COMMENT)


UNREADABLE = [None, {}, {"comment": {"text": None}}, {"comment": {"message": {"text": {"raw": "x"}}}}]


def notified(action: str, decorated: object, **changes: object) -> InboundEvent:
    """What is told by a notification about a comment of which LinkedIn says this."""
    told = orjson.loads(delivery("linkedin", "comment"))["notifications"][0]
    (event,) = connector.parse(
        Item(told | {"action": action, "decoratedGeneratedActivity": decorated} | changes), ACCOUNT
    )
    return event


@pytest.mark.parametrize("decorated", UNREADABLE)
def test_a_comment_whose_words_stand_nowhere_is_unsupported_under_its_own_name_and_an_edit_takes_no_words_away(
    decorated: object,
) -> None:
    said, edit = notified("COMMENT", decorated), notified("COMMENT_EDIT", decorated)

    assert isinstance(said, InboundMessage) and isinstance(edit, Edited)
    assert (said.kind, said.external_id, edit.text) == (MessageKind.UNSUPPORTED, COMMENT, None)


@pytest.mark.parametrize(
    ("comment", "words"),
    [({"text": ""}, ""), ({"message": {"text": "Hi"}}, "Hi"), ({"text": "", "message": "Hi"}, "Hi")],
)
def test_words_of_a_comment_are_found_where_linkedin_puts_them_be_they_none(
    comment: dict[str, object], words: str
) -> None:
    said, edit = notified("COMMENT", {"comment": comment}), notified("COMMENT_EDIT", {"comment": comment})

    assert isinstance(said, InboundMessage) and isinstance(edit, Edited)
    assert (said.kind, said.text, edit.text) == (MessageKind.COMMENT, words, words)


@pytest.mark.parametrize("action", ["COMMENT", "ADMIN_COMMENT"])
def test_a_comment_without_a_name_is_shown_under_its_notification_and_bears_no_posts_name(
    action: str,
) -> None:
    said = notified(action, {"comment": {"text": "Hi"}}, generatedActivity=None)

    assert isinstance(said, InboundMessage)
    assert (said.kind, said.external_id, said.text) == (MessageKind.COMMENT, "notification:2087650001", "Hi")
    assert said.thread_id == "comment:urn:li:share:7090000000000000001"


def test_a_comment_is_told_by_its_notification_whether_it_is_named_or_not() -> None:
    named, nameless = (
        notified("COMMENT", {"comment": {"text": "Hi"}}, **changes)
        for changes in ({}, {"generatedActivity": None})
    )

    assert isinstance(named, InboundMessage) and isinstance(nameless, InboundMessage)
    assert named.told_as == nameless.told_as == nameless.external_id != named.external_id


@pytest.mark.parametrize("action", ["COMMENT_EDIT", "COMMENT_DELETE"])
def test_a_change_that_does_not_name_its_comment_is_not_told_of_the_post(action: str) -> None:
    with pytest.raises(Malformed, match="no activity"):
        notified(action, {"comment": {"text": "Hi"}}, generatedActivity=None)


def test_a_mention_may_be_named_by_its_post_alone() -> None:
    said = notified("SHARE_MENTION", {"share": {"text": "Thanks @Acme"}}, generatedActivity=None)

    assert isinstance(said, InboundMessage)
    assert (said.external_id, said.kind) == ("urn:li:share:7090000000000000001", MessageKind.MENTION)


def test_a_comment_has_one_name_however_it_is_spelt() -> None:
    body = delivery("linkedin", "comment_of_ours")
    short = body.replace(b"urn:li:comment:(urn:li:activity:", b"urn:li:comment:(activity:")
    assert short != body

    (one,), (other,) = (read(connector, each, ACCOUNT) for each in (body, short))

    assert one == other


def test_a_comment_of_the_page_is_outbound() -> None:
    said = message("comment_of_ours")
    assert said.outbound and said.author.external_id == "urn:li:organization:9000001"


def test_a_mention_in_a_post() -> None:
    said = message("mention")
    assert (said.kind, said.text) == (MessageKind.MENTION, "Thanks @Acme")
    assert said.thread_id == "comment:urn:li:share:7090000000000000555"


def test_an_unknown_action_is_kept_under_its_notification() -> None:
    said = message("unknown_action")
    assert (said.kind, said.external_id) == (MessageKind.UNSUPPORTED, "notification:2087650999")


def test_a_notification_names_the_page_and_who_subscribed() -> None:
    (item,) = connector.items(delivery("linkedin", "comment"))
    assert item.account_ids == ("urn:li:organization:9000001", ACCOUNT.external_id)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"notifications":{}}', b"<html>"])
def test_a_body_that_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        list(connector.items(body))


@pytest.mark.parametrize("content", [{"content": {"string": {"a": 1}}}, {"content": 7, "fallback": None}])
def test_words_that_are_none_are_kept_as_unsupported_and_change_none_that_are_known(
    content: dict[str, object],
) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    event["activity"]["content"] = content

    (said,), (edit,) = (
        connector.parse(Item(event | {"method": method}), ACCOUNT) for method in ("CREATE", "UPDATE")
    )

    assert isinstance(said, InboundMessage) and isinstance(edit, Edited)
    assert (said.kind, said.text, edit.text) == (MessageKind.UNSUPPORTED, "", None)


@pytest.mark.parametrize("content", [None, {}])
def test_a_change_of_something_else_beside_an_empty_content_is_no_edit(content: object) -> None:
    event = orjson.loads(delivery("linkedin", "ours"))["elements"][0]
    event["activity"] |= {"content": content, "readAt": 1786012346000}

    changed = connector.parse(Item(event | {"method": "UPDATE"}), ACCOUNT)

    assert not any(isinstance(each, Edited) for each in changed)
    assert any(isinstance(each, ReadUpTo) for each in changed)
