"""Cells of a table that a spreadsheet opens: what begins like a formula is text, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BEGINS = re.compile(r"[\t\r\n]|[\s\"]*[=+\-@＝＋－＠]")
# Spreadsheets of many countries split a line at semicolons, some at tabs or bars, and know no quotes in the middle of what they take for a cell:
# there a cell begins behind each of these, and a line behind a line feed.
_SPLIT = re.compile(r"([;|\t\r\n](?:(?![\t\r\n])[\s\"])*+)(?=[=+\-@＝＋－＠])")


def safe(cell: str) -> str:
    """An apostrophe in front, which spreadsheets take for "this is text", also within where some split a line. Numbers keep their sign."""
    if _is_number(cell):
        return cell
    cell = _SPLIT.sub(r"\1'", cell)
    return f"'{cell}" if _BEGINS.match(cell) else cell


def safe_row(cells: Iterable[str]) -> list[str]:
    return [safe(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return (
        cell.isascii()
        and cell == cell.strip()
        and cell.lower().lstrip("+-") not in ("inf", "infinity", "nan")
    )
