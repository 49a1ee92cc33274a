"""One event to 500 open pages through the real edge, against a bare websocket broadcast of the same payload to as many sockets."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils import timezone
from websockets.sync.client import connect

from bench import cast, pages
from bench.house import House, free_port
from bench.report import Findings, compare
from inbox import broadcasting, realtime
from inbox.models import Contact, Conversation
from inbox.queries import inbox_list

MARK = r'"last":(\d+)'
EVERY = 0.06


def measure(house: House, findings: Findings) -> None:
    who = cast.make("push")
    sockets = 500  # at every scale: with fewer, the way through the broker is most of the time
    events = house.sized(30, least=10)
    payload = rows_payload(who)
    group = realtime.brand_group(who.brand.pk)
    p95: dict[str, list[float]] = {"edge": [], "bare": []}
    p50: dict[str, list[float]] = {"edge": [], "bare": []}
    faults: list[str] = []
    bare = free_port()
    with (
        house.edge() as edge,
        house.process("broadcast", [sys.executable, "-m", "bench.broadcast", str(bare)]) as process,
    ):
        house.wait_for(f"http://127.0.0.1:{bare}/", process, "broadcast")
        spec = {"sockets": sockets, "mark": MARK}
        edge_spec = {
            **spec, "port": edge, "path": f"/ws/b/{who.brand.slug}/", "cookies": [pages.cookie_of(who.people[0], port=edge)],
            "wishes": [{"since": 0}],
        }  # fmt: skip
        bare_spec = {**spec, "port": bare, "path": "/"}
        number = 1_000_000
        with pages.listening(house, edge_spec) as at_edge, pages.listening(house, bare_spec) as at_bare, connect(
            f"ws://127.0.0.1:{bare}/publish", compression=None
        ) as publisher:  # fmt: skip
            sends: dict[str, Callable[[str], None]] = {
                "edge": lambda text: broadcasting.send(group, {"type": "push", "group": group, "text": text}),
                "bare": publisher.send,
            }
            sent: dict[str, list[dict[int, float]]] = {"edge": [], "bare": []}
            for _ in range(house.rounds):
                for name, of_round in _publish(sends, payload, events, number).items():
                    sent[name].append(of_round)
                number += events
            at_edge.stop()
            at_bare.stop()
    for name, told in (("edge", at_edge), ("bare", at_bare)):
        for of_round in sent[name]:
            latencies = told.latencies(of_round)
            p95[name].append(pages.percentile(latencies, 0.95) * 1000)
            p50[name].append(pages.percentile(latencies, 0.5) * 1000)
            if lost := told.lost(of_round, sockets):
                faults.append(f"{name} lost {lost} of {events * sockets} deliveries")
        if told.told["repeated"]:
            faults.append(f"{name} delivered {told.told['repeated']} twice")
    findings.raw["push"] = {"p95_ms": p95, "p50_ms": p50, "sockets": sockets, "bytes": len(payload)}
    findings.add(
        compare(
            "push p95 / bare broadcast", ours=p95["edge"], theirs=p95["bare"], limit=1.5, sense="<=", unit="ms",
            says=f"from the publishing of a rendered row ({len(payload)} bytes) to each of {sockets} sockets, {events} events a "
            f"round; none may be lost or come twice; p50 {p50['edge'][0]:.1f} against {p50['bare'][0]:.1f} ms",
            faults=faults,
        )
    )  # fmt: skip


def _publish(
    sends: dict[str, Callable[[str], None]], payload: str, events: int, number: int
) -> dict[str, dict[int, float]]:
    """When each event was published: one to the edge, one to the bare server, and so on, so that both meet the same weather."""
    sent: dict[str, dict[int, float]] = {name: {} for name in sends}
    for mark in range(number, number + events):
        text = re.sub(MARK, f'"last":{mark}', payload)
        for name, send in sends.items():
            sent[name][mark] = time.monotonic()
            send(text)
            time.sleep(EVERY)
    time.sleep(0.5)
    return sent


def rows_payload(who: cast.Cast) -> str:
    """What the pages are sent when one conversation of the list changed."""
    now = timezone.now()
    contact = Contact.objects.create(brand=who.brand, name="Mara Kovač")
    conversation = Conversation.objects.create(
        brand=who.brand, channel=who.channel, contact=contact, thread_key="m", platform="instagram", contact_name="Mara Kovač",
        last_message_at=now, last_message_text=cast.words(0), last_message_from="customer", waiting_since=now, unread_count=1,
    )  # fmt: skip
    rows = inbox_list.rows_by_id(who.brand, [conversation.pk], now=now)
    message = realtime._rows_message(who.brand.pk, rows, 1, 1)
    assert message["html"] == render_to_string("inbox/live/rows.html", {"rows": rows})
    return realtime._text(message)
