"""Finds the Chromium that the browser tests drive: PARLEY_CHROMIUM, the path, or what Playwright has fetched."""

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

# The one without a window costs a machine half as much, and shows the same pages.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
# What Playwright makes of its archives, of the version that is locked and of older ones; the one without a window first, as above. Its
# folders end in the system and the processor: linux64, linux-arm64, mac-x64, mac-arm64.
FETCHED = (
    "chromium_headless_shell-*/chrome-headless-shell-*/chrome-headless-shell",
    "chromium*/chrome-linux*/headless_shell",
    "chromium*/chrome-mac*/headless_shell",
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
MISSING = (
    "NO CHROMIUM WAS FOUND: THE BROWSER TESTS ARE NOT RUN. Install one (apt-get install chromium-headless-shell), "
    "name one (PARLEY_CHROMIUM=/path), or have it fetched (make test without PARLEY_FETCH_CHROMIUM=0, where the network reaches it)."
)


def find() -> str | None:
    if named := os.environ.get("PARLEY_CHROMIUM"):
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _fetched_by_playwright()


def _fetched_by_playwright() -> str | None:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or f"{cache}/ms-playwright"
    mac = str(Path.home() / "Library" / "Caches" / "ms-playwright")
    for pattern in FETCHED:
        found = sorted(glob.glob(f"{folder}/{pattern}") + glob.glob(f"{mac}/{pattern}"))
        if found:
            return found[-1]
    return None


def fetch() -> str | None:
    """Playwright's own build, unless PARLEY_FETCH_CHROMIUM=0. Failing is no fault: the tests then say that it is missing."""
    if os.environ.get("PARLEY_FETCH_CHROMIUM") == "0" or importlib.util.find_spec("playwright") is None:
        return None
    command = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, stdout=sys.stderr, stderr=subprocess.DEVNULL, timeout=300, check=False)
    return find()


if __name__ == "__main__":
    path = find() or fetch()
    sys.stderr.write(f"Browser tests use {path}\n" if path else f"\n{MISSING}\n\n")
