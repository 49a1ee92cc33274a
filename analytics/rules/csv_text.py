"""CSV without a cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from inbox.rules import csv_cells

BOM = "\ufeff"  # by it spreadsheets know UTF-8


class _Line:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def safe(value: object) -> str:
    """Numbers stay what they are; words in which a spreadsheet could find a formula are made text of."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    return csv_cells.safe(str(value))


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([safe(value) for value in row])
