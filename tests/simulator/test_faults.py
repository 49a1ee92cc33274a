"""Every named fault, drawn from a seed and told in the ledger."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import signatures
from simulator.deliveries import Delivery, restored, stored
from simulator.faults import CATALOGUE, Faults, Rule
from simulator.platforms.base import Event, Packet
from simulator.store import Store
from tests.simulator.outside import LOG_VERSION, RECEIVER, Outside, simulated

NAMES = {
    "dup.exact", "dup.rebatched", "reorder", "drop", "echo.early", "echo.late", "echo.foreign", "signature.bad",
    "rate.limit", "token.expire_midsend", "slow", "error.5xx", "send.timeout", "poll.inclusive", "ids.19digit",
    "text.hostile", "token.race", "webhook.disabled", "replay.job", "group.untold",
}  # fmt: skip


class Forgetful(Store):
    """A store for draws alone: nothing is kept."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"))


def draws(seed: int, rate: float) -> list[bool]:
    faults = Faults(Forgetful())
    faults.set(Rule(name="drop", seed=seed, rate=rate))
    return [faults.draw("drop", platform="x", account="1") is not None for _ in range(200)]


@given(seed=st.integers(0, 2**31), rate=st.floats(0.05, 0.95))
def test_the_same_seed_draws_the_same_cases(seed: int, rate: float) -> None:
    assert draws(seed, rate) == draws(seed, rate)


def test_another_seed_draws_other_cases_at_about_the_rate() -> None:
    assert draws(1, 0.3) != draws(2, 0.3)
    assert 30 < sum(draws(1, 0.3)) < 90


@simulated
async def test_all_names_of_the_contract_are_listed_with_a_sentence(outside: Outside) -> None:
    listed = (await outside.control.get("/control/faults")).json()["faults"]

    assert {one["name"] for one in listed} == NAMES == set(CATALOGUE)
    assert all(one["sentence"].endswith(".") for one in listed)


@simulated
async def test_an_unknown_name_is_refused_with_the_known_ones(outside: Outside) -> None:
    answer = await outside.control.post("/control/faults", json={"name": "gremlin"})

    assert answer.status_code == 400
    assert set(answer.json()["known"]) == NAMES


