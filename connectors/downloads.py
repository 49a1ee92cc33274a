"""A file that somebody sent, from whoever keeps it: the platform's own host, or any host that a message names."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from connectors.contract import ConnectorError, Media, Remedy
from connectors.http import MEDIA_BYTES, Answer, Http, same_origin

SHOWN_THERE: Final = (
    "shown there"  # code of a refusal: the file is not gone, its platform shows it to people alone
)


def fetch(
    http: Http, url: str, *, own: Collection[str], token: str, refusal: Callable[[Answer], ConnectorError]
) -> Media:
    """The token goes to the platform's `own` hosts only, and only what they say of it is believed (`refusal`): any other host could
    otherwise take an account off the air with a 401, or be asked again for as long as it likes."""

    def is_own(address: str) -> bool:
        return any(same_origin(address, each) for each in own)

    answer = http.get(
        url,
        token=token if is_own(url) else "",
        headers={"Accept": "*/*"},
        max_bytes=MEDIA_BYTES,
        other_hosts=True,
    )
    if answer.ok:
        mime = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Media(answer.content, mime or "application/octet-stream")
    if not is_own(url) or not is_own(answer.url):
        raise gone(answer)
    error = refusal(answer)
    if answer.status in (403, 404, 410):  # the address has expired, which says nothing of the account
        raise ConnectorError("This file is no longer there.", remedy=Remedy.TELL, code=error.code)
    raise error


def gone(answer: Answer) -> ConnectorError:
    """By the status alone. Addresses of media expire; asking again helps only where the host itself has a fault."""
    code = f"http {answer.status}"
    if answer.status >= 500 or answer.status == 429:
        return ConnectorError("The media host had a passing fault.", remedy=Remedy.RETRY, code=code)
    return ConnectorError("This file is no longer there.", remedy=Remedy.TELL, code=code)
