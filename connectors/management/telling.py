"""How commands tell of long work: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Told(Protocol):
    def __call__(self, done: int, text: str = "") -> None: ...


@contextmanager
def progress(label: str, *, total: int | None, out: Any) -> Iterator[Told]:
    """Call what this gives with how much is done so far, and a few words. `out` is a command's stdout or stderr."""
    out = getattr(out, "_out", out)  # Django's wrapper adds a line end to each write, which a bar cannot bear
    if not out.isatty():
        yield _Lines(label, total, out)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=out), transient=True) as bars:
        bar = bars.add_task(label, total=total)

        def tell(done: int, text: str = "") -> None:
            bars.update(bar, completed=done, description=f"{label} {text}".strip())

        yield tell


class _Lines:
    """A line for each tenth of the way, or for each thousand where the end is not known."""

    def __init__(self, label: str, total: int | None, out: TextIO) -> None:
        self.label = label
        self.total = total
        self.out = out
        self.step = max(1, total // 10) if total else 1000
        self.next = self.step

    def __call__(self, done: int, text: str = "") -> None:
        if done < self.next:
            return
        self.next = done - done % self.step + self.step
        of = f" of {self.total}" if self.total else ""
        self.out.write(f"{self.label}: {done}{of} {text}".rstrip() + "\n")
        self.out.flush()
