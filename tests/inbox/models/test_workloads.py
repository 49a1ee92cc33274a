"""The triggers that keep what each person has, against counting."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.models import Conversation, ConversationKind, ConversationState, Priority, Workload
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, PersonFactory

pytestmark = pytest.mark.django_db

moves = st.lists(
    st.tuples(
        st.sampled_from(["make", "state", "assign", "priority", "kind", "remove"]),
        st.integers(0, 5),
        st.sampled_from(ConversationState.values),
    ),
    max_size=20,
)


def counted(brand_id: int) -> Counter[tuple[int, str, int]]:
    found = Conversation.objects.filter(brand_id=brand_id, state="open", assignee__isnull=False)
    return Counter((c.assignee_id or 0, c.kind, c.priority) for c in found)


def kept(brand_id: int) -> Counter[tuple[int, str, int]]:
    rows = Workload.objects.filter(brand_id=brand_id)
    return +Counter({(row.person_id, row.kind, row.priority): row.conversations for row in rows})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_workloads_agree_with_counting_after_any_moves(moves: list[tuple[str, int, str]]) -> None:
    channel = ChannelFactory()
    people = [PersonFactory() for _ in range(2)]
    for n, (move, which, state) in enumerate(moves):
        some = Conversation.objects.filter(brand=channel.brand)
        picked = some.filter(pk__in=list(some.order_by("pk").values_list("pk", flat=True)[which : which + 2]))
        match move:
            case "make":
                Conversation.objects.create(
                    brand=channel.brand, channel=channel, thread_key=f"t{n}", platform="instagram", last_message_at=say.at(n),
                    state=state, resolved_at=say.at(), assignee=people[which % 2] if which < 4 else None,
                )  # fmt: skip
            case "state":
                picked.update(state=state, resolved_at=say.at())
            case "assign":
                picked.update(assignee=people[which % 2] if which < 4 else None)
            case "priority":
                picked.update(priority=Priority.values[which % 4])
            case "kind":
                picked.update(kind=ConversationKind.values[which % 3])
            case "remove":
                picked.delete()

    assert kept(channel.brand_id) == counted(channel.brand_id)


def test_a_person_and_a_brand_can_be_deleted_with_what_they_have() -> None:
    channel, person = ChannelFactory(), PersonFactory()
    for name in ("one", "two"):
        Conversation.objects.create(
            brand=channel.brand, channel=channel, thread_key=name, platform="instagram", last_message_at=say.at(), assignee=person
        )  # fmt: skip

    person.delete()
    assert not kept(channel.brand_id)
    channel.brand.delete()

    assert not Workload.objects.exists()
