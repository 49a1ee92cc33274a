"""Processes, broker and database die in the middle of work, and nothing is lost, doubled or sent twice."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.browsing import Agent
from tests.journeys.desk import Desk, assert_complete, busy, cut_off, let_claims_run_out
from tests.journeys.outside import Outside
from tests.journeys.running import PROCFILE, Demo
from tests.journeys.waiting import eventually


@pytest.fixture(scope="module")
def desk(demo: Demo) -> Iterator[Desk]:
    desk = Desk(demo)
    yield desk
    desk.close()


NOT_READ = "SELECT count(*) FROM connectors_receipt WHERE state = 'new'"
# Whoever has taken deliveries in hand and waits in the middle of reading them.
IN_THE_MIDDLE = """SELECT 1 FROM pg_locks taken JOIN pg_locks waits ON waits.pid = taken.pid AND NOT waits.granted
                    WHERE taken.relation = 'connectors_receipt'::regclass AND taken.mode = 'RowShareLock' AND taken.granted"""


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(demo: Demo, outside: Outside) -> None:
    worker = demo.named("worker")
    worker.suspend()
    for number in range(300):
        outside.dm(("instagram", "x")[number % 2], f"burst {number}", who=f"Burst {number % 30}")
    eventually(lambda: outside.pending() == 0, within=30, told="all delivered")
    waiting = demo.sql(NOT_READ)[0][0]
    with demo.nobody_records():
        worker.resume()
        eventually(lambda: demo.sql(IN_THE_MIDDLE), within=30, told="a batch in hand")
        killed = demo.kill("worker")
    assert demo.sql(NOT_READ)[0][0] >= waiting >= 300, "it was through before it was killed"
    demo.await_restart("worker", after=killed)
    assert_complete(demo, outside)


@pytest.mark.long  # claims of the dead run out
def test_a_worker_killed_while_it_sends_sends_nothing_twice(demo: Demo, outside: Outside, desk: Desk) -> None:
    people = [("instagram", "Cut off Ines"), ("x", "Cut off Xaver"), ("linkedin", "Cut off Lina")]
    asked = [outside.dm(platform, "Are you there?", who=name)["id"] for platform, name in people]
    for message in asked:
        desk.conversation_with(message)
    outside.fault("slow", seed=1, ms=2500)
    replies = [f"Yes, {name}, we are" for _, name in people]
    for message, text in zip(asked, replies, strict=True):
        desk.reply(message, text)
    eventually(
        lambda: len(demo.sql("SELECT 1 FROM inbox_message WHERE state = 'sending'")) == 3,
        told="three on their way",
    )
    killed = demo.kill("worker")
    under_way = cut_off(demo)
    outside.no_faults()
    demo.await_restart("worker", after=killed)
    let_claims_run_out(demo, under_way)
    assert_complete(demo, outside, replies)


@pytest.mark.long  # half a minute of traffic
def test_a_flushed_broker_costs_no_message_and_no_reply(
    demo: Demo, outside: Outside, desk: Desk, agent: Agent
) -> None:
    replies = []
    for part in range(3):
        replies += busy(outside, desk, f"flush {part}", seed=part, count=40)
        demo.flush_broker()
    outside.dm("instagram", "And still live", who="Flush witness")
    agent.await_row("Flush witness", within=20)
    assert_complete(demo, outside, replies)


@pytest.mark.long  # claims of the dead run out
def test_a_database_that_dies_is_brought_back_and_what_was_refused_meanwhile_comes_again(
    demo: Demo, outside: Outside, desk: Desk
) -> None:
    replies = busy(outside, desk, "before", seed=1, count=30)
    killed = demo.kill("postgres")
    for number in range(20):
        outside.dm("instagram", f"meanwhile {number}", who="Meanwhile")
        time.sleep(0.05)
    demo.await_restart("postgres", after=killed)
    eventually(lambda: demo.sql("SELECT 1"), within=30, told="the database")
    let_claims_run_out(demo, cut_off(demo))
    replies += busy(outside, desk, "after", seed=2, count=30)

    statuses = [
        str(delivery["status"])
        for row in outside.ledger(platform="instagram")
        if row["text"].startswith("meanwhile")
        for delivery in row["deliveries"]
    ]
    assert "503" in statuses and statuses.count("200") >= 20, statuses
    assert demo.manage("sync", "--all", within=600).returncode == 0
    assert_complete(demo, outside, replies)


def test_a_socket_that_was_cut_resumes_and_shows_everything_once(
    demo: Demo, outside: Outside, agent: Agent, name: str
) -> None:
    outside.dm("instagram", "first", who=name)
    agent.open(name).await_message("first")
    states = agent.note_states()

    killed = demo.kill("edge")
    meanwhile = [f"while the edge was away {number}" for number in range(3)]
    for text in meanwhile:
        outside.dm("instagram", text, who=name)
    demo.await_restart("edge", after=killed)
    eventually(
        lambda: httpx.get(f"{demo.url}/healthz", trust_env=False).is_success, within=30, told="the edge"
    )
    eventually(lambda: outside.pending() == 0 or outside.hurry(), within=20, told="the redeliveries")

    agent.await_live(within=30)
    for text in meanwhile:
        agent.await_message(text, within=15)
    assert agent.texts() == ["first", *meanwhile]
    assert [state for state in ("offline", "catching", "live") if state in states()] == [
        "offline",
        "catching",
        "live",
    ]
    assert_complete(demo, outside)


@pytest.mark.parametrize("missed", [12, pytest.param(260, marks=pytest.mark.long)])
def test_a_page_that_slept_shows_what_it_missed_once_and_nothing_stale(
    missed: int, outside: Outside, agent: Agent, desk: Desk, name: str
) -> None:
    """A few missed messages come one by one; after many, the page takes everything anew."""
    outside.dm("instagram", "good night", who=name)
    agent.open(name).await_message("good night")
    agent.field.fill("half a thought")
    agent.wire.cut()
    agent.page.wait_for_function("document.querySelector('state-line').dataset.state === 'offline'")
    for number in range(missed):
        who = name if number % 4 == 0 else f"{name} neighbour {number}"
        last = outside.dm("instagram", f"in the night {number}", who=who)
    slip = outside.dm("instagram", "a slip", who=name)["id"]
    outside.event("instagram", "unsend", target=slip)
    desk.conversation_with(last["id"])
    eventually(lambda: desk.is_unsent(slip), within=30, told="the unsending")

    agent.wire.mend()
    agent.page.evaluate("window.dispatchEvent(new Event('online'))")
    agent.await_live()

    agent.await_message(f"in the night {missed - 4}", within=15)
    shown = agent.texts()
    nights = [text for text in shown if text.startswith("in the night")]
    assert nights == [f"in the night {number}" for number in range(0, missed, 4)][-len(nights) :]
    assert "a slip" not in shown and len(shown) == len(set(shown))
    assert agent.field.input_value() == "half a thought"
    agent.press("Escape", "Escape")
    agent.await_row(f"{name} neighbour {missed - 1}")


@pytest.mark.long  # a dozen processes, one after another
def test_a_supervisor_brings_back_every_process_that_dies(
    demo: Demo, outside: Outside, agent: Agent, name: str
) -> None:
    others = PROCFILE - {"edge"} | {"valkey", "simulator"}  # edge and postgres die in journeys above
    killed = {each: demo.kill(each) for each in sorted(others)}
    for each, pid in killed.items():
        demo.await_restart(each, after=pid, within=30)
    eventually(outside.health, within=30, told="the simulator")
    outside.dm("linkedin", "Everything is back", who=name)
    agent.await_row(name, within=120)  # whoever was asking LinkedIn died, and its lease has to run out
    agent.open(name).reply(f"So it is, {name}").await_sent(f"So it is, {name}", within=30)
