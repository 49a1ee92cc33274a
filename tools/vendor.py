"""Fetch the few scripts of others that pages use, from the npm registry, into static/vendor. Run by hand: python tools/vendor.py"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
# package, version, licence, {file in the package: file here}
PACKAGES = [
    ("htmx.org", "2.0.11", "0BSD", {"dist/htmx.min.js": "htmx/htmx.min.js", "LICENSE": "htmx/LICENSE"}),
    (
        "echarts",
        "6.1.0",
        "Apache-2.0",
        {
            "dist/echarts.min.js": "echarts/echarts.min.js",
            "LICENSE": "echarts/LICENSE",
            "NOTICE": "echarts/NOTICE",
        },
    ),
]


def main() -> None:
    lines = ["# Scripts of others", "", "Fetched by `tools/vendor.py`; edit that file, not these.", ""]
    lines += ["| file | package | licence | sha256 |", "|---|---|---|---|"]
    for package, version, licence, files in PACKAGES:
        archive = download(package, version)
        for inside, outside in files.items():
            content = read(archive, f"package/{inside}")
            target = VENDOR / outside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            lines.append(
                f"| {outside} | {package} {version} | {licence} | `{hashlib.sha256(content).hexdigest()}` |"
            )
    (VENDOR / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def download(package: str, version: str) -> bytes:
    folder = Path(tempfile.mkdtemp())
    try:
        subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True
        )
        return next(folder.glob("*.tgz")).read_bytes()
    finally:
        shutil.rmtree(folder)


def read(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        member = package.extractfile(name)
        if member is None:
            raise SystemExit(f"{name} is not in the package.")
        return member.read()


if __name__ == "__main__":
    main()
