import socket
from collections.abc import Iterator

import pytest

from config.demo import ports
from config.oneline import SetUpFault

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_other_ports_follow_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIMULATOR_PORT", "SIMULATOR_PLATFORM_PORT", "WEB_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "9000")

    assert ports.chosen() == ports.Ports(edge=9000, web=9001, simulator=9100, platform=9101)


def test_a_taken_port_is_named_with_a_way_out(taken: int) -> None:
    wanted = ports.Ports(edge=taken, web=1, simulator=2, platform=3)

    with pytest.raises(
        SetUpFault, match=rf"Port {taken} \(PORT\) is taken by another program. .*PORT=\d+ make demo"
    ):
        ports.check(wanted, host=HOST)


def test_a_port_that_is_anothers_by_the_printed_name_is_taken() -> None:
    """Programs that listen at ::1 alone: a browser that is sent to localhost comes to them."""
    with socket.socket(socket.AF_INET6) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("This machine has no IPv6.")
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(SetUpFault, match=rf"Port {port} \(PORT\) is taken .*PORT=\d+ make demo"):
            ports.check(ports.Ports(edge=port, web=1, simulator=2, platform=3), host=HOST)


def test_where_no_port_is_free_none_is_proposed(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free_one", lambda *_: 0)

    with pytest.raises(SetUpFault, match=r"Choose another: set PORT to one that is free$"):
        ports.check(ports.Ports(edge=taken, web=1, simulator=2, platform=3), host=HOST)


def test_ports_that_fall_together_are_refused() -> None:
    with pytest.raises(SetUpFault, match="would both be"):
        ports.check(ports.Ports(edge=18990, web=18991, simulator=18991, platform=18992), host=HOST)


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(SetUpFault, match="70000, which is no port"):
        ports.check(ports.Ports(edge=70000, web=1, simulator=2, platform=3), host=HOST)


def test_the_way_out_leads_to_no_other_taken_port(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIMULATOR_PORT", "SIMULATOR_PLATFORM_PORT", "WEB_PORT"):
        monkeypatch.delenv(name, raising=False)
    # The demo's simulator follows a hundred behind: that one is somebody's, too.
    monkeypatch.setattr(ports, "_why_not", lambda host, port: "is taken" if port in (8150, 8450) else "")
    with pytest.raises(SetUpFault, match="another: PORT=8550 make demo"):
        ports.check(ports.Ports(edge=8150, web=8151, simulator=8250, platform=8251), host=HOST)

    monkeypatch.setenv("SIMULATOR_PORT", "8350")  # one of ours, just named
    with pytest.raises(SetUpFault, match="another: PORT=8550 make demo"):
        ports.check(ports.Ports(edge=8150, web=8151, simulator=8350, platform=8351), host=HOST)
