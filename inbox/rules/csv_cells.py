"""Cells of a table that a spreadsheet opens: what begins like a formula is text, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(cell: str) -> str:
    """An apostrophe in front, which spreadsheets take for "this is text". Numbers keep their sign."""
    if (cell.startswith(_FORMULAS) or cell.lstrip().startswith(_FORMULAS)) and not _is_number(cell):
        return f"'{cell}"
    return cell


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
