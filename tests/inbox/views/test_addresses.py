"""Which addresses of platforms and customers become links."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from inbox.models import Attachment, FetchState, Message
from inbox.templatetags.addresses import linked, web_address

DANGEROUS = (
    "javascript:alert(document.domain)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "//evil.example/x", "https://", "http:///x", "https://[::1",
    "vbscript:x", "",
)  # fmt: skip
KINDS = ("share", "story_reply", "story_mention", "template", "unsupported", "text")


@pytest.mark.parametrize("address", DANGEROUS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_makes_no_link_of_an_address_that_is_not_of_the_web(address: str, kind: str) -> None:
    html = render_to_string("inbox/_card.html", {"m": Message(kind=kind, card={"url": address})})

    assert "href" not in html.replace("<use href=", "")


@pytest.mark.parametrize("address", DANGEROUS)
@pytest.mark.parametrize("kind", ["link", "share", "file", "image"])
def test_an_attachment_makes_no_link_of_an_address_that_is_not_of_the_web(address: str, kind: str) -> None:
    file = Attachment(kind=kind, url=address, fetch_state=FetchState.LINK)

    html = render_to_string("inbox/_attachment.html", {"file": file})

    assert "href" not in html.replace("<use href=", "")


@pytest.mark.parametrize(
    ("kind", "mime", "shown"),
    [
        ("image", "image/png", "<img"),
        ("sticker", "image/webp", "<img"),
        ("other", "image/png", "<img"),
        ("other", "video/mp4", "<video"),
        ("image", "audio/mpeg", "<audio"),
        ("image", "image/heic", "download>"),
        ("image", "application/octet-stream", "download>"),
        ("file", "application/pdf", "download>"),
    ],
)
def test_a_copy_is_shown_as_what_it_is(kind: str, mime: str, shown: str) -> None:
    file = Attachment(kind=kind, mime=mime, name="box", path="in/1", fetch_state=FetchState.STORED)

    html = render_to_string("inbox/_attachment.html", {"file": file})

    assert [each for each in ("<img", "<video", "<audio", "download>") if each in html] == [shown]


@pytest.mark.parametrize("state", FetchState.values)
def test_what_a_platform_does_not_name_is_called_a_file(state: str) -> None:
    told = {"file": Attachment(kind="other", fetch_state=state, mime="application/pdf")}

    html = render_to_string("inbox/_attachment.html", told)

    assert "File" in html and "other" not in html.lower().replace("file--other", "")


def test_what_is_not_followed_is_still_shown() -> None:
    card = render_to_string(
        "inbox/_card.html", {"m": Message(kind="share", card={"url": "data:text/html,<b>"})}
    )
    file = render_to_string(
        "inbox/_attachment.html",
        {"file": Attachment(kind="link", url="file:///x", fetch_state=FetchState.LINK)},
    )

    assert "data:text/html,&lt;b&gt;" in card
    assert "file:///x" in file


@pytest.mark.parametrize("address", ["https://shop.example/1?a=b", "HTTP://shop.example:81/"])
def test_addresses_of_the_web_are_links(address: str) -> None:
    assert web_address(address) == address
    html = render_to_string("inbox/_card.html", {"m": Message(kind="share", card={"url": address})})
    assert 'class="card__link" href="' in html


def test_a_card_says_where_its_link_leads() -> None:
    told = {"m": Message(kind="share", card={"url": "https://www.evil.example/p/1"})}

    assert "Open on evil.example<" in render_to_string("inbox/_card.html", told)


@pytest.mark.parametrize(
    "words", ["See https://shop.example/a?b=1&c=2", "See shop.example.com", "Write to me@shop.example.com"]
)
def test_an_address_in_words_opens_beside_the_workspace(words: str) -> None:
    [link] = re.findall("<a [^>]*>", linked(words))

    assert 'target="_blank"' in link and 'rel="noopener noreferrer nofollow"' in link


def test_words_stay_words() -> None:
    written = """<b onclick="x">Hi</b> https://a.example/"onmouseover="x <a href="javascript:x">a</a>"""

    html = linked(written)

    assert re.findall("<[^>]*>", html) == re.findall(
        '<a href="https://a.example/[^"<>]*" target="_blank"[^>]*>|</a>', html
    )
    assert html.count("<a ") == 1
    assert linked(None) == ""
