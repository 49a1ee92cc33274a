"""The ledger, redelivery, restarts, and the process itself."""

import json
import signal
import socket
from dataclasses import asdict
from pathlib import Path

import httpx

from tests.simulator.outside import RECEIVER, Outside, Receiver, apart, opened, simulated
from tests.simulator.process import free_ports, healthy, start


@simulated
async def test_a_failed_delivery_is_repeated_until_it_is_taken(outside: Outside) -> None:
    await outside.instagram()
    outside.receiver.statuses = [500, 503, 500]

    await outside.says("instagram")
    await outside.settle()

    (row,) = await outside.ledger()
    assert [one["status"] for one in row["deliveries"]] == [500, 503, 500, 200]


@simulated
async def test_x_never_repeats_a_delivery_so_history_is_the_way_back(outside: Outside) -> None:
    await outside.x()
    outside.receiver.statuses = [500]

    await outside.says("x")
    await outside.settle()

    (row,) = await outside.ledger()
    assert [one["status"] for one in row["deliveries"]] == [500]
    assert row["expected"] is True


@simulated
async def test_a_reply_sent_twice_is_two_rows(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    body = {"recipient": {"id": person}, "message": {"text": "Yes."}}

    for _ in range(2):
        await outside.api.post("/v25.0/me/messages", json=body, headers=headers)

    out = [row for row in await outside.ledger() if row["direction"] == "out"]
    assert len(out) == 2 and len({row["id"] for row in out}) == 2
    assert {row["client"] for row in out} == {"api"}


@simulated
async def test_a_row_tells_the_whole_history_of_a_message(outside: Outside) -> None:
    written = await outside.says("instagram", "Helo")
    await outside.does("instagram", "edit", target=written["id"], text="Hello")
    await outside.does("instagram", "react", target=written["id"], emoji="❤️")
    await outside.does("instagram", "unsend", target=written["id"])

    (row,) = await outside.ledger(platform="instagram", account="acme")

    assert [one["what"] for one in row["history"]] == ["created", "edit", "react", "unsend"]
    assert (row["text"], row["deleted"], row["edits"]) == ("", True, 1)
    assert row["reactions"] == [{"actor": written["person"]["id"], "emoji": "❤️"}]


@simulated
async def test_the_ledger_is_narrowed_by_any_name_and_by_none_that_is_not_known(outside: Outside) -> None:
    for platform in ("instagram", "x"):
        await outside.says(platform)

    (row,) = await outside.ledger(account="acme.shop")

    assert row["platform"] == "instagram"
    for query in ({"account": "nobody"}, {"platform": "instagramm"}, {"account": "acme"}):
        answer = await outside.control.get("/control/ledger", params=query)
        assert answer.status_code == 400 and answer.json()["error"].endswith("."), query


@simulated
async def test_order_is_the_platforms_even_within_one_millisecond(outside: Outside) -> None:
    for platform in ("instagram", "x"):
        written = [(await outside.says(platform, f"n{n}", at_ms=1_795_000_000_000))["id"] for n in range(5)]

        rows = await outside.ledger(platform=platform)

        assert [row["id"] for row in sorted(rows, key=lambda row: row["order"])] == written
        assert len({row["order"] for row in rows}) == 5


@simulated
async def test_the_log_shows_calls_without_secrets(outside: Outside) -> None:
    await outside.instagram()

    log = (await outside.control.get("/control/log")).json()

    exchange = next(one for one in log["calls"] if one["path"] == "/access_token")
    assert "access_token=%2A%2A%2A" in exchange["query"] and "IGAA" not in exchange["query"]
    assert (await outside.control.get("/control/log", params={"since": log["last"]})).json()["calls"] == []


@simulated
async def test_a_senseless_request_is_answered_by_one_sentence(outside: Outside) -> None:
    answers = [
        await outside.control.post("/control/messages", json={"platform": "myspace"}),
        await outside.control.post(
            "/control/messages", json={"platform": "x", "account": "nobody", "from": "A"}
        ),
        await outside.control.post("/control/messages", content=b"{nonsense"),
        await outside.control.post(
            "/control/events", json={"platform": "x", "account": "acme", "kind": "dance"}
        ),
    ]

    assert [one.status_code for one in answers] == [400] * 4
    assert all(one.json()["error"].endswith(".") for one in answers)


@simulated
async def test_a_moment_that_no_id_of_x_could_tell_is_refused(outside: Outside) -> None:
    for at_ms in (0, 1_288_834_974_656, 3_487_858_230_209, 253_402_300_800_000, "noon", [1]):
        given = {"platform": "x", "account": "acme", "from": "Mara", "text": "Hi", "at_ms": at_ms}
        answer = await outside.control.post("/control/messages", json=given)
        assert (answer.status_code, answer.json()["error"][:32]) == (400, "at_ms must be milliseconds since")

    assert await outside.ledger() == []
    for at_ms in (1_288_834_974_657, 3_487_858_230_208):
        assert int((await outside.says("x", at_ms=at_ms))["id"]) < 2**63


@simulated
async def test_a_person_who_is_named_by_an_id_is_one_person_under_that_id(outside: Outside) -> None:
    ids = {"instagram": "927364500000011", "x": "1587200000000000042", "linkedin": "urn:li:person:kAq_1ptjX"}
    for platform, native in ids.items():
        said = [await outside.says(platform, **{"from": {"id": native}}) for _ in range(2)]

        assert {one["person"]["id"] for one in said} == {native}
        assert len({one["thread"] for one in said}) == 1

    place = {"platform": "instagram", "account": "acme"}
    strange = {**place, "kind": "read", "from": {"id": "927364500000012"}}
    refused = [
        await outside.control.post("/control/messages", json={**place, "from": {"id": "Mara"}, "text": "Hi"}),
        await outside.control.post("/control/events", json=strange),
    ]
    assert [one.status_code for one in refused] == [400, 400]
    assert len((await outside.control.get("/stage/people", params=place)).json()["people"]) == 1


@simulated
async def test_the_clock_is_set_to_no_moment_that_could_not_be_told(outside: Outside) -> None:
    await outside.control.post("/control/clock", json={"advance_ms": 60_000})
    for given in (
        {"now_ms": 1_786_012_345_123_000}, {"advance_ms": 10**15}, {"advance_ms": -(10**13)}, {"reset": True, "now_ms": 5},
    ):  # fmt: skip
        answer = await outside.control.post("/control/clock", json=given)

        assert (answer.status_code, answer.json()["error"][:20]) == (400, "The clock must stay ")
    assert (
        await outside.control.post("/control/clock", json={"reset": True, "advance_ms": "x"})
    ).status_code == 400
    assert (await outside.control.get("/control/clock")).json()["offset_ms"] == 60_000


def test_a_restart_keeps_people_tokens_threads_hooks_and_what_was_on_its_way(tmp_path: Path) -> None:
    async def play() -> None:
        receiver = Receiver()
        first = await opened(tmp_path, receiver)
        headers = await first.instagram()
        user = await first.x()
        apps = (await first.control.get("/control/apps")).json()
        written = await first.says("instagram", "before \ud83d")
        await first.settle()
        await first.fault("reorder", max_ms=60_000)
        waiting = await first.says("instagram", "still on its way")
        await first.control.delete("/control/faults")
        before = await first.ledger()
        await first.simulator.close()
        receiver.seen.clear()

        second = await opened(tmp_path, receiver)
        try:
            assert (await second.control.get("/control/apps")).json() == apps
            assert (await second.ledger())[0]["history"] == before[0]["history"]
            assert (await second.api.get("/v25.0/me", headers=headers)).status_code == 200
            assert (await second.api.get("/2/users/me", headers=user)).status_code == 200
            await second.settle()
            again = await second.says("instagram", "after")
            await second.settle()
            assert again["thread"] == written["thread"] and again["person"] == written["person"]
            mids = [element["message"]["mid"] for element in second.elements()]
            assert mids == [waiting["id"], again["id"]]
        finally:
            await second.simulator.close()

    apart(play)


def test_a_world_from_before_apps_had_one_address_knows_which_accounts_were_installed(tmp_path: Path) -> None:
    async def play() -> None:
        first = await opened(tmp_path, Receiver())
        await first.instagram()
        world = first.simulator.kernel.world
        for account in list(world.accounts.values()):
            older = asdict(account)
            older["callback_url"] = RECEIVER if older.pop("installed") else ""
            world.store.put("account", f"{account.platform}|{account.id}", older)
        await first.simulator.close()

        second = await opened(tmp_path, Receiver())
        try:
            accounts = (await second.apps("instagram"))["accounts"]
            assert [one["subscribed"] for one in accounts] == [True, False]
        finally:
            await second.simulator.close()

    apart(play)


@simulated
async def test_a_reset_empties_the_world_and_keeps_serving(outside: Outside) -> None:
    await outside.instagram()
    await outside.says("instagram")

    await outside.control.post("/control/reset")

    assert await outside.ledger() == []
    assert (await outside.control.get("/control/pending")).json() == {"pending": 0}
    assert (await outside.says("x"))["id"]


# The process


def test_a_signal_stops_both_listeners_though_somebody_listens_for_news(tmp_path: Path) -> None:
    ports = free_ports()
    process = start(tmp_path, ports)
    try:
        assert healthy(ports[0])
        with httpx.stream(
            "GET", f"http://127.0.0.1:{ports[0]}/stage/live", trust_env=False, timeout=5
        ) as live:
            assert live.status_code == 200
            assert httpx.get(f"http://127.0.0.1:{ports[1]}/v25.0/me", trust_env=False).status_code == 401
            process.send_signal(signal.SIGTERM)
            # The stream would go on for ever: that it ends at all shows that nobody waits for it.
            assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_taken_port_is_one_line_on_stderr(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", ports[1]))
        holder.listen()
        process = start(tmp_path, ports)
        _, stderr = process.communicate(timeout=20)

    assert process.returncode == 1
    assert stderr.count("\n") == 1
    assert f"127.0.0.1:{ports[1]}" in stderr and "SIMULATOR_PLATFORM_PORT" in stderr


def test_x_streams_the_events_of_subscriptions_without_a_webhook(tmp_path: Path) -> None:
    ports = free_ports()
    process = start(tmp_path, ports)
    try:
        assert healthy(ports[0])
        control = httpx.Client(base_url=f"http://127.0.0.1:{ports[0]}", trust_env=False)
        api = httpx.Client(base_url=f"http://127.0.0.1:{ports[1]}", trust_env=False)
        app = control.get("/control/apps").json()["x"]
        grant = {"platform": "x", "account": "acme", "redirect_uri": "http://receiver.test/back"}
        form = {
            "grant_type": "authorization_code",
            "redirect_uri": "http://receiver.test/back",
            "code": control.post("/control/grants", json=grant).json()["code"],
        }
        auth = (app["client_id"], app["client_secret"])
        token = api.post("/2/oauth2/token", data=form, auth=auth).json()["access_token"]
        wish = {"event_type": "dm.received", "filter": {"user_id": "2244994945"}}
        user = {"authorization": f"Bearer {token}"}
        assert api.post("/2/activity/subscriptions", json=wish, headers=user).status_code == 200

        bearer = {"authorization": f"Bearer {app['app_bearer']}"}
        with api.stream("GET", "/2/activity/stream", headers=bearer, timeout=10) as stream:
            lines = (line for line in stream.iter_lines() if line)
            written = {"platform": "x", "account": "acme", "from": "Mara", "text": "streamed"}
            told = control.post("/control/messages", json=written).json()
            event = json.loads(next(lines))["data"]

        assert event["event_type"] == "dm.received"
        assert event["payload"]["direct_message_events"][0]["id"] == told["id"]
    finally:
        process.kill()
        process.communicate()
