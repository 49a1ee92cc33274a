"""What waits for platforms never takes every thread, and nothing that stood in line is forgotten."""

import threading
import time

from connectors.turns import Turns


def test_one_key_that_hangs_leaves_turns_for_others():
    turns, hang, done = Turns(at_once=3, per_key=2), threading.Event(), []
    threads = [
        threading.Thread(target=turns.run, args=(hang.wait,), kwargs={"name": number, "key": "slow"})
        for number in range(5)
    ]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    while sum(thread.is_alive() for thread in threads) > 2 and time.monotonic() - begun < 5:
        time.sleep(0.01)

    turns.run(lambda: done.append("other"), name="other", key="quick")

    assert sum(thread.is_alive() for thread in threads) == 2
    assert done == ["other"]
    hang.set()
    for thread in threads:
        thread.join(5)


def test_what_stood_in_line_is_done_once_by_whoever_ends_a_turn():
    turns, hang, done = Turns(at_once=1, per_key=1), threading.Event(), []
    first = threading.Thread(target=turns.run, args=(hang.wait,), kwargs={"name": "first", "key": 1})
    first.start()
    while not turns._busy:
        time.sleep(0.001)
    for name in ("second", "second", "third"):
        turns.run(lambda name=name: done.append(name), name=name, key=2)

    assert done == []
    hang.set()
    first.join(5)
    assert done == ["second", "third"]
    assert not turns._busy and not turns._line


def test_work_that_fails_gives_its_turn_back():
    turns, done = Turns(at_once=1, per_key=1), []

    turns.run(lambda: 1 / 0, name="bad", key=1)
    turns.run(lambda: done.append("good"), name="good", key=1)

    assert done == ["good"]


def test_a_worker_that_stops_finishes_what_is_under_way_and_begins_nothing():
    turns, hang, done = Turns(at_once=1, per_key=1), threading.Event(), []
    first = threading.Thread(
        target=turns.run, args=(lambda: done.append(hang.wait(5)),), kwargs={"name": 1, "key": 1}
    )
    first.start()
    while not turns._busy:
        time.sleep(0.001)
    turns.run(lambda: done.append("second"), name=2, key=2)

    turns.closed = True
    hang.set()
    first.join(5)

    assert done == [True]
