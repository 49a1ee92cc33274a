"""What Enter would take is seen by everybody: not by a tint alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Brand, CannedReply, Conversation, Tag
from tests.browser.test_late_answers import at

Enter = Callable[..., Page]
# How far the line around the marked choice stands out from what is around it.
CONTRAST = """choice => {
  const light = (colour) => {
    const context = new OffscreenCanvas(1, 1).getContext("2d")
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((each) => each / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(choice)
  if (outlineStyle !== "solid" || parseFloat(outlineWidth) < 2) return 1
  let around = choice.parentElement
  while (getComputedStyle(around).backgroundColor === "rgba(0, 0, 0, 0)") around = around.parentElement
  const [one, other] = [light(outlineColor), light(getComputedStyle(around).backgroundColor)].sort((a, b) => b - a)
  return (one + 0.05) / (other + 0.05)
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marked_choice_stands_out_in_every_list_of_choices(
    enter: Enter, anna: Conversation, brand: Brand, scheme: str
) -> None:
    Tag.objects.create(brand=brand, name="refund")
    CannedReply.objects.create(brand=brand, name="Thanks", text="Thank you!")
    page = enter(at(anna), color_scheme=scheme)
    marked = page.locator("[role=option][aria-selected=true]:visible")

    def stands_out() -> None:
        expect(marked).to_have_count(1)
        assert marked.evaluate(CONTRAST) >= 3
        page.keyboard.press("Escape")
        expect(marked).to_have_count(0)
        expect(page.locator("dialog[open]")).to_have_count(0)

    page.keyboard.press("Control+k")
    stands_out()
    page.keyboard.press("l")
    stands_out()
    page.keyboard.press("r")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("/")
    stands_out()
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("ta")
    expect(page.locator(".query__choice")).to_have_text(["tag:"])
    page.keyboard.press("ArrowDown")
    stands_out()
