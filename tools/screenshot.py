"""Makes docs/images/inbox.png from a running demo with its traffic: python tools/screenshot.py [http://localhost:8000]"""

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import chromium  # noqa: E402  # found only after the line above

PICTURE = ROOT / "docs" / "images" / "inbox.png"
ANSWER = "Thank you for writing! I am asking our warehouse this minute."


def main(url: str, password: str) -> None:
    path = chromium.find()
    if path is None:
        sys.exit(chromium.MISSING)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        sign_in(page, url, password)
        open_a_good_one(page)
        answer(page)
        page.mouse.move(720, 2)
        page.wait_for_timeout(1500)  # so that the picture is no moment of a transition
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"Written: {PICTURE}")


def sign_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.locator("input[name=login]").fill("agent@parley.test")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"/b/[^/]+/inbox/"))
    page.locator("state-line[data-state=live]").wait_for()
    page.locator(".row").nth(6).wait_for(timeout=120_000)


def open_a_good_one(page: Page) -> None:
    """One with a history and an open window, so that the picture shows a conversation and not a line."""
    page.locator(".row .avatar__mark[data-platform=linkedin]").first.wait_for(timeout=90_000)
    speaks_english = page.locator(
        ".row:not(:has(.row__kind))",
        has_text=re.compile(r"\b(my order|parcel|the jacket|coming back)\b", re.I),
    )
    speaks_english.first.click()
    page.locator(".head__name").wait_for()


def answer(page: Page) -> None:
    field = page.locator("#composer-text")
    if field.get_attribute("aria-disabled") == "true":
        return
    field.fill(ANSWER)
    field.press("Control+Enter")
    page.locator(".message[data-side=brand][data-external]:not([data-external=''])").last.wait_for(
        timeout=30_000
    )
    page.locator("main").focus()
    page.keyboard.press("m")
    page.locator("conversation-head[data-mine]").wait_for()
    field.fill("They say it will be with you")


def password_of_the_demo() -> str:
    home = Path(os.environ.get("PARLEY_HOME") or ROOT / ".parley")
    kept = home / "secrets" / "demo_password"
    return os.environ.get("PARLEY_DEMO_PASSWORD") or kept.read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000", password_of_the_demo())
