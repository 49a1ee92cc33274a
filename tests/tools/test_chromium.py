"""A Chromium that Playwright has fetched is found where that version puts it."""

from pathlib import Path

import pytest

from tools import chromium


@pytest.fixture(autouse=True)
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a machine that has no other."""
    monkeypatch.delenv("PARLEY_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    return tmp_path / "browsers"


def put(fetched: Path, path: str) -> str:
    program = fetched / path
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    return str(program)


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"chromium_headless_shell-1235/chrome-headless-shell-{machine}/chrome-headless-shell"
            for machine in ("linux64", "linux-arm64", "mac-x64", "mac-arm64")
        ),
        "chromium-1235/chrome-linux64/chrome",
        "chromium-1235/chrome-linux-arm64/chrome",
        "chromium-1235/chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
        "chromium_headless_shell-1187/chrome-linux/headless_shell",  # of an older Playwright
    ],
)
def test_what_was_fetched_is_found(fetched: Path, path: str) -> None:
    assert chromium.find() is None

    assert put(fetched, path) == chromium.find()


def test_the_one_without_a_window_goes_first(fetched: Path) -> None:
    put(fetched, "chromium-1235/chrome-linux64/chrome")
    without = put(fetched, "chromium_headless_shell-1235/chrome-headless-shell-linux64/chrome-headless-shell")

    assert chromium.find() == without


def test_it_is_looked_for_where_this_machine_keeps_its_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))

    found = put(tmp_path / "caches" / "ms-playwright", "chromium-1235/chrome-linux64/chrome")

    assert chromium.find() == found
