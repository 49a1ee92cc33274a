"""What waits for platforms never takes every thread, and nothing that stood in line is forgotten."""

import threading
import time

import pytest

from connectors.turns import OneByOne, SecondHand, Turns


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


def test_what_is_worth_nothing_later_takes_a_turn_only_where_another_is_left():
    turns, hang, done = Turns(at_once=3, per_key=3), threading.Event(), []
    nothing_much = threading.Thread(target=turns.run_if_free, args=(hang.wait,), kwargs={"key": "a"})
    nothing_much.start()
    while not turns._busy:
        time.sleep(0.001)
    assert not turns.run_if_free(lambda: done.append("again"), key="a")
    assert turns.run_if_free(lambda: done.append("beside"), key="b")

    reply = threading.Thread(target=turns.run, args=(hang.wait,), kwargs={"name": 1, "key": "c"})
    reply.start()
    while turns._busy.total() < 2:
        time.sleep(0.001)
    assert not turns.run_if_free(lambda: done.append("last"), key="b")

    turns.run(lambda: done.append("reply"), name=2, key="c")
    assert done == ["beside", "reply"]
    hang.set()
    for thread in (nothing_much, reply):
        thread.join(5)
    assert not turns._busy


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


def begin(one_by_one, work):
    thread = threading.Thread(target=one_by_one.run, args=(work,))
    thread.start()
    return thread


def test_whoever_asks_during_a_round_is_served_by_the_next_one_alone():
    one_by_one, inside, go = OneByOne(at_once=2, patience=60), threading.Event(), threading.Event()
    rounds = []

    def work():
        rounds.append(threading.get_ident())
        inside.set()
        assert go.wait(5)
        return False

    first = begin(one_by_one, work)
    assert inside.wait(5)
    for _ in range(3):
        one_by_one.run(lambda: rounds.append("another") or False)

    go.set()
    first.join(5)
    assert rounds == [first.ident, first.ident]
    assert not one_by_one._began


def test_rounds_go_on_while_there_is_more():
    one_by_one, left = OneByOne(at_once=1, patience=60), [3, 2, 1]

    one_by_one.run(lambda: left.pop() < 3)

    assert left == []


def test_a_round_that_is_held_up_does_not_hold_up_the_others():
    one_by_one, inside, hang, done = (
        OneByOne(at_once=2, patience=0.05),
        threading.Event(),
        threading.Event(),
        [],
    )
    stuck = begin(one_by_one, lambda: inside.set() or not hang.wait(5))
    assert inside.wait(5)
    time.sleep(0.06)

    one_by_one.run(lambda: done.append("beside") or False)

    assert done == ["beside"]
    hang.set()
    stuck.join(5)


def test_a_round_that_fails_leaves_the_way_free():
    one_by_one, done = OneByOne(at_once=1, patience=60), []

    with pytest.raises(ZeroDivisionError):
        one_by_one.run(lambda: bool(1 / 0))
    one_by_one.run(lambda: done.append("next") or False)

    assert done == ["next"]


def test_rounds_that_fail_while_somebody_asks_give_their_places_back():
    one_by_one, done = OneByOne(at_once=2, patience=0), []

    def fail_while_somebody_asks():
        one_by_one._wanted = True  # what whoever is turned away leaves
        raise ConnectionError("The database is away.")

    for _ in range(3):
        failing = threading.Thread(target=one_by_one_failed, args=(one_by_one, fail_while_somebody_asks))
        failing.start()
        failing.join(5)
    one_by_one.run(lambda: done.append("after the outage") or False)

    assert done == ["after the outage"]
    assert not one_by_one._began


def one_by_one_failed(one_by_one, work):
    with pytest.raises(ConnectionError):
        one_by_one.run(work)


def test_a_worker_that_stops_ends_with_the_round_under_way():
    one_by_one, rounds = OneByOne(at_once=1, patience=60), []

    def work():
        rounds.append(1)
        one_by_one.closed = True
        return True

    one_by_one.run(work)

    assert rounds == [1]


def test_a_second_hand_works_for_as_long_as_there_is_enough_for_two():
    hand, left = SecondHand(), [1, 2, 3]

    hand.call(lambda: left.pop() > 1)
    hand.wait(5)

    assert left == []


def test_there_is_one_second_hand_whoever_calls():
    hand, inside, go, done = SecondHand(), threading.Event(), threading.Event(), []
    hand.call(lambda: inside.set() or not go.wait(5))
    assert inside.wait(5)

    hand.call(lambda: done.append("another") or False)

    go.set()
    hand.wait(5)
    assert done == []
    hand.call(lambda: done.append("later") or False)
    hand.wait(5)
    assert done == ["later"]


def test_a_second_hand_that_fails_is_called_again():
    hand, done = SecondHand(), []

    hand.call(lambda: bool(1 / 0))
    hand.wait(5)
    hand.call(lambda: done.append("next") or False)
    hand.wait(5)

    assert done == ["next"]


def test_a_worker_that_stops_calls_for_no_second_hand():
    hand, done = SecondHand(closed=True), []

    hand.call(lambda: done.append("late") or False)

    hand.wait(5)
    assert done == []
