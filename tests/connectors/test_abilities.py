"""What a connector may add, as those who write one learn of it."""

import inspect
from pathlib import Path

from connectors import abilities

GUIDE = Path(__file__).parents[2] / "docs/connectors.md"


def test_each_ability_is_in_the_guide() -> None:
    known = {
        name
        for name, kind in inspect.getmembers(abilities, inspect.isclass)
        if kind.__module__ == abilities.__name__
    }
    told = next(line for line in GUIDE.read_text().splitlines() if "abilities are optional" in line)

    assert {name for name in known if f"`{name}`" in told} == known
    assert told.startswith(f"- **{COUNTED[len(known)]} abilities")


COUNTED = {5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}
