"""The triggers that keep view counters, against counting."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.models import Conversation, ConversationState, ViewCount
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, PersonFactory

pytestmark = pytest.mark.django_db

moves = st.lists(
    st.tuples(
        st.sampled_from(["make", "state", "assign", "read", "remove"]),
        st.integers(0, 5),
        st.sampled_from(ConversationState.values),
    ),
    max_size=25,
)


def counted(brand_id: int) -> Counter[str]:
    views: Counter[str] = Counter()
    for c in Conversation.objects.filter(brand_id=brand_id):
        names = [c.state] if c.state in ("resolved", "snoozed") else []
        if c.state == "open":
            names = [
                "open",
                f"channel:{c.channel_id}",
                f"mine:{c.assignee_id}" if c.assignee_id else "unassigned",
            ]
        for name in names:
            views[name] += 1
            views[f"{name} unread"] += c.unread_count > 0
    return +views


def kept(brand_id: int) -> Counter[str]:
    views: Counter[str] = Counter()
    for row in ViewCount.objects.filter(brand_id=brand_id):
        views[row.view], views[f"{row.view} unread"] = row.total, row.unread
    return +views


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_counters_agree_with_counting_after_any_moves(moves: list[tuple[str, int, str]]) -> None:
    channel = ChannelFactory()
    people = [PersonFactory() for _ in range(2)]
    for n, (move, which, state) in enumerate(moves):
        some = Conversation.objects.filter(brand=channel.brand)
        picked = some.filter(pk__in=list(some.order_by("pk").values_list("pk", flat=True)[which : which + 2]))
        match move:
            case "make":
                Conversation.objects.create(
                    brand=channel.brand, channel=channel, thread_key=f"t{n}", platform="instagram", last_message_at=say.at(n),
                    unread_count=which % 2, state=state, resolved_at=say.at(),
                )  # fmt: skip
            case "state":
                picked.update(state=state, resolved_at=say.at())
            case "assign":
                picked.update(assignee=people[which % 2] if which < 4 else None)
            case "read":
                picked.update(unread_count=which % 2)
            case "remove":
                picked.delete()

    assert kept(channel.brand_id) == counted(channel.brand_id)


def test_a_brand_can_be_deleted_with_all_its_conversations() -> None:
    channel = ChannelFactory()
    Conversation.objects.create(
        brand=channel.brand, channel=channel, thread_key="t", platform="instagram", last_message_at=say.at()
    )

    channel.brand.delete()

    assert not ViewCount.objects.exists()
