"""The simulator as a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests import ports

ROOT = Path(__file__).parents[2]


def free_ports() -> tuple[int, int]:
    port = ports.free(1)
    return port, port + 1


def start(home: Path, ports: tuple[int, int]) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PARLEY_HOME": str(home),
        "SIMULATOR_PORT": str(ports[0]),
        "SIMULATOR_PLATFORM_PORT": str(ports[1]),
    }
    command = [sys.executable, "-m", "simulator"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def healthy(port: int) -> bool:
    for _ in range(200):
        try:
            return bool(httpx.get(f"http://127.0.0.1:{port}/control/health", trust_env=False).json()["ok"])
        except httpx.HTTPError:
            time.sleep(0.05)
    return False