@simulated
async def test_dup_exact_repeats_the_very_bytes(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("dup.exact", delay_ms=5)

    await outside.says("instagram")
    await outside.settle()

    first, second = outside.receiver.seen
    assert first.body == second.body
    assert first.headers["x-hub-signature-256"] == second.headers["x-hub-signature-256"]
    (row,) = await outside.ledger()
    assert [one.get("fault") for one in row["deliveries"]] == [None, "dup.exact"]


@simulated
async def test_dup_rebatched_repeats_the_message_in_other_bytes(outside: Outside) -> None:
    await outside.x()
    await outside.fault("dup.rebatched", delay_ms=60)

    written = await outside.says("x")
    await outside.settle()

    first, second = (one.json["data"] for one in outside.receiver.seen)
    assert first["event_uuid"] != second["event_uuid"]
    assert [one["payload"]["direct_message_events"][0]["id"] for one in (first, second)] == [
        written["id"]
    ] * 2


@simulated
async def test_dup_rebatched_finds_other_bytes_where_an_envelope_names_nothing_of_its_own(
    outside: Outside,
) -> None:
    await outside.linkedin()
    await outside.x(flavour="aaa")
    await outside.fault("dup.rebatched", delay_ms=60)

    for platform, kind in (("linkedin", "comment"), ("x", "text")):
        outside.receiver.seen.clear()
        await outside.says(platform, kind=kind)
        await outside.settle()

        first, second = outside.receiver.seen
        assert first.json == second.json and first.body != second.body, platform


@simulated
async def test_a_fault_of_an_account_strikes_it_by_whatever_name_it_was_given(outside: Outside) -> None:
    await outside.instagram()
    await outside.says("instagram", "before")
    (row,) = await outside.ledger()
    account = row["account"]
    for scope in ({"account": account}, {"platform": "instagram", "account": "acme"}):
        await outside.fault("drop", **scope)
        await outside.says("instagram", "dropped")
        rules = [one["on"] for one in (await outside.control.get("/control/faults")).json()["faults"]]
        assert [(rule["account"], rule["hits"]) for on in rules for rule in on] == [(account, 1)]

        gone = await outside.control.delete("/control/faults", params=scope)
        assert gone.json() == {"removed": 1}


@simulated
async def test_a_fault_that_could_strike_nobody_is_refused(outside: Outside) -> None:
    for name in ("acme", "nobody"):  # of several platforms, and of none
        answer = await outside.control.post("/control/faults", json={"name": "drop", "account": name})

        assert answer.status_code == 400 and "name the platform" in answer.json()["error"]


@simulated
async def test_a_fault_is_switched_on_with_what_it_can_read_or_not_at_all(outside: Outside) -> None:
    for name, parameter in (
        ("slow", {"ms": "soon"}),
        ("slow", {"ms": -1}),
        ("reorder", {"max_ms": None}),
        ("replay.job", {"most": float("inf")}),
        ("error.5xx", {"when": "later"}),
        ("signature.bad", {"mode": ["spoiled"]}),
    ):
        given = json.dumps({"name": name, **parameter})
        answer = await outside.control.post("/control/faults", content=given)

        assert answer.status_code == 400 and answer.json()["error"].endswith("."), given

    assert outside.simulator.kernel.faults.rules == {}


@simulated
async def test_nought_is_a_seed_like_others(outside: Outside) -> None:
    answer = await outside.control.post("/control/faults", json={"name": "drop", "seed": 0})

    assert answer.json()["rule"]["seed"] == 0


@simulated
async def test_reorder_lets_later_ones_overtake(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("reorder", seed=5, max_ms=400)

    written = [(await outside.says("instagram", f"n{n}"))["id"] for n in range(8)]
    await outside.settle()

    arrived = [element["message"]["mid"] for element in outside.elements()]
    assert sorted(arrived) == sorted(written) and arrived != written
    assert [row["id"] for row in await outside.ledger()] == written


@simulated
async def test_drop_leaves_only_history_as_far_as_it_reaches(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("drop", platform="instagram")
    lost = await outside.says("instagram", "lost")
    await outside.control.delete("/control/faults")
    (row,) = await outside.ledger()

    for n in range(20):
        await outside.says("instagram", f"n{n}")
    await outside.settle()

    rows = {one["id"]: one for one in await outside.ledger()}
    assert lost["id"] not in {element["message"]["mid"] for element in outside.elements()}
    assert row["deliveries"][0]["fault"] == "drop"
    assert (row["expected"], row["overtaken"]) == (True, False)
    assert (rows[lost["id"]]["expected"], rows[lost["id"]]["overtaken"]) == (False, True)


@simulated
async def test_what_was_dropped_and_unsent_was_for_nobody_to_be_overtaken(outside: Outside) -> None:
    for platform in ("instagram", "x"):
        await getattr(outside, platform)()
        await outside.fault("drop", platform=platform)
        lost = await outside.says(platform, "lost")
        await outside.does(platform, "unsend", target=lost["id"])

    rows = await outside.ledger()
    assert [(row["expected"], row["overtaken"]) for row in rows] == [(False, False)] * 2


@simulated
async def test_what_is_older_than_the_history_of_its_platform_is_overtaken(outside: Outside) -> None:
    await outside.x()
    await outside.fault("drop", platform="x")
    await outside.says("x", "lost")

    await outside.advance(days=31)

    (row,) = await outside.ledger()
    assert (row["expected"], row["overtaken"]) == (False, True)


@simulated
async def test_what_history_does_not_show_takes_no_place_in_it(outside: Outside) -> None:
    headers = await outside.instagram()
    await outside.fault("drop")
    first = await outside.says("instagram", "the first")
    await outside.control.delete("/control/faults")
    for n in range(19):
        await outside.says("instagram", f"n{n}")
    for _ in range(3):
        unsent = await outside.says("instagram", "never mind")
        await outside.does("instagram", "unsend", target=unsent["id"])
    await outside.says("instagram", "Start", kind="postback")
    await outside.settle()

    row = next(one for one in await outside.ledger() if one["id"] == first["id"])
    detail = await outside.api.get(f"/v25.0/{first['id']}", params={"fields": "id,from"}, headers=headers)

    assert detail.status_code == 200
    assert (row["expected"], row["overtaken"]) == (True, False)


async def look_at(outside: Outside, platform: str, thread: str, headers: dict[str, str]) -> None:
    """A page of history is handed out; whether anybody keeps it nobody knows."""
    path, query = {
        "instagram": (f"/v25.0/{thread}/messages", {"fields": "id,message"}),
        "x": (f"/2/dm_conversations/{thread}/dm_events", {}),
    }[platform]
    assert (await outside.api.get(path, params=query, headers=headers)).status_code == 200


@simulated
async def test_that_history_showed_a_message_is_no_proof_that_anybody_kept_it(outside: Outside) -> None:
    headers = await outside.instagram()
    await outside.fault("drop")
    lost = await outside.says("instagram", "lost")
    await outside.control.delete("/control/faults")

    await look_at(outside, "instagram", lost["thread"], headers)
    [before] = await outside.ledger()
    for n in range(25):
        await outside.says("instagram", f"n{n}")

    rows = await outside.ledger()
    after = next(row for row in rows if row["id"] == lost["id"])
    assert (before["expected"], before["shown_ms"] > 0) == (True, True)
    twentieth = [row for row in rows if row["id"] != lost["id"]][19]
    assert (after["expected"], after["overtaken"]) == (False, True)
    assert after["shown_until_ms"] == twentieth["at_ms"]


@pytest.mark.parametrize("platform", ["instagram", "x"])
@pytest.mark.parametrize("way", ["shown", "shown and delivered", "neither"])
def test_what_was_unsent_after_history_showed_it_is_gone_unless_it_was_delivered(
    platform: str, way: str, tmp_path: Path
) -> None:
    @simulated
    async def unsent(outside: Outside) -> None:
        headers = await getattr(outside, platform)()
        if way != "shown and delivered":
            await outside.fault("drop")
        said = await outside.says(platform, "never mind")
        await outside.settle()
        if way != "neither":
            await look_at(outside, platform, said["thread"], headers)
        before = (await outside.ledger())[0]
        await outside.does(platform, "unsend", target=said["id"])

        [row] = await outside.ledger()

        unsent_ms = row["history"][-1]["at_ms"]
        assert (before["expected"], before["shown_until_ms"]) == (True, None)
        assert (row["expected"], row["overtaken"]) == (way == "shown and delivered", False)
        assert row["shown_until_ms"] == (None if way == "shown and delivered" else unsent_ms)
        assert (row["shown_ms"] > 0) is (way != "neither")

    unsent(tmp_path)


@simulated
async def test_that_history_showed_something_again_is_told_unless_it_was_a_second_try(
    outside: Outside,
) -> None:
    headers = await outside.instagram()
    await outside.fault("drop")
    said = await outside.says("instagram", "Helo")

    async def look() -> list[bool]:
        await look_at(outside, "instagram", said["thread"], headers)
        [row] = await outside.ledger()
        again = [bool(each.get("shown_again_ms")) for each in row["history"]]
        assert bool(row["shown_again_ms"]) == again[0]
        return again

    assert (await look(), await look()) == ([False], [False])
    await outside.advance(hours=1 / 30)
    await outside.does("instagram", "edit", target=said["id"], text="Hello")
    assert await look() == [True, False]
    await outside.advance(hours=1 / 30)
    assert await look() == [True, True]


@simulated
async def test_what_became_of_a_message_is_shown_for_as_long_as_it_would_be_among_the_newest(
    outside: Outside,
) -> None:
    await outside.instagram()
    now = outside.simulator.kernel.world.clock.now_ms()
    first, kept, unsent, told = [
        await outside.says("instagram", text, at_ms=now - 60_000 + 10_000 * number)
        for number, text in enumerate(("first", "kept", "unsent", "told"))
    ]
    pressed = await outside.says("instagram", "Start", kind="postback")
    alone = await outside.says("instagram", "alone", **{"from": "Noor El Amrani"})
    await outside.does("instagram", "unsend", target=told["id"])
    await outside.fault("drop")
    for one in (first, unsent, pressed, alone):
        await outside.does("instagram", "unsend", target=one["id"])
    await outside.does("instagram", "edit", target=kept["id"], text="kept!")
    await outside.control.delete("/control/faults")
    shown, hidden = [kept, unsent, told], [first, pressed, alone]

    async def until(some: list[dict[str, Any]]) -> list[int | None]:
        rows = {row["id"]: row["changes_shown_until_ms"] for row in await outside.ledger()}
        return [rows[one["id"]] for one in some]

    newer = [await outside.says("instagram", f"n{n}") for n in range(19)]
    assert (await until(shown), await until(hidden)) == ([None] * 3, [0] * 3)
    newer.append(await outside.says("instagram", "n19"))

    rows = {row["id"]: row for row in await outside.ledger()}
    assert await until(shown) == [rows[newer[-1]["id"]]["at_ms"]] * 3
    assert await until(hidden) == [0] * 3
    by_delivery = [one for one in (*shown, *hidden) if rows[one["id"]]["history"][-1]["told"]]
    assert by_delivery == [told]


@simulated
async def test_an_unsend_is_shown_while_something_older_stands_and_until_that_is_unsent(
    outside: Outside,
) -> None:
    await outside.instagram()
    now = outside.simulator.kernel.world.clock.now_ms()
    _, second, third, fourth = [
        (await outside.says("instagram", text, at_ms=now - 60_000 + 10_000 * number))["id"]
        for number, text in enumerate("abcd")
    ]
    first = (await outside.ledger())[0]["id"]
    await outside.fault("drop")
    for one in (third, first, fourth, second):
        await outside.advance(hours=2)
        await outside.does("instagram", "unsend", target=one)

    rows = {row["id"]: row for row in await outside.ledger()}
    until = {key: row["changes_shown_until_ms"] for key, row in rows.items()}
    last = rows[second]["history"][-1]["at_ms"]
    assert until == {first: 0, second: 0, third: last, fourth: last}


@simulated
async def test_what_nobody_was_told_who_did_not_ask_for_it_counts_as_told(outside: Outside) -> None:
    """A subscription without these fields is the receiver's own doing."""
    await outside.instagram()
    written = await outside.says("instagram", "Helo")
    fields = outside.simulator.kernel.world.app("instagram").fields
    fields.remove("message_edit")
    await outside.does("instagram", "edit", target=written["id"], text="Hello")
    await outside.settle()

    (row,) = await outside.ledger()
    assert not any("message_edit" in element for element in outside.elements())
    assert row["history"][-1]["told"] is True


@simulated
async def test_a_dropped_edit_is_marked_in_the_history_and_the_message_is_not_called_dropped(
    outside: Outside,
) -> None:
    await outside.instagram()
    written = await outside.says("instagram", "Helo")
    await outside.settle()
    await outside.fault("drop")
    await outside.does("instagram", "edit", target=written["id"], text="Hello")
    await outside.control.delete("/control/faults")

    (row,) = await outside.ledger(platform="instagram")
    assert [one.get("fault") for one in row["history"]] == [None, "drop"]
    assert [(one.get("what"), one["status"]) for one in row["deliveries"]][1] == ("edit", "dropped")
    assert row["expected"] is True and row["deliveries"][0]["status"] != "dropped"


@simulated
async def test_a_log_that_is_polled_drops_nothing(outside: Outside) -> None:
    headers = await outside.linkedin()
    await outside.fault("drop")
    written = await outside.says("linkedin", "Helo")
    await outside.does("linkedin", "edit", target=written["id"], text="Hello")
    before = (await outside.ledger())[0]["expected"]
    await outside.settle()

    polled = (await outside.poll(headers))["elements"]

    assert before is True
    assert [(one["resourceId"], one["method"]) for one in polled] == [
        (written["id"], "CREATE"),
        (written["id"], "UPDATE"),
    ]


@simulated
async def test_an_early_echo_is_there_before_the_answer(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    await outside.settle()
    await outside.fault("echo.early")

    body = {"recipient": {"id": person}, "message": {"text": "Yes."}}
    answer = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)

    assert outside.elements()[-1]["message"]["mid"] == answer.json()["message_id"]


@simulated
async def test_a_late_echo_comes_long_after_the_answer(outside: Outside) -> None:
    user = await outside.x()
    person = (await outside.says("x"))["person"]["id"]
    await outside.settle()
    await outside.fault("echo.late", delay_ms=60_000)

    await outside.api.post(f"/2/dm_conversations/with/{person}/messages", json={"text": "Hi"}, headers=user)
    assert (await outside.control.get("/control/pending")).json() == {"pending": 1}
    before = len(outside.receiver.seen)
    await outside.control.post("/control/deliver")
    await outside.settle()

    assert (before, len(outside.receiver.seen)) == (1, 2)
    assert outside.receiver.seen[1].json["data"]["event_type"] == "dm.sent"


@simulated
async def test_a_foreign_echo_is_an_answer_nobody_sent_through_the_api(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("echo.foreign")

    await outside.says("instagram")
    await outside.settle()

    theirs, echo = sorted(outside.elements(), key=lambda one: "is_echo" in one["message"])
    rows = await outside.ledger()
    assert echo["message"]["is_echo"] is True and "is_echo" not in theirs["message"]
    assert [row["client"] for row in rows] == ["control", "native_app"]


@simulated
async def test_a_bad_signature_comes_with_an_event_that_never_happened(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("signature.bad")

    written = await outside.says("instagram")
    await outside.settle()

    secret = (await outside.apps("instagram"))["webhook_secret"]
    good = {
        signatures.meta_sha256(secret=secret, body=one.body) == one.headers["x-hub-signature-256"]: one
        for one in outside.receiver.seen
    }
    assert good[True].json["entry"][0]["messaging"][0]["message"]["mid"] == written["id"]
    forged = good[False].json["entry"][0]["messaging"][0]["message"]["mid"]
    assert forged not in {row["id"] for row in await outside.ledger()}


@simulated
async def test_a_spoiled_delivery_comes_again_under_a_good_signature(outside: Outside) -> None:
    await outside.instagram()
    await outside.fault("signature.bad", mode="spoiled")
    outside.receiver.statuses = [401]

    await outside.says("instagram")
    await outside.settle()

    (row,) = await outside.ledger()
    secret = (await outside.apps("instagram"))["webhook_secret"]
    (seen,) = outside.receiver.seen
    assert [one["status"] for one in row["deliveries"]] == [401, 200]
    assert signatures.meta_sha256(secret=secret, body=seen.body) == seen.headers["x-hub-signature-256"]


@simulated
async def test_also_what_became_of_a_comment_comes_again_where_its_delivery_was_spoiled(
    outside: Outside,
) -> None:
    await outside.linkedin()
    comment = await outside.says("linkedin", "Helo", kind="comment")
    await outside.settle()
    await outside.fault("signature.bad", mode="spoiled")
    outside.receiver.statuses = [403]

    await outside.does("linkedin", "edit", target=comment["id"], text="Hello")
    await outside.settle()

    (row,) = await outside.ledger()
    tries = [(one["what"], one["status"]) for one in row["deliveries"] if "what" in one]
    assert tries == [("edit", 403), ("edit", 200)]
    assert [each.json["notifications"][0]["action"] for each in outside.receiver.seen] == [
        "COMMENT",
        "COMMENT_EDIT",
    ]


@simulated
async def test_also_a_sign_of_which_the_ledger_has_no_row_comes_again(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    answer = {"recipient": {"id": person}, "message": {"text": "Yes."}}
    await outside.api.post("/v25.0/me/messages", json=answer, headers=headers)
    await outside.settle()
    await outside.fault("signature.bad", mode="spoiled")
    outside.receiver.statuses = [401]

    await outside.does("instagram", "read", **{"from": "Mara Klein"})
    await outside.settle()

    assert "read" in outside.elements()[-1]


@simulated
async def test_what_was_forged_is_delivered_once_and_also_after_a_restart_as_a_forgery(
    outside: Outside,
) -> None:
    await outside.instagram()
    await outside.fault("signature.bad")
    outside.receiver.statuses = [401]  # the forged one goes first
    written = await outside.says("instagram")
    await outside.settle()
    blank = Packet(body=b"{}", headers={}, events=())
    sent = {"id": "1", "platform": "instagram", "account": "1", "url": RECEIVER, "packet": blank}
    begun = Delivery(**sent, faults=["signature.bad"], forged=True)

    again = restored(stored(begun), outside.simulator.kernel.world)

    assert [each["message"]["mid"] for each in outside.elements()] == [written["id"]]
    assert again.forged and again.spoiled


@simulated
async def test_a_token_that_expires_midsend_sends_nothing(outside: Outside) -> None:
    instagram, user, linkedin = await outside.instagram(), await outside.x(), await outside.linkedin()
    people = {name: await outside.says(name) for name in ("instagram", "x", "linkedin")}
    await outside.fault("token.expire_midsend")

    to = {"recipient": {"id": people["instagram"]["person"]["id"]}, "message": {"text": "a"}}
    first = await outside.api.post("/v25.0/me/messages", json=to, headers=instagram)
    second = await outside.api.post(
        f"/2/dm_conversations/{people['x']['thread']}/messages", json={"text": "a"}, headers=user
    )
    thread = f"urn:li:messagingThread:{people['linkedin']['thread']}"
    third = await outside.api.post("/v2/messages", json={"thread": thread, "body": "a"}, headers=linkedin)

    assert first.json()["error"]["error_subcode"] == 463
    assert second.status_code == 401
    assert third.json()["serviceErrorCode"] == 65602
    assert [row["direction"] for row in await outside.ledger()] == ["in"] * 3


@simulated
async def test_a_send_that_times_out_was_accepted_once(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    await outside.fault("send.timeout")
    body = {"recipient": {"id": person}, "message": {"text": "Did this arrive?"}}

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outside.api.post("/v25.0/me/messages", json=body, headers=headers), 0.3)
    await outside.settle()

    out = [row for row in await outside.ledger() if row["direction"] == "out"]
    assert [row["text"] for row in out] == ["Did this arrive?"]
    assert outside.elements()[-1]["message"]["mid"] == out[0]["id"]


@simulated
async def test_slow_and_broken_answers(outside: Outside) -> None:
    user = await outside.x()
    await outside.fault("slow", ms=120)
    begun = time.monotonic()
    slow = await outside.api.get("/2/users/me", headers=user)
    took = time.monotonic() - begun
    await outside.control.delete("/control/faults")
    await outside.fault("error.5xx", seed=2)

    broken = [await outside.api.get("/2/users/me", headers=user) for _ in range(20)]

    assert slow.status_code == 200 and took >= 0.12
    assert all(one.status_code >= 500 for one in broken)
    kinds = {one.headers.get("content-type", "none").split(";")[0] for one in broken}
    assert {"text/html", "application/problem+json", "none"} <= kinds


@simulated
async def test_a_server_error_may_come_after_the_send_was_taken(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    await outside.fault("error.5xx", when="after", seed=3)

    read = await outside.api.get("/v25.0/me", headers=headers)
    answers = [
        await outside.api.post(
            "/v25.0/me/messages",
            json={"recipient": {"id": person}, "message": {"text": f"Did {number} arrive?"}},
            headers=headers,
        )
        for number in range(12)
    ]

    assert read.status_code == 200
    assert {one.status_code for one in answers} >= {503, 520, 524}
    assert not any("message_id" in one.text for one in answers)
    out = [row["text"] for row in await outside.ledger() if row["direction"] == "out"]
    assert out == [f"Did {number} arrive?" for number in range(12)]


@simulated
async def test_rate_limits_speak_each_platforms_language(outside: Outside) -> None:
    instagram, user, linkedin = await outside.instagram(), await outside.x(), await outside.linkedin()
    await outside.fault("rate.limit")

    answers = [
        await outside.api.get("/v25.0/me", headers=instagram),
        await outside.api.get("/2/users/me", headers=user),
        await outside.api.get("/v2/me", headers=linkedin),
    ]

    assert [one.status_code for one in answers] == [400, 429, 429]
    assert answers[0].json()["error"]["code"] == 4
    assert answers[1].headers["x-rate-limit-remaining"] == "0"
    assert "day" not in answers[2].json()["message"].lower()  # it ends when the fault does


@simulated
async def test_a_rate_limit_comes_in_the_form_that_is_named(outside: Outside) -> None:
    instagram, user, linkedin = await outside.instagram(), await outside.x(), await outside.linkedin()

    async def told(form: str, path: str, headers: dict[str, str]) -> httpx.Response:
        await outside.fault("rate.limit", form=form, minutes=7)
        return await outside.api.get(path, headers=headers)

    account = await told("account", "/v25.0/me", instagram)
    calls = await told("calls", "/v25.0/me", instagram)
    legacy = await told("legacy", "/2/users/me", user)
    past = await told("past", "/2/users/me", user)
    bare = await told("bare", "/2/users/me", user)
    minute, day = await told("minute", "/v2/me", linkedin), await told("day", "/v2/me", linkedin)

    assert account.json()["error"]["code"] == 80002
    [usage] = json.loads(account.headers["x-business-use-case-usage"])["17841400000000001"]
    assert (usage["call_count"], usage["estimated_time_to_regain_access"]) == (100, 7)
    assert calls.json()["error"]["code"] == 613 and not [one for one in calls.headers if one.startswith("x-")]
    assert legacy.json()["errors"][0]["code"] == 88
    assert int(past.headers["x-rate-limit-reset"]) < time.time() < int(legacy.headers["x-rate-limit-reset"])
    assert bare.status_code == 429 and "x-rate-limit-reset" not in bare.headers
    assert "Comment create throttled" in minute.json()["message"] and "DAY limit" in day.json()["message"]


@simulated
async def test_the_form_of_a_rate_limit_is_drawn_on_request_and_must_be_known(outside: Outside) -> None:
    user = await outside.x()
    await outside.fault("rate.limit", form="any", seed=3)

    answers = [await outside.api.get("/2/users/me", headers=user) for _ in range(20)]
    wrong = await outside.control.post("/control/faults", json={"name": "rate.limit", "form": "soon"})

    assert len({one.headers.get("x-rate-limit-reset", "") for one in answers}) >= 3
    assert wrong.status_code == 400


@simulated
async def test_a_lying_poll_still_brings_everything_to_who_follows_the_links(outside: Outside) -> None:
    headers = await outside.linkedin()
    written = [(await outside.says("linkedin", f"n{n}"))["id"] for n in range(30)]
    await outside.fault("poll.inclusive", seed=3)

    found: list[str] = []
    totals = set()
    page = await outside.poll(headers, count=10)
    for _ in range(200):
        found += [one["resourceId"] for one in page["elements"]]
        totals.add(page["paging"]["total"])
        if not page["paging"]["links"]:
            break
        page = (
            await outside.api.get(page["paging"]["links"][0]["href"], headers=headers | LOG_VERSION)
        ).json()

    assert found == written
    assert totals != {30}


@simulated
async def test_ids_near_the_limit_survive_only_as_text(outside: Outside) -> None:
    await outside.x()
    await outside.fault("ids.19digit")

    written = [(await outside.says("x", f"n{n}"))["id"] for n in range(2)]

    assert all(len(one) == 19 and 2**62 < int(one) < 2**63 for one in written)
    assert int(float(written[0])) == int(float(written[1]))
    assert [row["id"] for row in await outside.ledger()] == written


@simulated
async def test_hostile_texts_arrive_as_they_were_written(outside: Outside) -> None:
    await outside.instagram()
    user = await outside.x()
    await outside.fault("text.hostile", seed=9)

    for _ in range(40):
        await outside.says("instagram")
        await outside.says("x")
    await outside.settle()

    rows = {row["id"]: row for row in await outside.ledger()}
    texts = {row["text"] for row in rows.values()}
    assert any("\ud83d" in text for text in texts) and any("\x00" in text for text in texts)
    for element in outside.elements():
        assert element["message"]["text"] == rows[element["message"]["mid"]]["text"]
    assert (await outside.api.get("/2/dm_events", headers=user)).status_code == 200


@simulated
async def test_a_fault_may_be_narrowed_to_a_platform_and_switched_off(outside: Outside) -> None:
    await outside.fault("drop", platform="x")
    await outside.instagram()
    await outside.x()

    await outside.says("instagram")
    await outside.says("x")
    await outside.fault("drop", platform="x", on=False)
    await outside.says("x")
    await outside.settle()

    rows = await outside.ledger()
    dropped = [row["platform"] for row in rows if row["deliveries"][0]["status"] == "dropped"]
    assert dropped == ["x"] and len(rows) == 3


@simulated
async def test_a_webhook_that_x_gave_up_is_silent_until_it_is_proved_again(outside: Outside) -> None:
    await outside.x()
    app = await outside.apps("x")
    bearer = {"authorization": f"Bearer {app['app_bearer']}"}
    await outside.fault("webhook.disabled", platform="x")
    lost = await outside.says("x", "lost")
    await outside.control.delete("/control/faults")
    await outside.says("x", "lost, too")

    [hook] = (await outside.api.get("/2/webhooks", headers=bearer)).json()["data"]
    proved = await outside.api.put(f"/2/webhooks/{hook['id']}", headers=bearer)
    heard = await outside.says("x", "heard")
    await outside.settle()

    assert hook["valid"] is False and proved.json() == {"data": {"valid": True}}
    told = [one.json["data"]["payload"]["direct_message_events"][0]["id"] for one in outside.receiver.seen]
    assert told == [heard["id"]]
    rows = {row["id"]: row for row in await outside.ledger()}
    assert rows[lost["id"]]["deliveries"][0]["fault"] == "webhook.disabled"
    assert all(row["expected"] for row in rows.values()), "thirty days of history tell them"


@simulated
async def test_a_webhook_that_meta_or_linkedin_gave_up_says_so(outside: Outside) -> None:
    instagram, linkedin = await outside.instagram(), await outside.linkedin()
    await outside.fault("webhook.disabled")
    await outside.says("instagram", "lost")
    outside.simulator.kernel.platforms["linkedin"].give_up_webhook(
        Event(platform="linkedin", account=_account_of(outside, "linkedin"), url="", payload={})
    )
    await outside.control.delete("/control/faults")

    installed = await outside.api.get("/v25.0/me/subscribed_apps", headers=instagram)
    blocked = await outside.api.get(await outside.linkedin_subscription(), headers=linkedin)

    assert installed.json() == {"data": []}
    assert blocked.json()["status"] == "BLOCKED"
    assert outside.elements() == []


def _account_of(outside: Outside, platform: str) -> str:
    accounts = outside.simulator.kernel.world.accounts.values()
    return next(one.id for one in accounts if one.platform == platform and one.consented_ms)


@simulated
async def test_a_replay_brings_the_last_minutes_again_beside_what_is_new(outside: Outside) -> None:
    await outside.x()
    past = [(await outside.says("x", f"n{n}"))["id"] for n in range(5)]
    await outside.settle()
    await outside.fault("replay.job", minutes=10, most=3)

    new = await outside.says("x", "new")
    await outside.settle()

    bodies = [one.json for one in outside.receiver.seen[5:]]
    [ended] = [each["replay_job_status"] for each in bodies if "replay_job_status" in each]
    told = [each["data"]["payload"]["direct_message_events"][0]["id"] for each in bodies if "data" in each]
    assert sorted(told) == sorted([*past[-3:], new["id"]])
    assert ended["job_state"] in {"Complete", "Incomplete"} and ended["job_id"]


@simulated
async def test_of_two_that_refresh_in_a_token_race_one_is_refused(outside: Outside) -> None:
    app, grant = await outside.apps("x"), await outside.x_tokens()
    headers = {"authorization": f"Bearer {grant['access_token']}"}
    await outside.fault("token.race", ms=80)
    assert (await outside.api.get("/2/users/me", headers=headers)).status_code == 200, "it is young"
    await outside.advance(hours=0.1)
    ended = await outside.api.get("/2/users/me", headers=headers)
    form = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
    auth = (app["client_id"], app["client_secret"])

    begun = time.monotonic()
    answers = await asyncio.gather(
        *(outside.api.post("/2/oauth2/token", data=form, auth=auth) for _ in range(2))
    )

    assert ended.status_code == 401
    assert sorted(one.status_code for one in answers) == [200, 400]
    assert time.monotonic() - begun >= 0.08
