"""The corpus a demo plays, looked at before anything starts."""

import subprocess
import sys
from pathlib import Path

from config import env, services
from config.oneline import SetUpFault


def chosen() -> str:
    """Its path, or nothing for the hand-written conversations."""
    corpus = env.text("CORPUS")
    if not corpus:
        return ""
    path = Path(corpus).absolute()
    if not path.is_file():
        raise SetUpFault(
            f"CORPUS names {corpus}, which is no file. Give the path of a JSONL of conversations, or leave it out."
        )
    # Only the simulator knows what it can play, and only as a process: it is the world outside.
    argv = [sys.executable, "-m", "simulator", "examine", str(path)]
    looked = subprocess.run(argv, cwd=services.BASE_DIR, capture_output=True, text=True, check=False)
    if looked.returncode:
        line = next(iter(reversed(looked.stderr.strip().splitlines())), "it cannot be read.")
        raise SetUpFault(f"CORPUS: {line} Give another JSONL of conversations, or leave it out.")
    return str(path)
