"""Makes the pictures of reports and console in docs/images from a running demo: python tools/pictures.py [http://localhost:8000]

The demo should have run for some minutes, or there is little to see.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import chromium  # found only after the line above
from tools.screenshot import PICTURE, password_of_the_demo

# Of each picture the address below the brand's, and where one follows, what the address of the link has that leads on from there.
REPORTS = {
    "now": ("reports/now/",), "responses": ("reports/responses/?range=7",), "volume": ("reports/volume/?range=7",),
    "agents": ("reports/agents/?range=7",), "tags": ("reports/tags/?range=7",), "sla": ("reports/sla/?range=7",),
    "behind": ("reports/behind/?metric=first_response&range=7",), "waiting": ("reports/now/waiting/",), "files": ("reports/files/",),
    "mails": ("reports/mails/",), "definitions": ("reports/definitions/",),
}  # fmt: skip
CONSOLE = {
    "channels": ("channels/",), "connection": ("channels/{channel}/",), "schedules": ("sync/schedules/",),
    "schedule": ("sync/schedules/", "/sync/schedules/"), "runs": ("sync/runs/",), "run": ("sync/runs/", "/sync/runs/"),
    "coverage": ("sync/coverage/",), "coverage-of": ("sync/coverage/{channel}/",), "dead-items": ("sync/dead-items/",),
    "audit": ("audit/",),
}  # fmt: skip
SIDES = (("manager", "reports", REPORTS, 900), ("ops", "console", CONSOLE, 800))


def main(url: str, password: str) -> None:
    path = chromium.find()
    if path is None:
        sys.exit(chromium.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for who, side, pictures, height in SIDES:
            page, brand = _signed_in(browser, url, who, password, height)
            page.goto(f"{brand}channels/")
            channel = _linked(page, "/channels/").split("/")[-2] if side == "console" else ""
            for name, (address, *link) in pictures.items():
                page.goto(brand + address.format(channel=channel))
                if link:
                    page.goto(url + _linked(page, link[0]))
                page.wait_for_timeout(1500)  # charts draw themselves
                page.screenshot(path=PICTURE.with_name(f"{side}-{name}.png"))
        browser.close()
    print(f"Written: {PICTURE.parent}")


def _signed_in(browser: Browser, url: str, who: str, password: str, height: int) -> tuple[Page, str]:
    page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme="light")
    page.goto(f"{url}/accounts/login/")
    page.locator("input[name=login]").fill(f"{who}@parley.test")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"/b/[^/]+/"))
    found = re.match(r"(.*/b/[^/]+/)", page.url)
    assert found
    return page, found[1]


def _linked(page: Page, part: str) -> str:
    """The first address on the page that goes on behind this part."""
    addresses = [each.get_attribute("href") or "" for each in page.locator(f"main a[href*='{part}']").all()]
    return next(each for each in addresses if re.search(rf"{re.escape(part)}[\w-]+/$", each))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000", password_of_the_demo())
