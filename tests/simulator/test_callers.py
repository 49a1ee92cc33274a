"""The simulator is told what to do by the people and programs of this machine, and not by whatever page their browser has open."""

from tests.simulator.outside import Outside, simulated

OWN = "http://localhost:8100"


@simulated
async def test_a_page_of_another_site_rules_nothing(outside: Outside) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://localhost:3000"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000"},
        {"origin": "null"},
    ):
        for method, path in (
            ("POST", "/control/reset"),
            ("DELETE", "/control/faults"),
            ("POST", "/stage/messages"),
        ):
            answer = await outside.control.request(method, path, headers=headers, content=b"{}")
            assert (answer.status_code, list(answer.json())) == (403, ["error"]), (headers, path)


@simulated
async def test_programs_and_our_own_page_are_not_asked(outside: Outside) -> None:
    for headers in (
        {},
        {"sec-fetch-site": "same-origin", "origin": OWN},
        {"origin": OWN},
        {"sec-fetch-site": "none"},
    ):
        answer = await outside.control.post("/control/clock", json={"advance_ms": 1}, headers=headers)
        assert answer.status_code == 200, headers


@simulated
async def test_a_link_to_the_stage_may_be_followed_from_everywhere(outside: Outside) -> None:
    page = await outside.control.get(
        "/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    )
    assert page.status_code == 200


@simulated
async def test_a_name_that_leads_here_and_is_not_ours_reads_nothing(outside: Outside) -> None:
    for host in (
        "evil.example:8100",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[",
        "x@evil.example",
    ):
        for client, path in ((outside.control, "/control/apps"), (outside.api, "/oauth/authorize")):
            answer = await client.get(path, headers={"host": host, "sec-fetch-site": "same-origin"})
            assert answer.status_code == 403, host


@simulated
async def test_bare_addresses_and_the_names_one_set_are_ours(outside: Outside) -> None:
    for host in ("127.0.0.1:8100", "[::1]:8100", "LOCALHOST", "platform.test", "192.168.1.7:8100"):
        assert (await outside.control.get("/control/health", headers={"host": host})).status_code == 200, host
