"""Answers as they come, unpacked within a bound. httpx would unpack each piece whole and layer by layer, and a few kilobytes can be made to
hold more than the machine has."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from connectors.contract import ConnectorError, Remedy

Broken = zlib.error


class TooLarge(ConnectorError):
    """More than was to be read."""


def parts(pieces: Iterable[bytes], encoding: str, *, most: int, otherwise: Remedy) -> Iterator[bytes]:
    """What stands in the pieces, `most` bytes in all; TooLarge with the remedy `otherwise` where there is more. One layer of gzip is
    all that we ask for and read; what follows it is left unread. `encoding` as the header names it. Raises Broken for what is not packed as
    it says."""
    named = encoding.strip().lower()
    if named not in ("", "identity", "gzip", "x-gzip"):
        raise ConnectorError("The platform's answer is packed as nobody asked for.", remedy=otherwise)
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in named else None
    left = most
    for piece in pieces:
        if gzip and gzip.eof:
            return  # zlib would keep all that follows, however much
        part = gzip.decompress(piece, left + 1) if gzip else piece
        left -= len(part)
        if left < 0:
            raise TooLarge("The platform's answer is too large.", remedy=otherwise)
        yield part
