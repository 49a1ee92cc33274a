"""What follows from an event costs nothing where nobody sees it."""

from collections.abc import Callable, Iterable

import pytest
from django.utils import timezone

from inbox import audience, reactions, realtime
from inbox.models import Event, EventKind


@pytest.mark.parametrize("react", [reactions.show_in_threads, reactions.show_between_messages])
def test_where_no_page_is_open_nothing_is_asked_of_single_conversations(
    react: Callable[[list[Event]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nobody(groups: Iterable[str]) -> set[str]:
        asked.extend(groups)
        return set()

    monkeypatch.setattr(audience, "of", nobody)

    react([Event(brand_id=1, kind=EventKind.MESSAGE_RECEIVED, conversation_id=7, seq=1, at=timezone.now())])

    assert asked == [realtime.brand_group(1)]
