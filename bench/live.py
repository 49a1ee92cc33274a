"""From the platform's POST to the pages: every process real, fifty agents, a hundred messages a second."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from bench import cast, pages
from bench.house import House, free_port
from bench.load import is_whole
from bench.report import Claim, Findings, compare
from connectors.actions import draining
from connectors.models import Receipt, ReceiptState
from inbox.actions import triaging
from inbox.models import BrandSequence, Conversation, Handle
from tools import chromium

AGENTS = 50
PER_SECOND = 100
CUSTOMERS = 500
POSTERS = 8
WITHIN_MS = 250
MARK = r"bench-(\d+)-"
WATCH = """
window.seen = {};
new MutationObserver(changes => {
  const now = performance.timeOrigin + performance.now();
  for (const change of changes) for (const node of change.addedNodes)
    for (const [, mark] of (node.textContent || "").matchAll(/bench-(\\d+)-/g)) window.seen[mark] ??= now;
}).observe(document.body, {childList: true, subtree: true});
"""


def measure(house: House, findings: Findings) -> None:
    who = cast.make("live", people=AGENTS)
    opened = meet_customers(who)
    amount = house.sized(1500, least=200)
    with processes(house) as port:
        spec = {
            "sockets": AGENTS, "port": port, "path": f"/ws/b/{who.brand.slug}/", "mark": MARK,
            "cookies": [pages.cookie_of(person, port=port) for person in who.people],
            "wishes": [{"open": str(public_id), "since": BrandSequence.objects.get(pk=who.brand.pk).last} for public_id in opened],
        }  # fmt: skip
        with pages.listening(house, spec) as told:
            # Warm: the workers have loaded what they need, pages and models.
            post(who, port, first=0, amount=PER_SECOND * 3)
            wait_for_triage(who)
            sent = post(who, port, first=10_000, amount=amount)
            # What is late is told by the percentiles; what has not come after this is lost.
            wait_until_read()
            time.sleep(2)
            told.stop()
        shown = in_a_browser(who, port, amount=amount // 3)
    rate = (len(sent) - 1) / (max(sent.values()) - min(sent.values()))
    faults = []
    if lost := told.lost(sent, AGENTS):
        faults.append(f"{lost} of {len(sent) * AGENTS} pages did not hear of a message")
    if rate < PER_SECOND * 0.95:
        faults.append(f"only {rate:.0f} messages a second were posted")
    if told.told["closed"]:
        faults.append(f"{told.told['closed']} sockets were closed")
    heard = told.latencies(sent)
    findings.raw["live"] = {
        "ms": {share: pages.percentile(heard, share) * 1000 for share in (0.5, 0.9, 0.95, 0.99, 1)},
        "posted_per_second": rate, "browser_ms": shown,
    }  # fmt: skip
    findings.add(claim_of(told, sent, faults))
    if shown is None:
        findings.note(
            "live: no Chromium was found, so insertion into the DOM was not measured; the sockets were."
        )
    else:
        findings.add(beside_in_a_browser(shown, amount // 3))


def claim_of(told: pages.Pages, sent: dict[int, float], faults: Sequence[str]) -> Claim:
    """The p95 of all deliveries of the run: a third that went well makes up for none that did not."""
    third, marks = max(1, len(sent) // 3), sorted(sent)
    parts = [marks[start : start + third] for start in range(0, third * 3, third)]
    p95 = [pages.percentile(told.latencies({mark: sent[mark] for mark in part}), 0.95) * 1000 for part in parts]  # fmt: skip
    everything = told.latencies(sent)
    return compare(
        "live p95, POST to page", ours=[pages.percentile(everything, 0.95) * 1000], theirs=[WITHIN_MS], limit=1, sense="<=", unit="ms",
        says=f"all {len(everything):,} deliveries of {len(sent)} messages at {PER_SECOND}/s to each of {AGENTS} agents' sockets; "
        f"p50 {pages.percentile(everything, 0.5) * 1000:.0f} ms; p95 of each third {', '.join(f'{each:.0f}' for each in p95)} ms",
        faults=faults,
    )  # fmt: skip


def beside_in_a_browser(shown: Sequence[float], amount: int) -> Claim:
    """Against the same limit, but told beside: it hears the stream afterwards, alone on the machine."""
    ordered = sorted(shown)
    faults = (
        [] if len(ordered) * 2 > amount else [f"only {len(ordered)} of {amount} messages came to its DOM"]
    )
    return compare(
        "live p95, POST to DOM", ours=[pages.percentile(ordered, 0.95)], theirs=[WITHIN_MS], limit=1, sense="<=", unit="ms", beside=True,
        says=f"a Chromium that heard the stream afterwards, without the {AGENTS} agents, had {len(ordered)} of {amount} messages in its DOM "
        f"(those that a later one took the place of before they were drawn are not among them); p50 {pages.percentile(ordered, 0.5):.0f} ms",
        faults=faults,
    )  # fmt: skip


def meet_customers(who: cast.Cast) -> list[Any]:
    """Everybody has written before. Gives the conversations the agents have open."""
    now, stamp = timezone.now(), int(time.time() * 1000)
    Receipt.objects.bulk_create(
        Receipt(channel=who.channel, received_at=now, body=_body(who, n, f"hello {n}", stamp - 60_000 + n)) for n in range(CUSTOMERS)
    )  # fmt: skip
    while draining.drain(now=timezone.now()).receipts:
        pass
    Handle.objects.filter(channel=who.channel).update(name="Somebody", looked_up_at=now)
    return list(
        Conversation.objects.filter(brand=who.brand)
        .order_by("id")
        .values_list("public_id", flat=True)[:AGENTS]
    )


def _body(who: cast.Cast, n: int, text: str, at_ms: int) -> bytes:
    return cast.delivery(
        account=who.channel.external_id,
        customer=f"7{n % CUSTOMERS:014d}",
        mid=f"live{at_ms}{n:06d}",
        text=text,
        at_ms=at_ms,
    )


@contextmanager
def processes(house: House) -> Iterator[int]:
    """Edge, web, worker and beat, as the Procfile says."""
    port, web_port = free_port(), free_port()
    origin = f"http://127.0.0.1:{web_port}"
    told = {"PORT": str(port), "WEB_PORT": str(web_port), "PARLEY_PAGES_ORIGIN": origin, "EDGE_TRUSTED": ""}
    with (
        house.of_procfile("web", **told) as web,
        house.of_procfile("edge", **told) as edge,
        house.of_procfile("worker", **told) as worker,
        house.of_procfile("triage", **told),
        house.of_procfile("beat", **told),
    ):
        house.wait_for(f"{origin}/accounts/login/", web, "web")
        house.wait_for(f"http://127.0.0.1:{port}/healthz", edge, "edge")
        house.wait_until_ready(f"http://127.0.0.1:{port}/readyz", worker, "worker")
        yield port


def post(who: cast.Cast, port: int, *, first: int, amount: int) -> dict[int, float]:
    """A hundred signed deliveries a second over a few connections; when each was sent."""
    sent: dict[int, float] = {}
    failed: list[str] = []
    begin = time.monotonic() + 0.2

    def run(poster: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for n in range(first + poster, first + amount, POSTERS):
                due = begin + (n - first) / PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))
                request = cast.request(
                    who.door, _body(who, n, f"bench-{n}- {cast.words(n)}", int(time.time() * 1000))
                )
                sent[n] = time.monotonic()
                line.sendall(request)
                answer = b""
                while not is_whole(answer):
                    answer += line.recv(4096)
                if answer[9:12] != b"200":
                    failed.append(answer[:60].decode(errors="replace"))

    threads = [threading.Thread(target=run, args=(poster,)) for poster in range(POSTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed or len(sent) != amount:
        raise RuntimeError(f"{len(failed)} deliveries were refused: {failed[:2]}")
    return sent


def wait_for_triage(who: cast.Cast, *, seconds: float = 60) -> None:
    """Until all that was written so far is tagged, put in order and timed."""
    deadline = time.monotonic() + seconds
    while who.brand.pk in triaging.behind():
        if time.monotonic() > deadline:
            raise RuntimeError("Triage did not look at the first messages.")
        time.sleep(0.2)


def wait_until_read(*, seconds: float = 60) -> None:
    """Until every delivery has become a message."""
    deadline = time.monotonic() + seconds
    while Receipt.objects.filter(state=ReceiptState.NEW).exists():
        if time.monotonic() > deadline:
            return  # what is missing will be told
        time.sleep(0.2)


def in_a_browser(who: cast.Cast, port: int, *, amount: int) -> list[float] | None:
    """The same stream once more with one real browser to hear it. On the servers' own machine it takes a third of a core, which the
    fifty agents' machines would not: so it comes after them and not beside them. None where there is no Chromium.
    """
    with browser(who, port) as page:
        if page is None:
            return None
        sent = post(who, port, first=50_000, amount=amount)
        time.sleep(2)
        return _shown(page, sent)


@contextmanager
def browser(who: cast.Cast, port: int) -> Iterator[Any]:
    """One real browser with the inbox open, the newest first so that each row that changes is on its page; None where there is no Chromium."""
    path = chromium.find()
    if path is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    name, _, value = pages.cookie_of(who.people[0], port=port).partition("=")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = started.new_context()
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/b/{who.brand.slug}/inbox/open/?sort=newest", wait_until="load")
        page.wait_for_selector("state-line[data-state=live]", timeout=20_000)
        page.evaluate(WATCH)
        yield page
        started.close()


def _shown(page: Any, sent: dict[int, float]) -> list[float]:
    """Milliseconds from the POST to the DOM, ordered. The browser's clock is the wall's."""
    offset = time.time() - time.monotonic()
    seen: dict[str, float] = page.evaluate("window.seen")
    return sorted(at - (sent[int(mark)] + offset) * 1000 for mark, at in seen.items() if int(mark) in sent)
