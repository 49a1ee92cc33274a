"""The page of tag rules: tried on what was said before they are saved, and for managers and administrators alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox import learning
from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import (
    Brand,
    Channel,
    Conversation,
    Event,
    EventKind,
    Membership,
    Person,
    Role,
    Tag,
    TagRule,
)
from inbox.queries import tag_rules
from inbox.rules import tagging
from tests.factories import exchange

needs_languages = pytest.mark.skipif(
    not learning.LANGUAGES_INSTALLED, reason="the group `learning` is not installed"
)
PIECE = {"X-Parley-Fragment": "1"}
RULE = {"name": "Stamps", "tag": "stamps", "words": "loyalty stamp*, stamp card", "position": "1"}


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def manager(page: Client, jo: Person, brand: Brand) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:settings-{name}", args=["lumen", *more])


def said(channel: Channel, *texts: str, days_ago: float = 0) -> None:
    """Customers wrote, each in a thread of their own; the event is as old as the message."""
    now = timezone.now() - timedelta(days=days_ago)
    start = (now - exchange.NOON).total_seconds()
    arrivals = [Arrival(channel.pk, exchange.wrote(text, who=f"w{start}{number}", seconds=start + number / 1000))
                for number, text in enumerate(texts)]  # fmt: skip
    receiving.receive(arrivals=arrivals, now=now)


def tried(manager: Client, **changed: Any) -> str:
    answer = manager.post(at("tag-rule-new"), {**RULE, "check": "newest", **changed}, headers=PIECE)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS])
@pytest.mark.parametrize("name", ["tag-rules", "tag-rule-new"])
def test_rules_are_not_there_for_those_who_set_nothing_up(
    role: Role, name: str, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo).update(role=role)
    assert page.get(at(name)).status_code == 404
    assert page.post(at(name), RULE).status_code in (404, 405)
    assert not TagRule.objects.exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_managers_and_administrators_make_rules(role: Role, page: Client, jo: Person, brand: Brand) -> None:
    Membership.objects.filter(person=jo).update(role=role)
    assert page.get(at("tag-rule-new")).status_code == 200
    assert page.post(at("tag-rule-new"), RULE).status_code == 302
    rule = TagRule.objects.get()
    assert rule.tag.name == "stamps" and rule.condition == {"words": ["loyalty stamp*", "stamp card"]}
    assert Event.objects.get(kind=EventKind.TAG_RULES_CHANGED).actor == jo
    assert "Stamps" in page.get(at("tag-rules")).content.decode()


def test_a_tag_that_differs_in_case_alone_is_the_one_there_is(manager: Client, brand: Brand) -> None:
    there = Tag.objects.create(brand=brand, name="Stamps")
    assert manager.post(at("tag-rule-new"), RULE).status_code == 302
    assert TagRule.objects.get().tag == there and Tag.objects.count() == 1

    # Two that were made before each keep their own rules.
    two = Tag.objects.create(brand=brand, name="stamps")
    manager.post(at("tag-rule-new"), {**RULE, "name": "Second"})
    assert TagRule.objects.get(name="Second").tag == two


def test_a_tag_that_differs_in_a_gap_alone_is_the_one_there_is(manager: Client, brand: Brand) -> None:
    there = Tag.objects.create(brand=brand, name="gold stamps")
    wide = Tag.objects.create(brand=brand, name="old  stamps")

    for name, tag in (("One", "gold  stamps"), ("Two", "old  stamps"), ("Three", "new \u00a0 stamps")):
        assert manager.post(at("tag-rule-new"), {**RULE, "name": name, "tag": tag}).status_code == 302

    found = [rule.tag for rule in TagRule.objects.order_by("pk")]
    assert found[:2] == [there, wide] and found[2].name == "new stamps"


def test_what_a_rule_would_have_met_is_listed_before_it_is_saved(manager: Client, channel: Channel) -> None:
    said(channel, "where do I get a loyalty stamp", "a STAMP-CARD please", "I stamped my foot")
    shown = tried(manager)
    assert (
        "<b>2</b> of" in shown
        and "where do I get a loyalty stamp" in shown
        and "stamped my foot" not in shown
    )
    assert "said “loyalty stamp*”" in shown and "Nothing is saved yet" in shown
    assert (
        shown.count("<local-time datetime=") == 3
    )  # of both messages, and back to when; in the time of whoever looks
    assert "elements/local-time.js" in manager.get(at("tag-rule-new")).content.decode()
    assert not TagRule.objects.exists() and not Tag.objects.filter(name="stamps").exists()


@needs_languages
def test_the_trial_reads_messages_as_the_rule_will(manager: Client, channel: Channel) -> None:
    said(
        channel,
        "Wo bekomme ich eine Loyalty Stamp für meine Karte?",
        "where do I get a loyalty stamp for my card?",
    )
    shown = tried(manager, languages=["de"])
    assert "<b>1</b> of" in shown and "Wo bekomme ich" in shown


def test_thirty_days_are_enough(manager: Client, channel: Channel) -> None:
    said(channel, "an old loyalty stamp", days_ago=31)
    said(channel, "a newer loyalty stamp", days_ago=29)
    shown = tried(manager)
    assert "a newer loyalty stamp" in shown and "an old loyalty stamp" not in shown
    assert "That is all of the last 30 days" in shown


def test_a_conversation_that_has_the_tag_is_marked(manager: Client, channel: Channel) -> None:
    said(channel, "a loyalty stamp")
    Conversation.objects.filter(last_message_text="a loyalty stamp").update(tags=["stamps"])
    assert "has the tag already" in tried(manager)


def test_what_does_not_fit_on_a_page_is_asked_for_with_its_number(manager: Client, channel: Channel) -> None:
    said(channel, *[f"loyalty stamp number {number}" for number in range(tag_rules.PAGE + 3)])
    condition = tagging.parse({"words": ["loyalty stamp*"]})
    first = tag_rules.dry_run(channel.brand, condition, tag_name="stamps", now=timezone.now())
    assert len(first.matches) == tag_rules.PAGE and first.before
    assert f'value="{first.before}"' in tried(manager)
    assert f'value="{first.before}"' in tried(manager, check="9" * 5000)
    second = tag_rules.dry_run(
        channel.brand, condition, tag_name="stamps", now=timezone.now(), before=first.before
    )
    assert len(second.matches) == 3 and second.before is None
    seen = {match.message.pk for match in (*first.matches, *second.matches)}
    assert len(seen) == tag_rules.PAGE + 3


def test_a_page_looks_at_a_bounded_number_of_events(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(tag_rules, "STEP", 5)
    said(channel, *["nothing of the kind"] * 100)
    condition = tagging.parse({"words": ["loyalty stamp*"]})
    with django_assert_max_num_queries(2 * tag_rules.MOST_STEPS):
        found = tag_rules.dry_run(channel.brand, condition, tag_name="stamps", now=timezone.now())
    assert found.matches == [] and found.before is not None and found.looked_at <= 5 * tag_rules.MOST_STEPS


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"words": ""}, "every message"),
        ({"words": "*"}, "nothing that could be looked for"),
        ({"name": ""}, "required"),
        ({"words": "x" * 81}, "longer than 80"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(
    manager: Client, changed: dict[str, str], words: str
) -> None:
    answer = manager.post(at("tag-rule-new"), {**RULE, **changed})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not TagRule.objects.exists()


def test_a_name_is_taken_once(manager: Client) -> None:
    manager.post(at("tag-rule-new"), RULE)
    answer = manager.post(at("tag-rule-new"), {**RULE, "tag": "other"})
    assert answer.status_code == 422 and "already" in answer.content.decode()


def test_a_rule_is_changed_switched_off_and_removed(manager: Client, brand: Brand) -> None:
    manager.post(at("tag-rule-new"), RULE)
    rule = TagRule.objects.get()
    assert "loyalty stamp*, stamp card" in manager.get(at("tag-rule", rule.public_id)).content.decode()
    manager.post(at("tag-rule", rule.public_id), {**RULE, "words": "coupon"})
    rule.refresh_from_db()
    assert rule.condition == {"words": ["coupon"]}
    manager.post(at("tag-rule-switch", rule.public_id), {"active": "no"})
    rule.refresh_from_db()
    assert not rule.is_active
    manager.post(at("tag-rule-removal", rule.public_id))
    assert not TagRule.objects.exists() and Tag.objects.filter(name="stamps").exists()


def test_a_rule_keeps_the_language_and_the_network_that_are_gone(manager: Client, brand: Brand) -> None:
    """Without them it would hold for everything."""
    manager.post(at("tag-rule-new"), RULE)
    kept = {"words": ["coupon"], "languages": ["fr"], "platforms": ["fax"]}
    TagRule.objects.update(condition=kept)
    Brand.objects.filter(pk=brand.pk).update(languages=["en"])
    address = at("tag-rule", TagRule.objects.get().public_id)

    html = manager.get(address).content.decode()
    assert 'value="fr"' in html and 'value="fax"' in html
    assert ", in French, on fax." in manager.get(at("tag-rules")).content.decode()
    told = {**RULE, "words": "coupon", "languages": ["fr"], "platforms": ["fax"]}
    assert manager.post(address, told).status_code == 302

    assert TagRule.objects.get().condition == kept
    TagRule.objects.update(condition={**kept, "platforms": ["x"]})
    assert ", in French, on X." in manager.get(at("tag-rules")).content.decode()


def test_the_code_of_a_country_is_refused_without_the_packages_too(
    manager: Client, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.learning.LANGUAGES_INSTALLED", False)

    refused = manager.post(at("languages"), {"languages": "en, cz"})

    assert refused.status_code == 422 and "“cz” is no language" in refused.content.decode()
    assert manager.post(at("languages"), {"languages": "en, cs"}).status_code == 302


@needs_languages
def test_the_brands_languages_are_chosen_by_code(manager: Client, brand: Brand) -> None:
    assert manager.post(at("languages"), {"languages": "DE, en, de"}).status_code == 302
    brand.refresh_from_db()
    assert brand.languages == ["de", "en"]
    refused = manager.post(at("languages"), {"languages": "de, klingon"})
    assert refused.status_code == 422 and "klingon" in refused.content.decode()


def test_a_message_unsent_since_is_not_listed(manager: Client, channel: Channel) -> None:
    said(channel, "a loyalty stamp of which I think better")
    Conversation.objects.get(last_message_text__startswith="a loyalty").messages.update(
        text="", created_text="", deleted_at=timezone.now()
    )
    assert "think better" not in tried(manager)
