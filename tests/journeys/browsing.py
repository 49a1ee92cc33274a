"""An agent at a browser: what they do and what they see, in the words of the page."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.journeys.running import PASSWORD


class Line:
    """What lies between the page's socket and the server: it can be held up, and cut."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] | None = None
        self.is_cut = False
        self.open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/"), self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close(code=1001)
            return
        server = socket.connect_to_server()
        server.on_message(
            lambda message: self.held.append(message) if self.held is not None else socket.send(message)
        )
        self.open.append(socket)

    def hold(self) -> None:
        """Nothing reaches the page any more, and nothing says so."""
        self.held = []

    def let_go(self) -> None:
        held, self.held = self.held or [], None
        for message in held:
            self.open[-1].send(message)

    def cut(self) -> None:
        self.is_cut = True
        for socket in self.open:
            socket.close(code=1001)
        self.open = []

    def mend(self) -> None:
        self.is_cut = False


class Agent:
    """One signed-in page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.wire = Line(page)
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", lambda line: line.type == "error" and self.faults.append(f"console: {line.text}"))

    def sign_in(self, email: str = "agent@parley.test", password: str = PASSWORD) -> "Agent":
        self.page.goto(f"{self.url}/accounts/login/")
        self.page.locator("input[name=login]").fill(email)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("input[name=password]").press("Enter")
        self.page.wait_for_url(re.compile(r"/b/[^/]+/inbox/"))
        self.await_live()
        return self

    def go(self, view: str = "open", brand: str = "acme") -> "Agent":
        """By newest: the journeys share a demo, and what just came must be on the first page however much is late."""
        self.page.goto(f"{self.url}/b/{brand}/inbox/{view}/?sort=newest")
        self.await_live()
        return self

    # The state line

    @property
    def line(self) -> Locator:
        return self.page.locator("state-line")

    def await_live(self, *, within: float = 15.0) -> None:
        expect(self.line).to_have_attribute("data-state", "live", timeout=within * 1000)

    def note_states(self) -> Callable[[], list[str]]:
        """From now on every word of the state line is noted; call what is returned to read them."""
        self.page.evaluate(
            """() => {
                const line = document.querySelector("state-line")
                window.statesSeen = [line.dataset.state]
                new MutationObserver(() => window.statesSeen.push(line.dataset.state)).observe(line, { attributeFilter: ["data-state"] })
            }"""
        )
        return lambda: list(self.page.evaluate("window.statesSeen"))

    def note_arrivals(self) -> Callable[[], dict[str, float]]:
        """From now on the moment each new message stands in the thread is noted, by the page's own clock."""
        self.page.evaluate(
            """() => {
                window.arrivals = {}
                new MutationObserver(changes => {
                    for (const { addedNodes } of changes) for (const node of addedNodes) {
                        const text = node.querySelector?.(".message__text")?.innerText.trim()
                        if (text) window.arrivals[text] ??= Date.now() / 1000
                    }
                }).observe(document.querySelector("message-thread"), { childList: true, subtree: true })
            }"""
        )
        return lambda: dict(self.page.evaluate("window.arrivals"))

    # The list

    def row(self, name: str) -> Locator:
        return self.page.locator(
            ".row", has=self.page.locator(".row__name", has_text=re.compile(f"^{re.escape(name)}$"))
        )

    def await_row(self, name: str, *, saying: str | None = None, within: float = 15.0) -> Locator:
        row = self.row(name).first
        expect(row).to_be_visible(timeout=within * 1000)
        if saying is not None:
            expect(row.locator(".row__preview")).to_contain_text(saying, timeout=within * 1000)
        return row

    def open(self, name: str) -> "Agent":
        self.await_row(name).click()
        expect(self.page.locator(".head__name")).to_have_text(name)
        return self

    # The thread

    def message(self, text: str) -> Locator:
        exactly = re.compile(rf"^\s*{re.escape(text)}\s*$")
        return self.page.locator(
            "message-thread .message", has=self.page.locator(".message__text", has_text=exactly)
        )

    def await_message(self, text: str, *, within: float = 10.0, state: str | None = None) -> Locator:
        message = self.message(text)
        expect(message).to_have_count(1, timeout=within * 1000)
        if state is not None:
            expect(message).to_have_attribute("data-state", state, timeout=within * 1000)
        return message

    def texts(self) -> list[str]:
        return [
            text.strip()
            for text in self.page.locator("message-thread .message .message__text").all_inner_texts()
        ]

    def event_lines(self) -> list[str]:
        return self.page.locator("message-thread .event").all_inner_texts()

    # The composer

    @property
    def field(self) -> Locator:
        return self.page.locator("#composer-text")

    def reply(self, text: str) -> "Agent":
        self.field.fill(text)
        self.field.press("Control+Enter")
        return self

    def note(self, text: str) -> "Agent":
        self.page.locator("#tab-note").click()
        return self.reply(text)

    def await_sent(self, text: str, *, within: float = 15.0) -> Locator:
        """Shown as sent, which needs the platform's own id."""
        message = self.message(text)
        expect(message).to_have_attribute(
            "data-state", re.compile("^(sent|delivered|read)$"), timeout=within * 1000
        )
        assert message.get_attribute("data-external"), "shown as sent without the platform's id"
        return message

    def press(self, *keys: str) -> "Agent":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    # What the page did

    def assert_no_faults(self) -> None:
        assert not self.faults, self.faults

    def serious_faults_of_access(self) -> list[dict[str, Any]]:
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            {
                "id": each["id"],
                "impact": each["impact"],
                "where": [node["target"] for node in each["nodes"][:4]],
            }
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]
