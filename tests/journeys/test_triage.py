"""What matters next, without a mouse; a promise that breaks before everybody's eyes; and timers that outlive their workers."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import Agent
from tests.journeys.desk import Desk
from tests.journeys.outside import Outside
from tests.journeys.running import Demo
from tests.journeys.waiting import eventually

BUSY = 4  # as many of the worker's threads may wait for one channel (connectors.tasks.turns)
# Of one channel only, so that the other journeys keep what they were promised.
PROMISE = """
    INSERT INTO inbox_slapolicy (public_id, brand_id, name, position, is_active, version, priorities, channels, tags, first_response,
        pauses_for_customer, pauses_snoozed, pauses_pending, warnings, raises_priority, unassigns_late, reassigns_to_id)
    SELECT gen_random_uuid(), c.brand_id, 'In a hurry on ' || c.platform, -1, true, 1, '{}', ARRAY[c.id], '{}', %s, true, true, true, '{50,80}', true, false,
           (SELECT id FROM inbox_person WHERE email = 'manager@parley.test')
      FROM inbox_channel c JOIN inbox_brand b ON b.id = c.brand_id WHERE b.slug = 'acme' AND c.platform = %s
"""


@pytest.fixture
def promise(demo: Demo) -> Iterator[Callable[..., None]]:
    """A promise of seconds, which no settings page would make: a running process's clock cannot be moved."""
    yield lambda seconds, platform: demo.sql(PROMISE, [seconds, platform])
    demo.sql(
        "UPDATE inbox_slapolicy SET is_active = false, name = name || id WHERE name LIKE 'In a hurry on %'"
    )


def events(demo: Demo, name: str) -> list[str]:
    query = """SELECT e.kind FROM inbox_event e JOIN inbox_conversation c ON c.id = e.conversation_id
                WHERE c.contact_name = %s ORDER BY e.seq"""
    return [kind for (kind,) in demo.sql(query, [name])]


def test_a_queue_of_thirty_is_triaged_by_keys_alone(
    demo: Demo, agent: Agent, outside: Outside, name: str
) -> None:
    """Each sixth of them gets a reply, a snooze, a tag, a priority, a colleague, or is done with; then the queue is empty."""
    who = [f"{name} no {number:02}" for number in range(30)]
    for number, each in enumerate(who):
        outside.dm(("instagram", "x")[number % 2], f"Where is order {number}?", who=each)
    agent.await_row(who[0], within=40)
    agent.await_row(who[-1], within=40)
    agent.go()
    page = agent.page
    head = page.locator("conversation-head")

    agent.press("j", "Enter")
    met = []
    for _ in who:
        expect(page.locator(".head__name")).to_have_text(re.compile(f"^{name} no "))
        met.append(now_at := page.locator(".head__name").inner_text())
        number = int(now_at[-2:])
        row = agent.row(now_at)
        match number % 6:
            case 0:
                agent.press("r")
                expect(agent.field).to_be_focused()
                page.keyboard.type(f"On its way, {now_at}")
                agent.press("Control+Enter", "Escape")
                agent.await_message(f"On its way, {now_at}")
                expect(page.locator(".head__name")).to_have_text(now_at)
            case 1:
                agent.press("h")
                expect(page.locator("#picker-filter")).to_be_focused()
                page.keyboard.type("2h")
                agent.press("Enter")
                expect(head).to_have_attribute("data-state", "snoozed")
            case 2:
                agent.press("l")
                expect(page.locator("#picker-filter")).to_be_focused()
                page.keyboard.type("praise")
                agent.press("Enter")
                expect(page.locator("#conversation-triage .triage__tags")).to_contain_text("praise")
                agent.press("Escape")
                expect(page.locator("dialog[open]")).to_have_count(0)
            case 3:
                agent.press("p")
                expect(page.locator("#picker-filter")).to_be_focused()
                page.keyboard.type("urg")
                agent.press("Enter")
                expect(page.locator("#conversation-triage .triage__level")).to_have_text("Urgent")
            case 4:
                agent.press("m")
                expect(page.locator("conversation-head[data-mine]")).to_be_attached()
            case _:
                agent.press("e")
                expect(head).to_have_attribute("data-state", "resolved")
        if number % 6 not in (1, 5):  # those leave the list by themselves
            expect(row).to_be_visible()
        if len(met) < len(who):
            agent.press("j")
            expect(page.locator(".head__name")).not_to_have_text(now_at)

    assert sorted(met) == who, Counter(met).most_common(3)
    states = dict(
        demo.sql("SELECT contact_name, state FROM inbox_conversation WHERE contact_name = ANY(%s)", [who])
    )
    assert Counter(states.values()) == {"open": 20, "snoozed": 5, "resolved": 5}
    for each in who[::6]:
        eventually(lambda each=each: outside.from_brand(f"On its way, {each}"), within=30, told=each)
    agent.assert_no_faults()


