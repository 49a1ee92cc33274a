"""`make evaluate`: how well tags, languages and confidences hold on real messages, and how quickly they are found.

    python -m tools.evaluate [folder]     default: PARLEY_DATA, else ../shared/data beside the project

Reads support_intents.jsonl and care_conversations.jsonl. Nothing here is fitted or chosen on the test share; it is only measured there.
Ends with 1 where a figure is below its limit (limits.py).
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTENTS, CARE = "support_intents.jsonl", "care_conversations.jsonl"


def folder() -> Path:
    told = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PARLEY_DATA", "")
    return Path(told) if told else ROOT.parent / "shared" / "data"


def main() -> int:
    from inbox import learning

    data = folder()
    missing = [name for name in (INTENTS, CARE) if not (data / name).is_file()]
    if missing:
        print(f"Nothing to evaluate: {' and '.join(missing)} not found in {data}.")
        print(
            "Name the folder: make evaluate DATA=/path/to/data (or PARLEY_DATA). Parley itself works without it."
        )
        return 0
    if not (learning.MODEL_INSTALLED and learning.LANGUAGES_INSTALLED):
        print(
            "The learning packages are not installed (dependency group `learning`); there is nothing to evaluate."
        )
        return 1
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from tools.evaluate import limits, measuring

    rules = tomllib.loads((Path(__file__).parent / "rules.toml").read_text(encoding="utf-8"))
    found = measuring.report(data / INTENTS, data / CARE, keyword_rules=rules)
    return 0 if limits.told(found) else 1


if __name__ == "__main__":
    sys.exit(main())
