from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.platforms import WindowRules
from inbox.rules import reply_window
from inbox.rules.reply_window import WindowState

OPENED = datetime(2026, 8, 6, 12, tzinfo=UTC)
META = WindowRules(
    standard=timedelta(hours=24),
    human_agent=timedelta(days=7),
    opens_on=frozenset({"message"}),
    margin=timedelta(seconds=90),
)


def state_after(seconds: float, rules: WindowRules = META) -> WindowState:
    return reply_window.decide(rules, opened_at=OPENED, now=OPENED + timedelta(seconds=seconds)).state


def test_it_closes_a_margin_before_the_platform_would() -> None:
    assert state_after(24 * 3600 - 91) is WindowState.OPEN
    assert state_after(24 * 3600 - 90) is WindowState.HUMAN_AGENT
    assert state_after(7 * 24 * 3600 - 91) is WindowState.HUMAN_AGENT
    assert state_after(7 * 24 * 3600 - 90) is WindowState.CLOSED


def test_a_platform_without_a_window_is_always_open() -> None:
    assert reply_window.decide(WindowRules(), opened_at=None, now=OPENED).state is WindowState.ALWAYS


def test_nobody_who_has_not_written_may_be_written_to() -> None:
    assert not reply_window.decide(META, opened_at=None, now=OPENED).may_write


@given(earlier=st.integers(0, 10**6), later=st.integers(0, 10**6))
def test_a_newer_message_never_closes_a_window_sooner(earlier: int, later: int) -> None:
    early, late = sorted([earlier, later])
    now = OPENED + timedelta(seconds=10**6 + 1)

    first = reply_window.decide(META, opened_at=OPENED + timedelta(seconds=early), now=now)
    second = reply_window.decide(META, opened_at=OPENED + timedelta(seconds=late), now=now)

    order = [WindowState.CLOSED, WindowState.HUMAN_AGENT, WindowState.OPEN]
    assert order.index(second.state) >= order.index(first.state)


def test_what_the_platform_takes_for_too_late_was_opened_long_ago() -> None:
    def then(refused: float, *, human_agent: bool = False) -> WindowState:
        at = OPENED + timedelta(hours=refused)
        opened_at = reply_window.opened_by_then(
            META, opened_at=OPENED, refused_at=at, human_agent=human_agent
        )
        return reply_window.decide(META, opened_at=opened_at, now=at + timedelta(seconds=1)).state

    assert then(1) is WindowState.HUMAN_AGENT
    assert then(30, human_agent=True) is WindowState.CLOSED
    assert then(-1) is WindowState.OPEN  # the customer has written since
