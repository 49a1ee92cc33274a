"""From what a platform delivers to the figure: an automatic answer is one by a bot, and the customer still waits for a person's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from analytics import metrics
from analytics.queries import live
from connectors.contract import Account
from connectors.platforms.instagram.connector import connector
from connectors.platforms.x import connector as x
from inbox.actions import channels, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel
from tests.analytics.conftest import Story
from tests.connectors.helpers import delivery, read
from tests.factories.people import ChannelFactory

BRAND, MARA = "17841400000000001", "927364500000011"
GREETING = "Thanks for writing! We are back at nine.\nYour Lumen"


@pytest.fixture
def story(db: None) -> Story:
    return Story(ChannelFactory(brand__slug="lumen", platform="instagram", external_id=BRAND))


def delivered(story: Story, minutes: float, text: str, *, by: str = MARA, section: str = "messaging") -> None:
    """Instagram tells of a message, as it does."""
    message: dict[str, Any] = {"mid": f"mid-{minutes}", "text": text}
    if by == BRAND:
        message["is_echo"] = True
    sides = {"sender": {"id": by}, "recipient": {"id": MARA if by == BRAND else BRAND}}
    at = int(story.at(minutes).timestamp() * 1000)
    entry = {"id": BRAND, "time": at, section: [{**sides, "timestamp": at, "message": message}]}
    told = read(connector, orjson.dumps({"object": "instagram", "entry": [entry]}), Account(BRAND))
    channel = Channel.objects.get()
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in told], now=story.at(minutes + 0.01))


def counted(story: Story) -> tuple[int, int, list[float]]:
    """How many wait, how many messages were by bots, and the first responses in minutes."""
    story.count(120)
    waiting = live.board(story.brand, now=story.at(120)).whole.waiting
    return waiting, len(story.facts(metrics.BOT)), story.minutes(metrics.FIRST)


def test_words_that_the_brand_has_set_answer_nobody_until_a_person_does(story: Story) -> None:
    channels.name_automatic(channel=story.channel, answers=[GREETING], other_apps_are_bots=True)
    delivered(story, 0, "Where is my parcel?")
    delivered(story, 0.02, GREETING.replace("\n", " "), by=BRAND)
    assert counted(story) == (1, 1, [])

    delivered(story, 30, "It leaves today.", by=BRAND)  # a colleague, in Instagram's own app

    assert counted(story) == (0, 1, [30])


def test_words_that_nobody_has_named_are_a_colleagues(story: Story) -> None:
    delivered(story, 0, "Where is my parcel?")
    delivered(story, 0.5, GREETING, by=BRAND)

    assert counted(story) == (0, 0, [0.5])


@pytest.mark.parametrize(("are_bots", "figures"), [(True, (1, 1, [])), (False, (0, 0, [0.5]))])
def test_what_another_app_says_counts_as_the_brand_says(
    story: Story, are_bots: bool, figures: tuple[int, int, list[float]]
) -> None:
    channels.name_automatic(channel=story.channel, answers=[], other_apps_are_bots=are_bots)
    delivered(story, 0, "Where is my parcel?", section="standby")
    delivered(story, 0.5, "Type 1 for parcels.", by=BRAND, section="standby")

    assert counted(story) == figures


def test_a_colleague_who_types_while_another_app_holds_the_thread_answers_unless_the_brand_says_otherwise(
    story: Story,
) -> None:
    delivered(story, 0, "Where is my parcel?", section="standby")
    delivered(story, 5, "It leaves today.", by=BRAND, section="standby")

    assert counted(story) == (0, 0, [5])


def test_what_our_own_app_sent_on_x_answers_where_nothing_else_is_known_of_it(db: None) -> None:
    story = Story(ChannelFactory(platform="x", external_id="2244994945"))
    document = orjson.loads(delivery("x", "aaa_messages"))
    document["apps"]["99"]["name"] = "Parley"
    told = read(x.connector, orjson.dumps(document), Account("2244994945"))

    receiving.receive(arrivals=[Arrival(story.channel.pk, each) for each in told], now=story.at(0))

    conversation = story.brand.conversations.get()
    assert conversation.last_outbound_at is not None and conversation.waiting_since is None


@pytest.mark.parametrize(
    ("sections", "figures"),
    [(("messaging", "standby"), (0, 0, [0.5])), (("standby", "messaging"), (1, 1, []))],
)
def test_who_wrote_is_as_the_first_telling_has_it(
    story: Story, sections: tuple[str, str], figures: tuple[int, int, list[float]]
) -> None:
    channels.name_automatic(channel=story.channel, answers=[], other_apps_are_bots=True)
    delivered(story, 0, "Where is my parcel?")
    for section in sections:
        delivered(story, 0.5, "Type 1 for parcels.", by=BRAND, section=section)

    assert counted(story) == figures


def test_an_automatic_answer_ends_no_wait_before_triage_has_looked(story: Story) -> None:
    channels.name_automatic(channel=story.channel, answers=[GREETING], other_apps_are_bots=True)
    delivered(story, 0, "Where is my parcel?")
    delivered(story, 0.02, GREETING, by=BRAND)

    conversation = story.brand.conversations.get()
    assert (conversation.waiting_since, conversation.last_outbound_at) == (story.at(0), None)
    assert conversation.last_message_from == "brand"
