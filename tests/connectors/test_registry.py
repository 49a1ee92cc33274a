"""Folders and packages, whole and broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from connectors import registry
from connectors.platforms.echo.connector import Echo
from inbox import platforms


class Third(Echo):
    manifest = replace(Echo.manifest, key="third", label="Third")


THIRD = Third()
MISNAMED = THIRD


class HalfDone:
    manifest = replace(Echo.manifest, key="half")


HALF = HalfDone()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    registry.forget()
    yield
    registry.forget()
    platforms._register.pop("third", None)
    platforms._register.pop("half", None)


def packages(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [EntryPoint(name, value, registry.GROUP) for name, value in points.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: found)


def test_the_folders_are_found_and_told_to_the_inbox() -> None:
    registry.register_manifests()
    keys = {manifest.key for manifest in platforms.installed()}
    assert {"echo", "instagram", "linkedin", "x"} <= keys
    assert registry.failures() == {}


def test_every_folder_holds_a_whole_connector() -> None:
    assert [each.manifest.key for each in registry.all()] == ["echo", "instagram", "linkedin", "x"]


def test_a_package_brings_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    packages(monkeypatch, third=f"{__name__}:THIRD")
    registry.register_manifests()
    assert registry.get("third") is THIRD
    assert platforms.get("third").label == "Third"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gone", "no_such_package.connector:connector", "ModuleNotFoundError"),
        ("other", f"{__name__}:MISNAMED", "its manifest says “third”"),
        ("half", f"{__name__}:HALF", "it has no handshake"),
    ],
)
def test_a_broken_package_says_why_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    packages(monkeypatch, **{name: value, "third": f"{__name__}:THIRD"})
    with pytest.raises(registry.NotLoaded, match=words):
        registry.get(name)
    assert words in registry.failures()[name]
    assert {"instagram", "third"} <= {each.manifest.key for each in registry.all()}


def test_a_package_cannot_take_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    packages(monkeypatch, instagram=f"{__name__}:THIRD")
    assert registry.get("instagram").manifest.label == "Instagram"
    assert "has this key already" in registry.failures()[f"{__name__}:THIRD"]


def test_an_unknown_key_names_what_is_there() -> None:
    with pytest.raises(registry.NotLoaded, match=r"No connector for “myspace”.*instagram"):
        registry.get("myspace")


def test_starting_up_imports_manifests_and_no_http_client() -> None:
    code = (
        "import sys; from connectors import registry; registry.register_manifests();"
        "print([name for name in ('httpx', 'connectors.platforms.x.connector') if name in sys.modules])"
    )
    done: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
