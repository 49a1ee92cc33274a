"""Pages extend the base; fragments begin with an underscore, stand alone and bring no script or style of their own."""

import re
from pathlib import Path

from tests.house.source import ROOT

TEMPLATES = ROOT / "templates"
INLINE = re.compile(
    r"<style\b|\sstyle=|\son[a-z]+=[\"']|javascript:|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
    re.I,
)


def templates() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(TEMPLATES)), path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.rglob("*.html"))
    ]


def ours() -> list[tuple[str, str]]:
    return [
        (name, text)
        for name, text in templates()
        if name.split("/")[0] not in {"account", "mfa", "allauth", "socialaccount"}
    ]


def inline(text: str) -> list[str]:
    return [
        found.group().strip()
        for found in INLINE.finditer(re.sub(r"{#.*?#}|{% comment .*?endcomment %}", "", text, flags=re.S))
    ]


def test_nothing_inline_that_the_content_security_policy_would_stop() -> None:
    assert {name: found for name, text in templates() if (found := inline(text))} == {}


def test_an_inline_script_would_be_noticed() -> None:
    assert inline("<script>alert(1)</script>")
    assert inline('<a onclick="go()">')
    assert inline('<p style="color: red">')
    assert not inline('<script type="module" src="/static/x.js"></script>')


def test_a_name_from_right_to_left_stays_in_the_place_of_its_column() -> None:
    """A cell whose own direction follows its words puts them at its far end: the words stand in a <bdi> within it."""
    cell = re.compile(r"""<t[dh]\b[^>]*\bdir=["']?auto""")

    assert [name for name, text in templates() if cell.search(text)] == []


def test_fragments_extend_nothing() -> None:
    fragments = [(name, text) for name, text in ours() if Path(name).name.startswith("_") or "/live/" in name]

    assert [name for name, text in fragments if "{% extends" in text] == []


def test_pages_extend_a_base() -> None:
    pages = [(n, t) for n, t in ours() if not Path(n).name.startswith("_") and "/live/" not in n]

    assert [n for n, t in pages if "{% extends" not in t and "<!doctype" not in t.lower()] == []
