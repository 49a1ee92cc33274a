"""Formats our templates with djade, or checks that they are formatted."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    files = sorted(str(path) for path in Path("templates").rglob("*.html"))
    if not files:
        return 0
    check = ["--check"] if "--check" in sys.argv else []
    return subprocess.call(
        [str(Path(sys.executable).parent / "djade"), "--target-version", "5.2", *check, *files]
    )


if __name__ == "__main__":
    sys.exit(main())