def test_a_breach_is_seen_coming_warned_and_escalated(
    demo: Demo,
    new_agent: Callable[..., Agent],
    outside: Outside,
    name: str,
    promise: Callable[..., None],
) -> None:
    agent, manager = new_agent(), new_agent("manager@parley.test")
    manager.page.goto(f"{manager.url}/b/acme/inbox/mine/")
    manager.await_live()
    promise(30, "x")

    outside.dm("x", "Is anybody there?", who=name)
    row = agent.await_row(name)
    expect(row.locator("due-chip")).to_have_text("< 1 m left", timeout=10_000)
    agent.open(name)
    agent.press("m")

    thread = agent.page.locator("message-thread")
    expect(thread).to_contain_text("First response: 50 % of", timeout=30_000)
    expect(thread).to_contain_text("First response: 80 % of", timeout=30_000)
    expect(thread).to_contain_text("Late: first response was promised within", timeout=30_000)
    expect(thread).to_contain_text("Given to Milo Manager, because it is late")
    triage = agent.page.locator("#conversation-triage")
    expect(triage.locator(".triage__level")).to_have_text("Urgent")
    expect(triage.locator(".triage__reasons")).to_contain_text("late")
    expect(row.locator("due-chip")).to_have_text("< 1 m late", timeout=10_000)
    expect(row.locator(".pressing")).to_have_text("Urgent")
    mine = manager.await_row(name)
    expect(mine.locator("due-chip")).to_have_attribute("data-tone", "late")
    told = demo.sql(
        """SELECT p.email, n.text FROM inbox_notification n JOIN inbox_person p ON p.id = n.person_id
             JOIN inbox_conversation c ON c.id = n.conversation_id
            WHERE c.contact_name = %s ORDER BY p.email, n.at""",
        [name],
    )
    late = {email for email, text in told if text.startswith("First response is late")}
    assert late == {"admin@parley.test", "agent@parley.test", "manager@parley.test"}, told

    manager.open(name).reply(f"Here we are, {name}").await_sent(f"Here we are, {name}")
    clock = manager.page.locator(".clock", has_text="First response")
    expect(clock.locator(".clock__state")).to_contain_text("Ended late", timeout=15_000)
    clock.locator("summary").click()
    expect(clock.locator(".clock__segments")).to_contain_text("50 % used up")
    expect(clock.locator(".clock__segments")).to_contain_text("80 % used up")
    expect(clock.locator(".clock__segments")).to_contain_text("the target is used up: late")
    [(counted, target, parts)] = demo.sql(
        """SELECT k.counted, k.target, sum(s.counted) FROM inbox_clock k JOIN inbox_conversation c ON c.id = k.conversation_id
             JOIN inbox_clocksegment s ON s.clock_id = k.id WHERE c.contact_name = %s AND k.kind = 'first' GROUP BY k.id""",
        [name],
    )
    assert counted > target == 30 and abs(parts - counted) < 1e-6
    kinds = Counter(events(demo, name))
    assert (kinds["sla.warned"], kinds["sla.breached"]) == (2, 1)
    agent.assert_no_faults()


