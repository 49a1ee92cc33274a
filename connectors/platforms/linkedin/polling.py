"""The change log, page by page. Its start is inclusive, its totals lie, and an empty page need not be the last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from connectors import wire
from connectors.contract import (
    UNKNOWN_KIND,
    ConnectorError,
    Context,
    Ignored,
    InboundEvent,
    Malformed,
    Page,
    Remedy,
)
from connectors.platforms.linkedin import changelog, client, errors
from connectors.platforms.linkedin.manifest import CHANGELOG_AGE

_PAGE: Final = 50
_NEAR_THE_END: Final = 24 * 60 * 60 * 1000  # milliseconds: what is younger falls out of the log in no reading
# How far before the cursor each reading begins, in milliseconds: what the log shows late, or what a clock that was set back a little dates into
# the past, stands there. What is known changes nothing.
_LOOKS_BACK: Final = 2 * 60 * 1000
NO_LOG: Final = "LinkedIn does not let this app read the messages of the account: the product for it, or the member's consent, is missing."


def page(ctx: Context, cursor: str, thread_id: str = "") -> Page:
    """Events since the cursor; from the oldest the log holds when there is none."""
    state = wire.unpack(cursor)
    oldest = wire.milliseconds(ctx.now - CHANGELOG_AGE)
    since = wire.count(state.get("since"))
    if since is None:
        since = oldest
    is_inside = since > oldest + _NEAR_THE_END
    start = wire.count(state.get("start")) or 0
    if state.get("by") == "links" and not is_inside:
        start = 0  # the reading has rested: what was counted may be gone, and what is known changes nothing
    newest = max(since, wire.count(state.get("newest")) or 0)
    began = wire.count(state.get("began"))  # pages are counted from where the first of them began
    if began is None or not is_inside:
        began = min(since, wire.milliseconds(ctx.now)) - _LOOKS_BACK if is_inside else since
    params = {"q": "memberAndApplication", "startTime": str(began), "count": str(_PAGE)}
    if start:
        params["start"] = str(start)
    try:
        body, _ = client.call(
            ctx,
            "GET",
            "rest/memberChangeLogs",
            bucket="read",
            params=params,
            version=client.CHANGELOG_VERSION,
        )
    except ConnectorError as error:
        if errors.lacks_ability(error):  # the comments of the page, which need another product, go on
            raise ConnectorError(NO_LOG, remedy=Remedy.TELL, code=error.code) from None
        raise
    elements = wire.entries(body.get("elements"))
    events: list[InboundEvent] = []
    failures: list[tuple[Mapping[str, Any], str]] = []
    for element in elements:
        newest = max(newest, wire.count(element.get("processedAt")) or 0)
        try:
            found = changelog.parse(element)
        except Ignored:
            continue
        except Malformed as error:
            failures.append((element, str(error)))
            continue
        if not found:
            failures.append((element, UNKNOWN_KIND))
        events += [each for each in found if not thread_id or getattr(each, "thread_id", "") == thread_id]
    following = next_start(body, start, len(elements))
    knows_it = newest > since or any(wire.count(each.get("processedAt")) == since for each in elements)
    if following is None and since > wire.milliseconds(ctx.now) and not knows_it:
        # The event that the cursor names is always told again, and LinkedIn does not know it: its clock went ahead and was set back.
        # What it logs now stands before the cursor, so all of the log is read once more; what is known changes nothing.
        return Page((), wire.pack({"since": oldest}), True)
    if following is not None and is_inside:
        # By the links, as LinkedIn says: nobody promises that a log stands in the order of its times.
        state = {"since": since, "began": began, "start": following, "newest": newest, "by": "links"}
    elif following is not None and newest > since:
        # At its old end by its times: what falls out of the log there moves all that is counted from there.
        state = {"since": newest}
    elif following is not None:
        state = {"since": since, "start": following, "newest": newest}
    else:
        state = {"since": newest}  # inclusive: the last event will come again, and is known
    # A time ahead of our clock does not say how far behind us the log is: a reply that it does not hold yet would pass for one that never left.
    captured = (
        at for element in elements if (at := wire.moment(element.get("capturedAt"))) and at <= ctx.now
    )
    return Page(
        tuple(events),
        wire.pack(state),
        following is not None,
        tuple(failures),
        told_until=max(captured, default=None),
        failed_at=tuple(_logged_at(element) for element, _ in failures),
    )


def _logged_at(element: Mapping[str, Any]) -> datetime | None:
    return wire.moment(element.get("capturedAt")) or wire.moment(element.get("processedAt"))


def next_start(body: Mapping[str, Any], start: int, received: int) -> int | None:
    """Where the next page begins, by the link; a full page without a link is not trusted to be the last."""
    for link in wire.entries(wire.mapping(body.get("paging")).get("links")):
        if link.get("rel") == "next":
            named = parse_qs(urlsplit(wire.text(link.get("href"))).query).get("start", [""])[0]
            following = wire.count(named)
            if following is not None and following > start:
                return following
            if not received:
                # To step over what it did not show would lose it: the next reading begins behind whatever comes after it.
                reason = "LinkedIn says that there is more and does not show it yet."
                raise ConnectorError(reason, remedy=Remedy.RETRY, code="empty page")
            return start + received
    return start + received if received >= _PAGE else None
