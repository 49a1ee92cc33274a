"""Small pictures and files drawn by code, so that no binary has to be kept."""

import math
import struct
import zlib
from functools import lru_cache
from random import Random

_SUBJECTS: dict[str, tuple[int, int, int]] = {
    "parcel": (176, 124, 74),
    "receipt": (236, 232, 220),
    "jacket": (42, 72, 108),
    "mug": (188, 70, 58),
    "tea": (92, 120, 70),
    "story": (164, 92, 172),
    "shoes": (70, 70, 78),
}


def _png(width: int, height: int, rows: list[bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = b"".join(b"\x00" + row for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels, 6))
        + chunk(b"IEND", b"")
    )


def _shade(colour: tuple[int, int, int], by: float) -> bytes:
    return bytes(max(0, min(255, round(part * by))) for part in colour)


@lru_cache(maxsize=64)
def photo(name: str, *, width: int = 240, height: int = 180) -> bytes:
    """A snapshot-like picture: a lit background and the thing in the middle. The same name gives the same bytes."""
    dice = Random(name)
    base = _SUBJECTS.get(name.rsplit("/", 1)[-1].split(".")[0].split("-")[0])
    thing = base or (dice.randint(60, 220), dice.randint(60, 220), dice.randint(60, 220))
    wall = (dice.randint(200, 235), dice.randint(200, 235), dice.randint(195, 230))
    left, right = width * 0.24, width * 0.76
    top, bottom = height * 0.26, height * 0.8
    round_thing = dice.random() < 0.4
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            inside = left < x < right and top < y < bottom
            if round_thing:
                inside = (
                    math.hypot((x - width / 2) / (width * 0.27), (y - height * 0.53) / (height * 0.3)) < 1
                )
            if inside:
                stripe = 0.82 if abs(x - width / 2) < 6 or abs(y - height * 0.45) < 4 else 1.0
                row += _shade(thing, (1.12 - 0.35 * y / height) * stripe)
            else:
                floor = 0.78 if y > bottom - 6 else 1.0
                row += _shade(wall, (1.05 - 0.25 * x / width) * floor)
        rows.append(bytes(row))
    return _png(width, height, rows)


@lru_cache(maxsize=512)
def avatar(name: str, *, cells: int = 5, scale: int = 16) -> bytes:
    """A symmetric pattern in one hue: everybody is recognisable, nobody is real."""
    dice = Random(name)
    ink = (dice.randint(40, 200), dice.randint(40, 200), dice.randint(40, 200))
    pattern = [[dice.random() < 0.5 for _ in range((cells + 1) // 2)] for _ in range(cells)]
    rows = []
    for y in range(cells * scale):
        row = bytearray()
        for x in range(cells * scale):
            column = x // scale
            lit = pattern[y // scale][min(column, cells - 1 - column)]
            row += _shade(ink, 1.0) if lit else b"\xee\xec\xe8"
        rows.append(bytes(row))
    return _png(cells * scale, cells * scale, rows)


def tone(*, seconds: float = 1.2, rate: int = 8000) -> bytes:
    """A voice message stands in as a soft tone, a WAV file."""
    count = int(seconds * rate)
    samples = b"".join(
        struct.pack("<h", int(9000 * math.sin(n / rate * 2 * math.pi * (330 + 40 * math.sin(n / 900)))))
        for n in range(count)
    )
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        len(samples),
    )
    return head + samples


def document(text: str) -> bytes:
    """A one-page PDF with one line of text."""
    line = "".join(c for c in text if 31 < ord(c) < 127 and c not in "()\\")[:80]
    stream = f"BT /F1 18 Tf 72 720 Td ({line}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    )
