"""Durable accepts a second of the webhook door, against an ordinary Django view and against nothing but the signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from bench import cast
from bench.house import House
from bench.report import Claim, Findings, compare

CONNECTIONS = 32


def measure(house: House, findings: Findings) -> None:
    who = cast.make("door")
    seconds = max(0.8, 2.0 * min(1.0, house.scale))
    with (
        house.edge() as door,
        house.uvicorn(
            "ordinary", "bench.ordinary:application",
            DJANGO_SETTINGS_MODULE="bench.ordinary_settings", BENCH_CHANNEL=str(who.channel.pk), PARLEY_DB_POOL="8",
        ) as ordinary,
        house.uvicorn("bare", "bench.bare:door") as bare,
    ):  # fmt: skip
        ports = {"door": door, "ordinary": ordinary, "bare": bare}
        rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in ports}
        faults: list[str] = []
        for _ in range(house.rounds):
            for name, port in ports.items():
                told = house.ask("bench.load", _spec(who, port, seconds))
                rounds[name].append(told)
                faults += verify(name, told, stored=0 if name == "bare" else take_stored(who.channel.pk))
    findings.raw["door"] = rounds
    for claim in claims(rounds, faults):
        findings.add(claim)


def claims(rounds: Mapping[str, Sequence[Mapping[str, Any]]], faults: Sequence[str]) -> list[Claim]:
    """What was lost anywhere makes both worthless: they are of the same accepts."""
    rates = {name: [told["rate"] for told in all_told] for name, all_told in rounds.items()}
    p95 = sorted(told["p95_ms"] for told in rounds["door"])[len(rounds["door"]) // 2]
    return [
        compare(
            "door / ordinary view", ours=rates["door"], theirs=rates["ordinary"], limit=10, sense=">=", unit="req/s",
            says=f"{CONNECTIONS} keep-alive connections, every accept counted in the table; the door's p95 was {p95:.1f} ms",
            faults=faults,
        ),
        compare(
            "door / bare HMAC", ours=rates["door"], theirs=rates["bare"], limit=0.30, sense=">=", unit="req/s",
            says="the same server and client; the bare application checks the HMAC and stores nothing",
            faults=faults,
        ),
    ]  # fmt: skip


def _spec(who: cast.Cast, port: int, seconds: float) -> dict[str, Any]:
    return {
        "port": port,
        "path": who.door,
        "account": who.channel.external_id,
        "connections": CONNECTIONS,
        "warm": 0.5,
        "seconds": seconds,
    }


def verify(name: str, told: dict[str, Any], *, stored: int) -> list[str]:
    """Durable means that each accept is a row. The bare application stores none."""
    faults = []
    if told["refused"] or told["lost"]:
        faults.append(f"{name} refused {told['refused']} deliveries and dropped {told['lost']} connections")
    if name != "bare" and stored != told["accepted"]:
        faults.append(f"{name} accepted {told['accepted']} deliveries and stored {stored}")
    return faults


def take_stored(channel_id: int) -> int:
    """How many rows a connection of its own sees, which are then removed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM connectors_receipt WHERE channel_id = %s", [channel_id])
        [stored] = cursor.fetchone()
        cursor.execute("TRUNCATE connectors_receipt CASCADE")
    return int(stored)
