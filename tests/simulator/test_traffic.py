"""Scenarios and corpora played as a stream."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from simulator import conversations, scenarios, traffic
from simulator.traffic import Traffic
from simulator.world import Happening
from tests.simulator.outside import Outside, simulated


def test_the_scenarios_cover_many_languages_and_topics() -> None:
    found = scenarios.load()

    assert len(found) >= 30
    assert len({one.language for one in found}) >= 6
    assert {
        "order trouble",
        "refund",
        "product question",
        "praise",
        "angry complaint",
        "influencer pitch",
        "spam",
        "story reply",
        "group thread",
        "delivery delay",
    } <= {one.topic for one in found}


async def finished(outside: Outside) -> None:
    for _ in range(1000):
        if not (await outside.control.get("/control/play")).json()["playing"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the play never ended")


@simulated
async def test_a_play_stops_at_its_limit(outside: Outside) -> None:
    await outside.control.post("/control/play", json={"rate": 500, "limit": 40, "seed": 3})
    await finished(outside)

    rows = await outside.ledger()

    assert (await outside.control.get("/control/play")).json()["sent"] == 40
    assert len([row for row in rows if row["direction"] == "in"]) == 40
    assert {row["platform"] for row in rows} == {"instagram", "x", "linkedin"}


@simulated
async def test_a_message_that_fails_does_not_end_the_traffic(outside: Outside) -> None:
    world = outside.simulator.kernel.world

    def fall_over(happening: Happening) -> None:
        if len(world.messages) == 3:
            raise RuntimeError("something fell over")

    world.listeners.append(fall_over)
    await outside.control.post("/control/play", json={"rate": 500, "limit": 12, "seed": 3})
    await finished(outside)

    assert (await outside.control.get("/control/play")).json()["sent"] == 12
    assert len([row for row in await outside.ledger() if row["direction"] == "in"]) == 12


@simulated
async def test_a_corpus_gives_customer_turns_in_order_and_no_agent_turns(outside: Outside) -> None:
    conversations = [
        {
            "id": f"c{n}",
            "lang": "en",
            "messages": [
                {"role": "customer", "author": f"user{n}", "text": f"first of {n}"},
                {"role": "agent", "author": "brand", "text": "answer of the corpus"},
                {"role": "customer", "author": f"user{n}", "text": f"second of {n}"},
            ],
        }
        for n in range(30)
    ]
    corpus: Path = outside.simulator.kernel.world.settings.home / "corpus.jsonl"
    corpus.write_text("\n".join(map(json.dumps, conversations)))

    await outside.control.post("/control/play", json={"corpus": str(corpus), "rate": 1000})
    await finished(outside)

    rows = await outside.ledger()
    threads: dict[str, list[str]] = {}
    for row in rows:
        threads.setdefault(row["thread"], []).append(row["text"])
    assert sorted(threads.values()) == sorted([f"first of {n}", f"second of {n}"] for n in range(30))
    assert {row["platform"] for row in rows} == {"instagram", "x", "linkedin"}


@simulated
async def test_a_corpus_goes_on_where_the_last_start_stopped_and_anew_when_it_is_named(
    outside: Outside,
) -> None:
    kernel = outside.simulator.kernel
    corpus: Path = kernel.world.settings.home / "corpus.jsonl"
    told = [
        {
            "id": f"c{n}",
            "messages": [{"role": "customer", "text": f"{turn} of {n}"} for turn in ("first", "second")],
        }
        for n in range(20)
    ]
    corpus.write_text("\n".join(map(json.dumps, told)))
    kernel.world.settings = replace(kernel.world.settings, corpus=str(corpus), rate=1000)

    for limit, played in ((13, 13), (100, 40), (100, 40)):
        traffic = Traffic(kernel)  # as a new process has it
        await traffic.play({"limit": limit})
        await ended(traffic)
        assert len(await outside.ledger()) == played

    threads: dict[str, list[str]] = {}
    for row in await outside.ledger():
        threads.setdefault(row["thread"], []).append(row["text"])
    assert sorted(threads.values()) == sorted([f"first of {n}", f"second of {n}"] for n in range(20))

    await traffic.play({"corpus": str(corpus)})
    await ended(traffic)
    assert len(await outside.ledger()) == 80


async def ended(traffic: Traffic) -> None:
    for _ in range(1000):
        if not traffic.status()["playing"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the play never ended")


@simulated
async def test_a_broken_line_is_told_and_the_others_are_played(outside: Outside) -> None:
    corpus: Path = outside.simulator.kernel.world.settings.home / "corpus.jsonl"
    good = [json.dumps({"id": n, "messages": [{"role": "customer", "text": f"good {n}"}]}) for n in range(2)]
    corpus.write_bytes("\n".join([good[0], '{"id": 3, "mess', "[]", "", good[1]]).encode() + b"\n\xff\xfe")

    answer = (await outside.control.post("/control/play", json={"corpus": str(corpus), "rate": 1000})).json()
    await finished(outside)

    told = {"skipped": 3, "first_skipped": "line 2 (no JSON)"}
    for each in (
        answer,
        (await outside.control.get("/control/play")).json(),
        (await outside.control.get("/control/health")).json(),
    ):
        assert told.items() <= each.items()
    assert sorted(row["text"] for row in await outside.ledger()) == ["good 0", "good 1"]


def test_the_log_says_what_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"messages": [{"role": "customer", "text": "good"}]}\n{"id": 3, "mess\n')

    conversations.usable(corpus)

    assert capsys.readouterr().out == (
        f"simulator: 1 line of the corpus {corpus} skipped, the first is line 2 (no JSON).\n"
    )


@simulated
async def test_an_empty_corpus_is_refused_and_one_emptied_meanwhile_ends(outside: Outside) -> None:
    corpus: Path = outside.simulator.kernel.world.settings.home / "corpus.jsonl"
    corpus.write_text("\n")
    given = {"corpus": str(corpus), "rate": 1000, "loop": True}
    refused = await outside.control.post("/control/play", json=given)
    corpus.write_text(json.dumps({"messages": [{"role": "customer", "text": "one"}]}))
    await outside.control.post("/control/play", json=given)
    corpus.write_text("")
    await finished(outside)

    assert refused.status_code == 400
    assert refused.json()["error"].startswith(f"No conversation of {corpus} can be played")


@simulated
async def test_a_missing_corpus_is_one_plain_sentence(outside: Outside) -> None:
    answer = await outside.control.post("/control/play", json={"corpus": "/nowhere.jsonl"})

    assert answer.status_code == 400
    assert answer.json() == {"error": "There is no corpus at /nowhere.jsonl."}


@simulated
async def test_a_customer_reads_and_follows_up_when_the_brand_answers(outside: Outside) -> None:
    headers = await outside.instagram()
    traffic = outside.simulator.traffic
    traffic.pause = lambda low, high: 0.0
    await outside.control.post(
        "/control/play", json={"rate": 300, "limit": 60, "platforms": ["instagram"], "seed": 2}
    )
    await finished(outside)
    visit = next(
        one for one in traffic.visits if one.scenario.topic == "order trouble" and one.account.brand == "Acme"
    )
    person = visit.person.native["17841400000000001"]
    before = len(await outside.ledger(platform="instagram"))

    body = {"recipient": {"id": person}, "message": {"text": "We look into it."}}
    sent = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
    async with asyncio.timeout(10):  # the customer's reaction is a task of its own
        while len(await outside.ledger(platform="instagram")) < before + 2:
            await asyncio.sleep(0.02)
    await outside.settle()

    reads = [element for element in outside.elements() if "read" in element]
    rows = await outside.ledger(platform="instagram")
    assert [one["read"]["mid"] for one in reads] == [sent.json()["message_id"]]
    assert len(rows) == before + 2


@simulated
async def test_a_first_start_finds_the_conversations_of_the_last_half_hour(outside: Outside) -> None:
    await outside.instagram()
    await outside.x()
    await outside.linkedin()

    await outside.control.post("/control/play", json={"past": True, "limit": 0, "seed": 16})
    await finished(outside)
    now = (await outside.control.get("/control/clock")).json()["now_ms"]

    rows = await outside.ledger()
    ages = [now - row["at_ms"] for row in rows]
    assert len(ages) >= 28
    minutes = [age / 60_000 for age in ages]
    assert 0 <= min(minutes) < 10 < max(minutes) < 30
    said: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda row: row["n"]):
        said.setdefault(row["thread"], []).append(row["at_ms"])
    assert max(map(len, said.values())) > 2
    assert all(times == sorted(set(times)) for times in said.values())  # as they were written


@simulated
async def test_nobody_writes_before_the_last_account_could_know_of_it(outside: Outside) -> None:
    simulator, looks = outside.simulator, traffic.LOOK_SECONDS
    traffic.LOOK_SECONDS = 0.002
    try:
        await outside.instagram()
        await outside.x()
        beginning = asyncio.create_task(simulator.traffic.begin_when_connected())
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert (
            await outside.ledger() == []
        )  # although the others have been connected for more than a few looks

        await outside.linkedin()
        for account in simulator.kernel.world.accounts.values():
            account.consented_ms = account.consented_ms or simulator.kernel.world.clock.now_ms()
        await beginning
    finally:
        traffic.LOOK_SECONDS = looks
    while len(await outside.ledger()) < 40:
        await asyncio.sleep(0.01)
    simulator.traffic.stop()

    rows = [
        row for row in await outside.ledger(platform="linkedin") if row["kind"] not in ("comment", "mention")
    ]
    consented = min(one.consented_ms for one in simulator.kernel.world.accounts.values())
    assert rows
    assert all(row["expected"] and row["at_ms"] >= consented for row in rows)


@simulated
async def test_each_group_asks_for_itself(outside: Outside) -> None:
    given = {"platforms": ["x"], "rate": 2000, "limit": 200, "seed": 3}
    await outside.control.post("/control/play", json=given)
    await finished(outside)

    asked = [row for row in await outside.ledger(platform="x") if "three flatmates" in row["text"]]
    who: dict[str, set[str]] = {}
    for row in asked:
        who.setdefault(row["thread"], set()).add(row["sender"])

    assert len(who) > 1
    assert all(len(senders) == 1 for senders in who.values())
