"""What the bench tells of much that is due at once is true: all of it was told, once, and dated by when it was due."""

from __future__ import annotations

import pytest

from bench import cast, sweep
from inbox.models import Event, EventKind


@pytest.mark.django_db(transaction=True)
def test_what_became_due_while_nobody_swept_is_told_whole() -> None:
    who = cast.make("overdue")
    clocks = sweep._overdue(who, 5)
    assert clocks == 5

    assert sweep._tell_all(who) > 0

    assert sweep._wrong(who, clocks) == []
    Event.objects.filter(kind=EventKind.SLA_BREACHED).latest("seq").delete()
    assert sweep._wrong(who, clocks)
