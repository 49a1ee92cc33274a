"""What the simulator tells whoever reads its log."""

import sys


def say(line: str) -> None:
    sys.stdout.write(f"simulator: {line}\n")
    sys.stdout.flush()
