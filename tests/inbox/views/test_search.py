"""Search as a page asks for it: what is found, what is said where nothing can be, and whose it is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from inbox.actions import indexing, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import ThreadKind
from inbox.models import Channel, Conversation, ConversationTag, Message, MessageWords, Person, Tag
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory


def follow(channel: Channel) -> None:
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        indexing.index(batch)


@pytest.fixture(autouse=True)
def _recent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: say.at(600))


def results(page: Client, typed: str) -> str:
    return page.get("/b/lumen/search/", {"q": typed}, headers={"X-Parley-Fragment": "1"}).content.decode()


def receive(channel: Channel, *events: object, seconds: float = 1) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(seconds))  # type: ignore[arg-type]
    follow(channel)


def found(page: Client, typed: str) -> list[str]:
    """The texts of the messages shown, the newest first."""
    ids = [part.split('"')[0] for part in results(page, typed).split('data-at="')[1:]]
    texts = {str(m.public_id): m.text for m in Message.objects.filter(public_id__in=ids)}
    return [texts[each] for each in ids]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Where is my parcel?", "parcel"),
        ("Where is my parcel?", "PARCEL"),
        ("Where is my parcel?", "par"),
        ("Where is my parcel?", '"is my"'),
        ("Where is my parcel?", "parcel where"),
        ("Order #AB-1234 is late", "#AB-1234"),
        ("Order #AB-1234 is late", "ab1234"),
        ("Order #AB-1234 is late", "AB-12"),
        ("Order ab1234 is late", "#AB-1234"),
        ("Is 471122 late?", "4711-22"),
        ("Order #AB-1234 is late", "1234"),
        ("See shop.example/orders/1234", "orders/1234"),
        ("Où est l'été de Zoë?", "ete zoe"),
        ("Die Größe paßt nicht", "grosse passt"),
        ("Søren fra Århus", "soren arhus"),
        ("Straße 5", "STRASSE"),
        ("注文した商品が届きません", "商品"),
        ("注文した商品が届きません", "届きません"),
        ("注文した商品が届きません", "文"),
        ("สินค้ายังไม่มาถึง", "สินค้า"),
        ("배송이 늦어요", "배송"),
        ("أين طَلَبي؟", "طلبي"),
        ("Ёлка пришла", "елка"),
        ("मेरा ऑर्डर कहाँ है", "ऑर्डर"),
        ("Number ٤٧١١", "4711"),
        ("100% <b>sure</b>", "sure"),
    ],
)
def test_a_message_is_found_by_what_it_says(page: Client, channel: Channel, text: str, typed: str) -> None:
    receive(channel, say.wrote(text), say.wrote("Something else altogether", who="jon"))

    assert found(page, typed) == [text]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Where is my parcel?", "parcels"),
        ("Where is my parcel?", "parcel late"),
        ("Where is my parcel?", '"my is"'),
        ("Where is my parcel?", '"where my"'),
        ("Where is my parcel?", "i"),
        ("商品が届き", "品商"),
        ("ab 1234", "ab1234"),
    ],
)
def test_what_is_not_said_is_not_found(page: Client, channel: Channel, text: str, typed: str) -> None:
    receive(channel, say.wrote(text))

    assert found(page, typed) == []
    assert "Nothing found" in results(page, typed)


def test_the_words_are_marked_and_the_newest_stands_first(page: Client, channel: Channel) -> None:
    receive(
        channel, say.wrote("A refund, please", seconds=1), say.wrote("Refund <me>!", seconds=2, who="jon")
    )

    shown = results(page, "refund")

    assert found(page, "refund") == ["Refund <me>!", "A refund, please"]
    assert "<mark>Refund</mark> &lt;me&gt;!" in shown


def test_an_edited_message_is_found_by_its_new_words_and_an_unsent_one_not_at_all(
    page: Client, channel: Channel
) -> None:
    first, second = say.wrote("the blue one"), say.wrote("my secret", seconds=2)
    receive(channel, first, second)

    receive(channel, say.edited(first, "the green one"), say.unsent(second), seconds=100)

    assert (found(page, "blue"), found(page, "green")) == ([], ["the green one"])
    assert found(page, "secret") == []


def test_what_has_just_been_unsent_is_not_found_though_nobody_has_read_the_news_yet(
    page: Client, channel: Channel
) -> None:
    message = say.wrote("my secret")
    receive(channel, message)

    receiving.receive(arrivals=[Arrival(channel.pk, say.unsent(message))], now=say.at(100))

    assert found(page, "secret") == []
    assert "@" not in "".join(MessageWords.objects.values_list("words", flat=True))


def test_people_are_found_by_name_and_handle(page: Client, channel: Channel) -> None:
    receive(
        channel, say.wrote("Hi", who="mara"), say.wrote("Hello", who="marlon"), say.wrote("Hey", who="jon")
    )

    assert names(page, "mar") == ["Marlon", "Mara"]
    assert names(page, "@mara.k") == ["Mara"]
    assert names(page, "marak") == ["Mara"]
    assert names(page, "Mara K") == ["Mara"]
    assert names(page, "jo n") == []


def test_who_wrote_among_others_only_is_found_where_they_wrote(page: Client, channel: Channel) -> None:
    group = {"thread_id": "family", "thread_kind": ThreadKind.GROUP}
    below = {"thread_id": "post", "thread_kind": ThreadKind.COMMENT}
    receive(
        channel, say.wrote("Hi", who="anna", **group), say.wrote("Hello", who="bob", seconds=2, **group),
        say.wrote("Nice!", who="cleo", seconds=3, **below), say.wrote("No!", who="dora", seconds=4, **below),
    )  # fmt: skip

    assert names(page, "@bob.k") == ["Bob"]
    assert "wrote in <bdi>Group with Anna</bdi>" in results(page, "bob")
    assert names(page, "dora") == ["Dora"]
    assert "wrote in <bdi>Cleo</bdi>" in results(page, "dora")
    assert names(page, "cleo") == ["Cleo"] and "wrote in" not in results(page, "cleo")


def test_who_has_a_conversation_is_shown_it_rather_than_a_group(page: Client, channel: Channel) -> None:
    receive(
        channel, say.wrote("Hello", who="bob"),
        say.wrote("All here?", who="bob", seconds=9, thread_id="family", thread_kind=ThreadKind.GROUP),
    )  # fmt: skip

    assert names(page, "bob") == ["Bob"]
    assert str(Conversation.objects.get(thread_key="bob").public_id) in results(page, "bob")


@pytest.mark.parametrize("typed", ["parcel is:any", "channel:instagram is:any"])
def test_a_result_says_how_its_conversation_is_where_it_is_not_open(
    page: Client, channel: Channel, typed: str
) -> None:
    receive(channel, say.wrote("My parcel is late", who="mara"))
    receive(channel, say.wrote("A parcel for Kim", who="kim"))
    Conversation.objects.filter(thread_key="kim").update(state="snoozed", snoozed_until=say.at(900))

    said = re.findall(r'data-state="(\w+)".*?hit__state">(\w*)<', results(page, typed), re.S)

    assert sorted(said) == [("open", ""), ("snoozed", "snoozed")]


def test_more_people_of_one_name_can_be_asked_for(page: Client, channel: Channel) -> None:
    receive(channel, *(say.wrote("Hello", who=f"mara{n}") for n in range(8)))
    assert len(names(page, "mara")) == 5
    assert "people=all" in results(page, "mara") and "people=all" not in results(page, "mara7")

    html = page.get("/b/lumen/search/?q=mara&people=all").content.decode()

    assert html.count("hit--person") == 8 and "people=all" not in html


def names(page: Client, typed: str) -> list[str]:
    people = results(page, typed).split("Messages</h2>")[0]
    return re.findall(r'hit--person.*?hit__name" dir="auto">([^<]*)', people, re.S)


def test_notes_are_found_and_said_to_be_notes(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    page.post(
        f"/b/lumen/conversations/{conversation.public_id}/notes/",
        {"client_id": "0192e1f0-0000-7000-8000-000000000001", "text": "She is a journalist"},
    )
    follow(channel)

    assert found(page, "journalist") == ["She is a journalist"]
    assert "Note by Jo" in results(page, "journalist")
    assert found(page, "journalist from:customer") == []
    assert found(page, "journalist from:notes") == ["She is a journalist"]


def test_filters_narrow_what_is_found(page: Client, channel: Channel) -> None:
    other = ChannelFactory(brand=channel.brand, platform="x", handle="lumen_x")
    receive(
        channel, say.wrote("refund by picture", who="mara"), say.wrote("refund done", who="jon", seconds=5)
    )
    receiving.receive(arrivals=[Arrival(other.pk, say.wrote("refund in short", seconds=9))], now=say.at(10))
    follow(channel)
    Conversation.objects.filter(contact_name="Jon").update(state="resolved", resolved_at=say.at(20))
    Conversation.objects.filter(channel=channel, contact_name="Mara").update(
        tags=["late parcel"], unread_count=0
    )
    tag, _ = Tag.objects.get_or_create(brand=channel.brand, name="late parcel")
    ConversationTag.objects.create(
        conversation=Conversation.objects.get(channel=channel, contact_name="Mara"), tag=tag, set_by="rule", set_at=say.at(20)
    )  # fmt: skip

    assert found(page, "refund channel:x") == ["refund in short"]
    assert found(page, "refund channel:instagram is:open") == ["refund by picture"]
    assert found(page, "is:resolved refund") == ["refund done"]
    assert found(page, 'refund tag:"late parcel"') == ["refund by picture"]
    assert found(page, 'refund -tag:"late parcel" -done') == ["refund in short"]
    assert found(page, "refund from:jon.k") == ["refund done"]
    assert found(page, "refund is:unread -is:resolved") == ["refund in short"]
    assert found(page, "refund assignee:none -short") == ["refund done", "refund by picture"]
    assert found(page, "refund after:2026-08-06") != []
    assert found(page, "refund before:2026-08-06") == []
    assert found(page, "refund after:2026-08-07") == []
    assert "Jon" in results(page, "is:resolved") and "Mara" not in results(page, "is:resolved")


def test_people_are_narrowed_as_their_conversations_are(page: Client, channel: Channel) -> None:
    other = ChannelFactory(brand=channel.brand, platform="x", handle="lumen_x")
    group = {"thread_id": "family", "thread_kind": ThreadKind.GROUP}
    receive(
        channel, say.wrote("Hello", who="mara"), say.wrote("Hello", who="marlon"), say.wrote("All here?", who="mara", **group),
        say.wrote("Yes", who="martin", **group),
    )  # fmt: skip
    receiving.receive(
        arrivals=[Arrival(other.pk, say.wrote("Hi", who=who, seconds=9)) for who in ("marlon", "marta")],
        now=say.at(10),
    )
    follow(channel)
    Conversation.objects.filter(channel=channel, contact_name="Marlon").update(
        state="resolved", resolved_at=say.at(20)
    )

    assert names(page, "mar channel:x") == ["Marta", "Marlon"]
    assert names(page, "mar -channel:x") == ["Martin", "Marlon", "Mara"]
    assert names(page, "mar is:resolved") == ["Marlon"]
    resolved = Conversation.objects.get(channel=channel, contact_name="Marlon")
    assert str(resolved.public_id) in results(page, "mar is:resolved")
    assert names(page, "mar kind:group") == ["Martin"]
    assert names(page, "mar tag:refund") == []
    assert names(page, "@mara.k is:open") == ["Mara"]


@pytest.mark.parametrize("asks", ["from:us", "from:customer", "after:2026-11-01", "before:2026-11-01"])
def test_what_is_asked_of_messages_alone_leaves_people_as_they_are(
    page: Client, channel: Channel, asks: str
) -> None:
    receive(channel, say.wrote("Hello", who="mara"))

    assert names(page, f"mara {asks}") == ["Mara"]


def test_people_are_looked_for_with_the_same_few_questions_for_few_and_for_many(
    page: Client, channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    receive(channel, say.wrote("Hello", who="mara"), say.wrote("Hello", who="marlon"))
    results(page, "mar is:open")
    with django_assert_max_num_queries(40) as one:
        results(page, "mar is:open")
    receive(channel, *(say.wrote("Hello", who=f"mar{n}", seconds=n) for n in range(60)))

    with django_assert_max_num_queries(40) as many:
        results(page, "mar is:open")

    assert len(many) <= len(one)


def test_filters_with_unwanted_words_alone_list_conversations_that_say_none_of_them(
    page: Client, channel: Channel
) -> None:
    receive(channel, say.wrote("It is broken", who="mara"), say.wrote("It is late", who="noor"))
    receive(channel, say.wrote("No reply", who="pia"))

    shown = results(page, "is:open -broken -reply")

    assert ("Noor" in shown, "Mara" in shown, "Pia" in shown) == (True, False, False)


def test_a_day_is_asked_for_by_whoever_is_in_a_zone_that_nobody_knows_here(
    page: Client, channel: Channel, jo: Person
) -> None:
    Person.objects.filter(pk=jo.pk).update(time_zone="Mars/Olympus")
    receive(channel, say.wrote("Where is it?"))

    assert found(page, "where after:2020-01-01") == ["Where is it?"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("???", "signs alone cannot be found"),
        ("👋", "signs alone cannot be found"),
        ("is:broken x", "There is no “is:broken”"),
        ("channel:fax x", "“fax”"),
        ("fog:mara x", "There is no field “fog”"),
        ("xyzzy:1", "waiting, created, updated, is. For the words themselves"),
        ("from:us from:customer x", "keep one “from:”"),
        ("x -from:us", "Say whose you want"),
        ("before:soon x", "is no day"),
        ("refund before:0001-01-05", "too far away"),
        ("refund after:9999-12-31", "too far away"),
        ("-late", "Type a word"),
        ("from:us", "Add a word"),
        ("a b c d e f g h i j k l m", "at most 12 words"),
        ("x" * 400, "at most 300 characters"),
    ],
)
def test_a_search_that_cannot_be_made_says_what_to_do(
    page: Client, channel: Channel, typed: str, said: str
) -> None:
    assert said in results(page, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "'",
        "\\",
        "' | 'x",
        "a & !b",
        "<->",
        ":*",
        "\x00a",
        "\ud800a",
        "a'b\\c:*",
        "%s %(x)s",
        "{}",
        "((",
        '"',
        '"a',
        "a\u0301*",
        "=1f3a9",
        "@1",
    ],
)
def test_hostile_words_are_only_words(page: Client, channel: Channel, typed: str) -> None:
    receive(channel, say.wrote("nothing of the kind"))

    answer = page.get(
        "/b/lumen/search/", {"q": typed.encode("utf-8", "surrogatepass")}, headers={"X-Parley-Fragment": "1"}
    )

    assert answer.status_code == 200
    assert "data-at" not in answer.content.decode()


def test_another_brands_words_are_not_found(page: Client, channel: Channel) -> None:
    elsewhere = ChannelFactory(brand__slug="elsewhere")
    receive(elsewhere, say.wrote("a secret parcel", who="spy"))

    assert found(page, "parcel") == []
    assert names(page, "spy") == []
    assert page.get("/b/elsewhere/search/", {"q": "parcel"}).status_code == 404


def all_pages(page: Client, typed: str, told: str) -> list[str]:
    """What the results tell of themselves, from page to page."""
    shown, link = [], f"/b/lumen/search/?q={typed}"
    for _ in range(5):
        html = page.get(link, headers={"X-Parley-Fragment": "1"}).content.decode()
        shown += [part.split('"')[0] for part in html.split(f'{told}="')[1:]]
        if 'data-more="' not in html:
            break
        link = unescape(html.split('data-more="')[1].split('href="')[1].split('"')[0])
    return shown


def test_more_goes_on_where_the_page_ended_and_repeats_nothing(page: Client, channel: Channel) -> None:
    receive(channel, *(say.wrote(f"parcel {n}", seconds=n // 3) for n in range(60)))

    in_order = Message.objects.order_by("-sent_at", "-pk").values_list("public_id", flat=True)
    assert all_pages(page, "parcel", "data-at") == [str(public_id) for public_id in in_order]


def test_filters_alone_go_on_to_the_last_conversation(page: Client, channel: Channel) -> None:
    receive(channel, *(say.wrote(who=f"who{n}", seconds=n // 3) for n in range(60)))

    in_order = Conversation.objects.order_by("-last_message_at", "-pk").values_list("public_id", flat=True)
    assert all_pages(page, "is:open", "data-id") == [str(public_id) for public_id in in_order]
    assert "Older conversations" in results(page, "is:open")


def test_what_must_not_be_said_hides_nothing_that_is_older(page: Client, channel: Channel) -> None:
    """Of words side by side only the text knows for certain."""
    canned = (say.echoed("Thanks for writing", seconds=n) for n in range(1, 61))
    receive(channel, say.wrote("Thanks a lot", seconds=0), *canned)

    assert found(page, 'thanks -"thanks for writing"') == ["Thanks a lot"]


def test_who_has_no_time_left_to_look_further_back_is_told_so(
    page: Client, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.queries.search.PATIENCE", 0)  # for the database that is no limit
    canned = (say.echoed("Thanks for writing", seconds=n) for n in range(1, 41))
    receive(channel, say.wrote("Thanks a lot", seconds=0), *canned)

    shown = results(page, 'thanks -"thanks for writing"')

    assert "Nothing found" not in shown
    assert "None among those that were looked through so far." in shown and "Older messages" in shown
    texts = {str(each.public_id): each.text for each in Message.objects.all()}
    told = all_pages(page, 'thanks -"thanks for writing"', "data-at")
    assert [texts[each] for each in told] == ["Thanks a lot"]


def test_the_beginning_of_a_word_can_be_what_must_not_be_said(page: Client, channel: Channel) -> None:
    receive(channel, say.wrote("a parcel, refunded"), say.wrote("a parcel, lost", seconds=2))

    assert found(page, "parcel -refund*") == ["a parcel, lost"]
    assert len(found(page, "parcel -refund")) == 2


def test_a_result_opens_the_thread_at_its_message(page: Client, channel: Channel) -> None:
    receive(channel, *(say.wrote(f"line {n}", seconds=n) for n in range(200)))
    message = Message.objects.get(text="line 77")

    html = page.get(
        f"/b/lumen/conversations/{message.conversation.public_id}/?at={message.public_id}",
        headers={"X-Parley-Fragment": "1"},
    ).content.decode()

    assert f'data-at="{message.public_id}"' in html
    assert [n for n in range(200) if f">line {n}<" in html] == list(range(52, 103))
    assert 'data-has-newer="true" data-has-older="true"' in html


def test_a_page_of_results_asks_the_same_few_questions_for_one_and_for_many(
    page: Client, channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    receive(channel, say.wrote("parcel", who="parcela"))
    results(page, "parcel")
    with django_assert_max_num_queries(25) as one:
        results(page, "parcel")
    receive(channel, *(say.wrote(f"parcel {n}", who=f"parcel{n}", seconds=n) for n in range(60)))

    with django_assert_max_num_queries(25) as many:
        results(page, "parcel")

    assert len(many) <= len(one)


def test_a_place_that_we_never_gave_out_is_refused(page: Client, channel: Channel) -> None:
    beyond = "0001-01-01T00:00:00+14:00~1"
    for typed, place in (("x", "yesterday"), ("is:open", beyond), ("x", beyond.replace("+14", "+00"))):
        assert page.get("/b/lumen/search/", {"q": typed, "older_than": place}).status_code == 400


def test_the_page_alone_shows_search_open_with_its_results(page: Client, channel: Channel) -> None:
    receive(channel, say.wrote("Where is my parcel?"))

    html = page.get("/b/lumen/search/", {"q": "parcel"}).content.decode()

    assert "data-searching" in html and "<mark>parcel</mark>" in html


def test_the_list_behind_a_search_keeps_what_was_typed_for_it_and_its_order(
    page: Client, channel: Channel
) -> None:
    receive(channel, say.wrote("Where is my parcel?"))
    behind = {"view": "query", "filter": "is:unread", "sort": "newest"}

    html = page.get("/b/lumen/search/", {"q": "before:2027-10-01 parcel", **behind}).content.decode()

    assert 'data-sorted="q=is%3Aunread&amp;sort=newest"' in html
    assert "There is no field" not in html
