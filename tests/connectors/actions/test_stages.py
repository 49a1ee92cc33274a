import threading
import time

import pytest

from connectors.actions._stages import Stages


def batch(stages, name, done, *, read=None, keep=None, reading=None):
    """One batch in a thread of its own: read, then kept; `read` and `keep` are waited for."""

    def work():
        with stages.enter() as stage:
            if reading:
                reading.set()
            assert read is None or read.wait(5)
            done.append(f"{name} is read")
            stage.keep()
            assert keep is None or keep.wait(5)
            done.append(f"{name} is kept")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_next_batch_is_read_while_one_is_kept_and_kept_after_it():
    stages, done, go = Stages(patience=60), [], threading.Event()

    first = batch(stages, "first", done, keep=go)
    wait_for(done, "first is read")
    second = batch(stages, "second", done)
    wait_for(done, "second is read")
    time.sleep(0.05)
    assert done == ["first is read", "second is read"]

    go.set()
    first.join(5)
    second.join(5)
    assert done == ["first is read", "second is read", "first is kept", "second is kept"]


def test_batches_are_kept_in_the_order_in_which_they_were_taken_up():
    stages, done, go, taken_up = Stages(patience=60), [], threading.Event(), threading.Event()

    first = batch(stages, "first", done, read=go, reading=taken_up)
    assert taken_up.wait(5)
    others = [batch(stages, "second", done)]
    go.set()

    for thread in (first, *others):
        thread.join(5)
    assert [each for each in done if each.endswith("kept")] == ["first is kept", "second is kept"]


def test_one_that_is_held_up_holds_up_no_other():
    stages, done, hang = Stages(patience=0.2), [], threading.Event()
    stuck = batch(stages, "stuck", done, keep=hang)
    wait_for(done, "stuck is read")

    began = time.monotonic()
    others = [f"number {n}" for n in range(40)]
    for name in others:
        batch(stages, name, done).join(5)

    assert done[1:] == [f"{name} is {what}" for name in others for what in ("read", "kept")]
    assert time.monotonic() - began < 40 * 0.2 / 2  # the first alone waited for it
    hang.set()
    stuck.join(5)


@pytest.mark.parametrize("reached", ["read", "kept"])
def test_one_that_fails_leaves_the_way_free(reached):
    stages, done = Stages(patience=60), []

    with pytest.raises(ZeroDivisionError):
        fail(stages, after_reading=reached == "kept")
    batch(stages, "next", done).join(5)

    assert done == ["next is read", "next is kept"]


def fail(stages, *, after_reading):
    with stages.enter() as stage:
        if after_reading:
            stage.keep()
        _ = 1 / 0


def wait_for(done, what):
    deadline = time.monotonic() + 5
    while what not in done:
        assert time.monotonic() < deadline, done
        time.sleep(0.002)
