"""BENCH_SCALE sizes it (1 is the claim, 0.02 takes some minutes), BENCH_ONLY=door,list picks, bench.json keeps what was found."""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from pathlib import Path

from bench import house, report
from config import oneline

PARTS = {
    "door": "bench.door",
    "ingest": "bench.ingest",
    "pipeline": "bench.pipeline",
    "sweep": "bench.sweep",
    "push": "bench.push",
    "live": "bench.live",
    "views": "bench.views",
    "list": "bench.lists",  # a million rows
    "figures": "bench.figures",  # five million facts
    "search": "bench.search",  # last: ten million, and the messages are written without their indexes
}


def main() -> int:
    scale = float(os.environ.get("BENCH_SCALE") or "1")
    wanted = [name.strip() for name in os.environ.get("BENCH_ONLY", "").split(",") if name.strip()] or list(
        PARTS
    )
    if unknown := set(wanted) - set(PARTS):
        print(f"BENCH_ONLY knows {', '.join(PARTS)}; not {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    findings = report.Findings()
    about = {"scale": scale, "parts": wanted, **report.machine()}
    began = time.monotonic()
    with oneline.faults(), house.opened(scale) as opened:
        for name in (part for part in PARTS if part in wanted):
            started = time.monotonic()
            say(f"{name} ...")
            try:
                importlib.import_module(PARTS[name]).measure(opened, findings)
            except Exception as error:  # the other parts are worth their figures all the same
                traceback.print_exc()
                findings.fail(name, f"{type(error).__name__}: {error}")
            say(f"{name} took {time.monotonic() - started:.0f} s")
    about["seconds"] = round(time.monotonic() - began)
    report.write(findings, Path("bench.json"), about=about)
    if about["load_before"] > about["cores"] / 2:
        findings.note(
            f"The machine was busy with other work (load {about['load_before']} before the start): expect noise."
        )
    print(f"\nParley's bench at scale {scale:g}, {about['cores']} cores, {about['seconds']} s\n")
    print(report.table(findings))
    return 0 if findings.hold else 1


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