def test_after_every_worker_was_killed_and_the_broker_flushed_each_timer_fires_once_and_in_time(
    demo: Demo, outside: Outside, name: str, promise: Callable[..., None]
) -> None:
    """One half of the promises breaks while everything is down, the other after it is up again."""
    soon, later = [f"{name} soon {n}" for n in range(15)], [f"{name} later {n}" for n in range(15)]
    promise(25, "x")
    promise(90, "instagram")
    for each in later:
        outside.dm("instagram", "No hurry", who=each)
    await_timers(demo, later)
    for each in soon:
        outside.dm("x", "Quick!", who=each)
    await_timers(demo, soon)

    [(down,)] = demo.sql("SELECT now()")
    killed = {each: demo.kill(each) for each in ("worker", "triage", "beat")}
    demo.flush_broker()
    again = []
    for each, pid in killed.items():
        demo.await_restart(each, after=pid)
        again.append(demo.named(each))
        again[-1].suspend()  # nobody is up before the last of one half is due
    eventually(lambda: demo.sql(ALL_DUE, [soon]) == [(True,)], within=60, told="all due")
    for each in again:
        each.resume()
    up = eventually(lambda: heartbeats(demo) and demo.sql("SELECT now()")[0][0], within=60, told="heartbeats")

    told = eventually(
        lambda: len(found := breaches(demo, soon + later)) >= 30 and found, within=90, told="all breaches"
    )
    assert Counter(who for who, _, _ in told) == dict.fromkeys(soon + later, 1)
    assert {down < due < up for who, due, _ in told if who in soon} == {True}, (
        "it was not down when they broke"
    )
    assert not [who for who, due, at in told if at < due], "told before it was due"
    late = {who: at - max(due, up) for who, due, at in told}
    assert max(late.values()) <= timedelta(seconds=2), {who: str(by) for who, by in late.items()}
    left = "SELECT count(*) FROM inbox_timer WHERE fired_at IS NULL AND due_at < now() - interval '2 seconds'"
    assert demo.sql(left) == [(0,)]


def test_a_platform_that_hangs_holds_up_no_timer(
    demo: Demo, outside: Outside, name: str, promise: Callable[..., None]
) -> None:
    """Every thread that Instagram may have waits for it while a promise on X breaks."""
    asked = [outside.dm("instagram", "Hello?", who=f"{name} slow {n}")["id"] for n in range(14)]
    desk = Desk(demo)
    for message in asked:
        desk.conversation_with(message)
    promise(15, "x")
    outside.dm("x", "Quick!", who=name)
    await_timers(demo, [name])
    outside.fault("slow", seed=1, ms=18_000)
    for number, message in enumerate(asked):
        desk.reply(message, f"Yes, {name} {number}")
    sending = "SELECT count(*) FROM inbox_message WHERE state = 'sending'"
    eventually(lambda: demo.sql(sending)[0][0] >= BUSY, within=20, told="all of its threads are busy")

    [(_, due, at)] = eventually(lambda: breaches(demo, [name]), within=30, told="the breach")

    assert demo.sql(sending)[0][0] >= BUSY, "the platform answered before the promise broke"
    outside.no_faults()
    desk.close()
    assert at - due <= timedelta(seconds=2)


# What was promised, and not the next timer of its clock: that is the warning, half of it before.
ALL_DUE = "SELECT bool_and(c.due_at < now()) FROM inbox_conversation c WHERE c.contact_name = ANY(%s)"


def await_timers(demo: Demo, who: list[str]) -> None:
    query = """SELECT count(DISTINCT c.id) FROM inbox_timer t JOIN inbox_conversation c ON c.id = t.conversation_id
                WHERE c.contact_name = ANY(%s) AND t.clock_id IS NOT NULL"""
    eventually(lambda: demo.sql(query, [who]) == [(len(who),)], within=40, told="their timers")


def heartbeats(demo: Demo) -> bool:
    import redis

    with redis.Redis.from_url(demo.services.redis_url) as client:
        return all(client.get(f"parley:heartbeat:{each}") for each in ("worker", "triage", "beat"))


def breaches(demo: Demo, who: list[str]) -> list[tuple[Any, datetime, datetime]]:
    """(who, when it was due, when it was told) of each first response that is told as late."""
    query = """SELECT c.contact_name, (e.data->>'due_at')::timestamptz, e.at FROM inbox_event e
                 JOIN inbox_conversation c ON c.id = e.conversation_id
                WHERE e.kind = 'sla.breached' AND e.data->>'clock' = 'first' AND c.contact_name = ANY(%s)"""
    return demo.sql(query, [who])
