"""Views that ask what was said: in the sense of search, by its index and by what it has not read yet; the counter says what the list says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.actions import counting, indexing, receiving, recounting, saving
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    Channel,
    Conversation,
    Person,
    SavedView,
    SearchCursor,
    ViewCount,
    ViewDrift,
)
from inbox.queries import sorting, view_names, view_rows, view_words
from inbox.rules import wanted_patterns
from inbox.rules.view_query import Query
from inbox.rules.view_reading import parse
from inbox.rules.wanted_words import wanted
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

NOW = say.at(600)
Asks = Callable[[str], Query]


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def asks(channel: Channel, jo: Person) -> Asks:
    return lambda text: parse(text, view_names.of(jo, channel.brand))


def receive(channel: Channel, *events: object) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=NOW)  # type: ignore[arg-type]


def read_all(channel: Channel) -> None:
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        assert indexing.index(batch)


def listed(channel: Channel, jo: Person, query: Query) -> set[str]:
    asked = view_rows.asked(channel.brand, query, me=jo.pk, now=NOW)
    page = view_rows.page(asked, sort=sorting.NEWEST, limit=50)
    rows = {row.conversation.thread_key for row in page.rows}
    assert rows == set(view_rows.conversations(asked).values_list("thread_key", flat=True))
    return rows


def counted(channel: Channel, view: SavedView) -> int:
    for step in (counting.follow, counting.fill):
        while step(brand_id=channel.brand_id, now=NOW).more:
            pass
    return ViewCount.objects.filter(view=view.count_key).values_list("total", flat=True).first() or 0


def test_list_and_counter_say_the_same_while_the_index_comes_after(
    channel: Channel, jo: Person, asks: Asks
) -> None:
    first = say.wrote("Where is my LATE, parcel?", who="anna")
    receive(channel, first)
    receive(channel, say.wrote("a parcel came late", who="bea"))
    receive(channel, say.wrote("Lately parcels", who="cora"))
    read_all(channel)
    late = asks('"late parcel"')
    view = saving.save(brand=channel.brand, owner=jo, name="Late", query=late, by=jo, now=say.at(0))
    assert listed(channel, jo, late) == {"anna"}
    assert counted(channel, view) == 1

    again = say.wrote("The låte parcel, I mean", who="bea", seconds=5)
    receive(channel, again)
    assert listed(channel, jo, late) == {"anna", "bea"}
    assert counted(channel, view) == 2
    receive(channel, say.edited(first, "It has come, thank you", seconds=7))
    assert listed(channel, jo, late) == {"bea"}
    assert counted(channel, view) == 1
    receive(channel, say.unsent(again, seconds=9))
    assert listed(channel, jo, late) == set()
    assert counted(channel, view) == 0

    read_all(channel)
    assert listed(channel, jo, late) == set()
    while recounting.recount_batch(brand_id=channel.brand_id, now=NOW):
        pass
    assert not ViewDrift.objects.exists()


def behind(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """More has come than can be read for each look."""
    monkeypatch.setattr(view_words, "UNREAD", 0)


def before_search(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search came when all of it had been said."""
    last = BrandSequence.objects.get(brand=channel.brand).last
    SearchCursor.objects.create(brand=channel.brand, seq=last, older_than=last + 1)


INDEX = {
    "that has read all": lambda channel, _: read_all(channel),
    "that has read nothing yet": lambda channel, _: None,
    "that is far behind": behind,
    "that still reads the past": before_search,
}


