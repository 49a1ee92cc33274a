"""Claims, the table that shows them, and the file that keeps them."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A figure against another of the same run, one ratio a round."""

    name: str
    figure: float
    against: float
    unit: str
    ratios: tuple[float, ...]
    limit: float
    sense: Literal[">=", "<="]
    says: str
    faults: tuple[str, ...] = ()  # what makes the figure worthless, whatever it is: lost rows, lost pushes
    beside: bool = False  # told beside the claims, under other circumstances: it makes no bench fall

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def holds(self) -> bool:
        if self.faults:
            return False
        return self.ratio >= self.limit if self.sense == ">=" else self.ratio <= self.limit

    @property
    def verdict(self) -> str:
        if self.beside:
            return "within, told beside" if self.holds else "NOT WITHIN, told beside"
        return "holds" if self.holds else "DOES NOT HOLD"


def compare(
    name: str,
    *,
    ours: Sequence[float],
    theirs: Sequence[float],
    limit: float,
    sense: Literal[">=", "<="],
    unit: str,
    says: str,
    faults: Sequence[str] = (),
    beside: bool = False,
) -> Claim:
    """One claim from rounds measured in turn: each round's ratio is of two measurements that stood next to one another."""
    return Claim(
        name=name,
        figure=statistics.median(ours),
        against=statistics.median(theirs),
        unit=unit,
        ratios=tuple(mine / other for mine, other in zip(ours, theirs, strict=True)),
        limit=limit,
        sense=sense,
        says=says,
        faults=tuple(faults),
        beside=beside,
    )


@dataclass(slots=True)
class Findings:
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def add(self, claim: Claim) -> None:
        self.claims.append(claim)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def fail(self, part: str, why: str) -> None:
        """A part that could not be measured proves nothing."""
        nothing = (float("nan"),)
        self.add(
            Claim(
                name=part,
                figure=nothing[0],
                against=nothing[0],
                unit="",
                ratios=nothing,
                limit=0,
                sense=">=",
                says=why,
                faults=(why,),
            )
        )

    @property
    def hold(self) -> bool:
        return all(claim.holds for claim in self.claims if not claim.beside)


HEADS = ("claim", "figure", "against", "ratio", "limit", "min..max", "verdict")


def table(findings: Findings) -> str:
    rows = [HEADS, *(_row(claim) for claim in findings.claims)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, row[-1]]))
    lines.insert(1, "-" * max(len(line) for line in lines))
    for claim in findings.claims:
        lines += [f"  {claim.name}: {fault}" for fault in claim.faults]
    return "\n".join(
        [*lines, "", *(f"{claim.name}: {claim.says}" for claim in findings.claims), "", *findings.notes]
    )


def _row(claim: Claim) -> tuple[str, ...]:
    return (
        claim.name,
        f"{_number(claim.figure)} {claim.unit}",
        f"{_number(claim.against)} {claim.unit}",
        f"{claim.ratio:.2f}",
        f"{claim.sense} {claim.limit:g}",
        f"{min(claim.ratios):.2f}..{max(claim.ratios):.2f}",
        claim.verdict,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def write(findings: Findings, path: Path, *, about: dict[str, Any]) -> None:
    told = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
        "claims": [
            {
                "name": claim.name, "figure": claim.figure, "against": claim.against, "unit": claim.unit,
                "ratio": claim.ratio, "ratios": claim.ratios, "sense": claim.sense, "limit": claim.limit,
                "holds": claim.holds, "beside": claim.beside, "faults": claim.faults, "says": claim.says,
            }
            for claim in findings.claims
        ],
        "notes": findings.notes,
        "raw": findings.raw,
    }  # fmt: skip
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
