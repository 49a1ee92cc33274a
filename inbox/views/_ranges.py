"""A part of a file: players ask for parts of a video, and some play nothing without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PIECE = 64 * 1024


def asked(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte wanted, or None for the whole file. Raises ValueError where there is nothing to give."""
    found = _ONE_RANGE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start > end:
        raise ValueError(header)
    return start, end


def partial(content: BinaryIO, *, size: int, header: str) -> HttpResponseBase | None:
    """The answer to a range request, or None where the whole file is the answer."""
    try:
        wanted = asked(header, size)
    except ValueError:
        content.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if wanted is None:
        return None
    start, end = wanted
    answer = StreamingHttpResponse(_read(content, start, end), status=206)
    answer["Content-Range"] = f"bytes {start}-{end}/{size}"
    answer["Content-Length"] = str(end - start + 1)
    return answer


def _read(content: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with content:
        content.seek(start)
        left = end - start + 1
        while left and (piece := content.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