@pytest.mark.parametrize("index", INDEX)
@pytest.mark.parametrize(
    ("text", "found"),
    [("refund", {"anna"}), ("refund*", {"anna", "bea"}), ("-refund", {"bea", "cora", "dora"}), ("größe refund", {"anna"}), ('"!?"', {"cora"}),
     ("refund*,size", {"bea"}), ('"two refunds"', {"bea"}), ('"size two"', set()), ("siz", set()), ("siz*", {"bea"}), ("grosse", {"anna"}),
     ("ab1234", {"cora", "dora"}), ("#AB-1234", {"cora", "dora"}), ("ab1*", {"cora", "dora"}), ("ab123", set()), ("1234", {"cora"}),
     ("商品", {"dora"}), ("oster*", {"dora"}), ("østerbro", {"dora"}), ("bro", set())],
)  # fmt: skip
def test_words_mean_what_they_mean_in_search(
    channel: Channel,
    jo: Person,
    asks: Asks,
    text: str,
    found: set[str],
    index: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receive(channel, say.wrote("Refund please", who="anna"))
    receive(channel, say.wrote("it has the wrong Größe", who="anna"))
    receive(channel, say.wrote("Two: refunds! And a_size", who="bea"))
    receive(channel, say.wrote("Hello!? #AB-1234", who="cora"))
    receive(channel, say.wrote("注文した商品 ab1234 Østerbro", who="dora"))
    INDEX[index](channel, monkeypatch)

    view = saving.save(brand=channel.brand, owner=jo, name="Said", query=asks(text), by=jo, now=say.at(0))

    assert listed(channel, jo, asks(text)) == found
    assert counted(channel, view) == len(found)


TEXTS = [
    "Où est l'été de Zoë?", "Die Größe paßt nicht", "Søren fra Århus", "STRASSE Straße 5", "注文した商品が届きません", "สินค้ายังไม่มาถึง", "배송이 늦어요",
    "أين طَلَبي؟", "Ёлка пришла", "मेरा ऑर्डर कहाँ है", "Order #AB-1234 is late", "ab1234x", "See shop.example/orders/1234", "Łódź œuvre þing",
    "a_size ab商品cd", "4711-22-3",
]  # fmt: skip
SOUGHT = [
    "ete", "été", "zoe", "grosse", "größe", "paßt", "passt", "soren", "arhus", "aarhus", "straße", "商品", "品商", "届き", "สินค้า", "배송", "배송*", "طلبي",
    "елка", "елк", "елк*", "ऑर्डर", "#AB-1234", "ab1234", "ab123", "ab12*", "1234", "orders/1234", "lodz", "oeuvre", "œuvre", "thing", "size",
    "ab", "cd", "471122", "4711", "4711-22", "l'été", "shop*", "sho",
]  # fmt: skip


@pytest.mark.django_db
def test_patterns_mean_what_is_found_in_a_text() -> None:
    patterns = [(sought, wanted_patterns.of(wanted([sought]))) for sought in SOUGHT]
    folded = wanted_patterns.FOLDED % {"expressions": "t.text"}

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.text, p.sought FROM unnest(%s::text[]) t(text), unnest(%s::text[], %s::text[]) p(sought, pattern)"
            f" WHERE {folded} ~ p.pattern",
            [TEXTS, SOUGHT, [pattern for _, [pattern] in patterns]],
        )  # fmt: skip
        found = set(cursor.fetchall())

    assert found == {(text, sought) for text in TEXTS for sought in SOUGHT if wanted([sought]).find(text)}


def test_what_the_index_is_behind_with_is_told_from_what_it_knows(
    channel: Channel, jo: Person, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = say.wrote("Where is my parcel?", who="anna"), say.wrote("One more parcel", who="bea")
    receive(channel, first)
    receive(channel, again)
    receive(channel, say.wrote("Two parcels", who="cora"))
    read_all(channel)
    monkeypatch.setattr(view_words, "UNREAD", 0)

    receive(channel, say.edited(first, "It has come", seconds=7), say.unsent(again, seconds=8))
    receive(channel, say.wrote("my PÁRCEL, please", who="dora"))

    view = saving.save(brand=channel.brand, owner=jo, name="Said", query=asks("parc*"), by=jo, now=say.at(0))
    assert listed(channel, jo, asks("parc*")) == {"cora", "dora"}
    assert counted(channel, view) == 2


def test_a_rare_word_is_found_below_more_rows_than_a_look_sees(
    channel: Channel, jo: Person, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.queries.view_rows.LOOKED_FOR_WORDS", 5)
    receive(channel, say.wrote("Zanzibar", who="anna"))
    read_all(channel)
    Conversation.objects.update(last_message_at=make.NEWEST.replace(year=2025))
    make.conversations(channel, 30)

    assert listed(channel, jo, asks("zanzibar")) == {"anna"}
    with CaptureQueriesContext(connection) as few:
        listed(channel, jo, asks("zanzibar"))
    make.conversations(channel, 100)
    with CaptureQueriesContext(connection) as many:
        listed(channel, jo, asks("zanzibar"))
    assert len(few) == len(many)
