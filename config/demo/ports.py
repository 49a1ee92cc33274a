"""Which ports the demo needs, and who has them already."""

import errno
import socket
from dataclasses import astuple, dataclass, replace

from config import env
from config.oneline import SetUpFault

TAKEN = "is taken by another program"


@dataclass(frozen=True, kw_only=True)
class Ports:
    edge: int
    web: int
    simulator: int
    platform: int


def chosen() -> Ports:
    edge = env.number("PORT", 8000)
    simulator = env.number("SIMULATOR_PORT", edge + 100)
    return Ports(
        edge=edge,
        web=env.number("WEB_PORT", edge + 1),
        simulator=simulator,
        platform=env.number("SIMULATOR_PLATFORM_PORT", simulator + 1),
    )


def check(ports: Ports, *, host: str) -> None:
    uses = {
        "PORT": ("PORT", ports.edge),
        "PORT+1 (pages)": ("PORT", ports.web),
        "SIMULATOR_PORT": ("SIMULATOR_PORT", ports.simulator),
        "SIMULATOR_PORT+1 (platforms)": ("SIMULATOR_PORT", ports.platform),
    }
    seen: dict[int, str] = {}
    for name, (variable, port) in uses.items():
        if not 1 <= port <= 65535:
            raise SetUpFault(
                f"{name} would be {port}, which is no port. Choose another {variable} between 1024 and 65000."
            )
        if port in seen:
            raise SetUpFault(
                f"{name} and {seen[port]} would both be {port}. Choose PORT and SIMULATOR_PORT further apart."
            )
        seen[port] = name
        if fault := _why_not(host, port):
            free = _free_one(host, ports, variable)
            advice = f"{variable}={free} make demo" if free else f"set {variable} to one that is free"
            raise SetUpFault(f"Port {port} ({name}) {fault}. Choose another: {advice}")


def _why_not(host: str, port: int) -> str:
    try:
        _bind(host, port)
    except PermissionError:
        return "needs rights that you do not have"
    except OSError as error:
        return TAKEN if _is_taken(error) else f"cannot be used ({error.strerror})"
    return TAKEN if _is_anothers_by_name(port) else ""


def _is_anothers_by_name(port: int) -> bool:
    """Whether somebody else is what `localhost` means: most machines ask its IPv6 address first, where we do not listen."""
    try:
        _bind("::1", port, socket.AF_INET6)
    except OSError as error:  # a machine without IPv6 has none that could be somebody's
        return _is_taken(error)
    return False


def _is_taken(error: OSError) -> bool:
    return error.errno == errno.EADDRINUSE or "in use" in str(error)


def _bind(host: str, port: int, family: socket.AddressFamily = socket.AF_INET) -> None:
    with socket.socket(family) as probe:
        # As the servers do: a port that only remembers its last connection is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _free_one(host: str, ports: Ports, variable: str) -> int:
    """A number for the variable with which all that follows from it is free as well, and apart from what stays."""
    taken = ports.edge if variable == "PORT" else ports.simulator
    for port in range(taken + 200 if taken < 60000 else 8200, 65000, 200):
        then = astuple(_moved(ports, variable, port))
        if len(set(then)) == len(then) and not any(
            _why_not(host, each) for each in {*then} - {*astuple(ports)}
        ):
            return port
    return 0


def _moved(ports: Ports, variable: str, port: int) -> Ports:
    simulator = port if variable == "SIMULATOR_PORT" else env.number("SIMULATOR_PORT", port + 100)
    platform = env.number("SIMULATOR_PLATFORM_PORT", simulator + 1)
    if variable == "SIMULATOR_PORT":
        return replace(ports, simulator=simulator, platform=platform)
    return Ports(edge=port, web=env.number("WEB_PORT", port + 1), simulator=simulator, platform=platform)
