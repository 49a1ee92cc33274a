"""What a green run may be taken for: no part of a test fails unseen, and none fails because the machine was slow."""

from __future__ import annotations

import warnings
from pathlib import Path

import hypothesis
import pytest

from tests import ports
from tests.threads import at_once

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # from which connections are given theirs


def test_what_dies_in_a_thread_fails_its_test() -> None:
    with pytest.raises(pytest.PytestUnhandledThreadExceptionWarning):
        warnings.warn(pytest.PytestUnhandledThreadExceptionWarning("Thread-1"), stacklevel=1)


def test_work_done_at_once_gives_what_each_gave_and_raises_what_any_raised() -> None:
    assert at_once(lambda: "one", lambda: "other") == ["one", "other"]
    with pytest.raises(ZeroDivisionError):
        at_once(lambda: 1 / 0, lambda: 1.0)


@pytest.mark.parametrize("profile", ["steady", "search"])
def test_an_example_may_take_as_long_as_it_likes(profile: str) -> None:
    assert hypothesis.settings.get_profile(profile).deadline is None


@pytest.mark.skipif(not RANGE.exists(), reason="needs /proc")
def test_a_port_that_is_bound_later_is_given_to_no_connection_meanwhile() -> None:
    lowest, highest = map(int, RANGE.read_text().split())
    port = ports.free(1, 100, 101)
    assert not {port, port + 1, port + 100, port + 101} & set(range(lowest, highest + 1))
