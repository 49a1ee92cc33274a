"""The bell: what a colleague was told, and what they have seen of it."""

from __future__ import annotations

from django.test import Client

from inbox import events, realtime
from inbox.actions import _notifying
from inbox.actions._notifying import Notice
from inbox.models import Conversation, Event, Notification, NotificationKind, Person
from inbox.queries import notices
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, agent_of

THERE = "/b/lumen/notices/"


def tell(conversation: Conversation, *people: Person, text: str = "First response is late") -> int:
    with events.ledger(conversation.brand_id) as ledger:
        _notifying.notify(
            ledger, [Notice(each.pk, NotificationKind.LATE, conversation.pk, text) for each in people], say.at(5)
        )  # fmt: skip
        return ledger.last


def rings(page: Client) -> bool:
    return "data-rings" in page.get("/b/lumen/inbox/open/").content.decode()


def test_what_one_was_told_is_listed_and_seen_by_oneself_alone(
    page: Client, client: Client, conversation: Conversation, jo: Person
) -> None:
    kim = agent_of(conversation.brand, name="Kim")
    assert not rings(page)
    seq = tell(conversation, jo, kim)
    assert rings(page)

    shown = page.get(THERE).content.decode()
    assert "First response is late" in shown and "data-unseen" in shown and f'data-seq="{seq}"' in shown

    assert "data-rings" in shown
    assert page.post(THERE, {"up_to_seq": seq}).status_code == 204
    assert not rings(page)
    assert "data-rings" not in page.get(THERE).content.decode()
    assert "data-unseen" not in page.get(THERE).content.decode()
    assert Notification.objects.get(person=kim).seen_at is None


def test_what_came_after_the_list_was_shown_is_not_seen(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    before = tell(conversation, jo)
    tell(conversation, jo, text="Next response is late")

    page.post(THERE, {"up_to_seq": before})

    assert rings(page)
    assert page.post(THERE, {"up_to_seq": "soon"}).status_code == 422


def test_the_list_says_whether_anything_is_unseen_that_it_is_too_short_for(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    tell(conversation, jo, text="Not seen")
    Notification.objects.update(matter="another")
    for number in range(notices.SHOWN):
        tell(conversation, jo, text=f"Late {number}")
        Notification.objects.filter(text=f"Late {number}").update(seen_at=say.at(6))

    shown = page.get(THERE).content.decode()

    assert "Not seen" not in shown and "data-rings" in shown


def test_nobody_sees_what_others_or_other_brands_were_told(
    page: Client, client: Client, conversation: Conversation, jo: Person
) -> None:
    kim = agent_of(conversation.brand, name="Kim")
    tell(conversation, kim)
    assert "First response is late" not in page.get(THERE).content.decode()

    client.force_login(agent_of(BrandFactory()))
    assert client.get(THERE).status_code == 404
    assert client.post(THERE, {"up_to_seq": 9}).status_code == 404


def test_a_page_that_missed_it_hears_of_it_with_the_rest(conversation: Conversation, jo: Person) -> None:
    seq = tell(conversation, jo)

    [late] = realtime.catch_up(conversation.brand, since=seq - 1, read=seq - 1, conversation=None)
    [early] = realtime.catch_up(conversation.brand, since=seq, read=seq, conversation=None)

    assert f'"told":[{jo.pk}]' in late
    assert '"told"' not in early


def test_the_page_of_whoever_need_not_know_of_it_any_more_hears_so_where_they_had_not_seen_it(
    conversation: Conversation, jo: Person
) -> None:
    kim = agent_of(conversation.brand, name="Kim")
    message = conversation.messages.first()
    assert message
    with events.ledger(conversation.brand_id) as ledger:
        for each in (jo, kim):
            notice = Notice(
                each.pk, NotificationKind.REPLY, conversation.pk, "Not sent: A fault.", message_id=message.pk
            )
            _notifying.notify(ledger, [notice], say.at(5))
        Notification.objects.filter(person=kim).update(seen_at=say.at(6))
        since = ledger.last
    with events.ledger(conversation.brand_id) as ledger:
        _notifying.settled(ledger, [message.pk], say.at(7))
        _notifying.settled(ledger, [message.pk], say.at(8))

    assert not Notification.objects.exists()
    [late] = realtime.catch_up(conversation.brand, since=since, read=since, conversation=None)
    assert f'"spared":[{jo.pk}]' in late and '"told"' not in late
    assert Event.objects.filter(seq__gt=since).count() == 1


def test_as_many_questions_for_many_as_for_few(
    page: Client, conversation: Conversation, jo: Person, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        seq = tell(conversation, jo, text=f"Late {number}")
        page.post(THERE, {"up_to_seq": seq})

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        page.get(THERE)
