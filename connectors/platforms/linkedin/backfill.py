"""Looking back: the whole change log first, then the comments of the page that LinkedIn still keeps (60 days)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, Ignored, InboundEvent, Malformed, Page, Remedy
from connectors.platforms.linkedin import client, comments, errors, oauth, polling, urns

_ACTIONS: Final = "COMMENT,ADMIN_COMMENT,COMMENT_EDIT,COMMENT_DELETE,SHARE_MENTION"
_PAGE: Final = 50
NO_COMMENTS: Final = "LinkedIn does not let this app read the comments of the page: a role at the page, or the product for it, is missing."
NO_PAGE: Final = "LinkedIn does not tell comments without an administrator of the page."


def page(ctx: Context, cursor: str, thread_id: str) -> Page:
    state = wire.unpack(cursor)
    if thread_id.startswith(urns.COMMENT) or state.get("of") == "comments":
        return _comments(ctx, state, thread_id)
    if state.get("of") == "nothing more":
        raise ConnectorError(polling.NO_LOG, remedy=Remedy.TELL, code="no log")
    try:
        found = polling.page(ctx, cursor, thread_id)
    except ConnectorError as error:
        if thread_id or error.reason != polling.NO_LOG:
            raise
        # The comments all the same. That the messages are missing, so that the walk is not whole, is said when they are in.
        return Page((), wire.pack({"of": "comments", "no_log": True}), more=True)
    if thread_id:
        return found
    comments_begin = wire.pack({"of": "comments"})
    cursor = found.cursor if found.more else comments_begin
    return replace(found, cursor=cursor, more=True, beyond=comments_begin, unordered=True)


def _withheld(state: Mapping[str, Any], thread_id: str, refused: ConnectorError) -> Page:
    """The comments, or the rest of them, are not shown: the messages are whole all the same. Of one thread it is an error: an empty
    page would say that nothing was written there, and so that it may be written again."""
    if thread_id:
        raise refused
    if state.get("no_log"):
        raise ConnectorError(polling.NO_LOG, remedy=Remedy.TELL, code="no log")
    return Page((), rates=refused.rates, withheld=refused.reason)


def _without_a_page(ctx: Context, state: Mapping[str, Any], thread_id: str) -> Page:
    """Where there never was one there are no comments; where there was, they are withheld."""
    had_one = bool(client.account(ctx).speaks_for)
    reason = oauth.NO_MORE if had_one else NO_PAGE
    found = _withheld(state, thread_id, ConnectorError(reason, remedy=Remedy.TELL, code="no page"))
    return found if had_one else Page(())


def _comments(ctx: Context, state: Mapping[str, Any], thread_id: str) -> Page:
    organisation = wire.text(state.get("page")) or oauth.page_of(ctx)
    if not organisation:
        return _without_a_page(ctx, state, thread_id)
    start = wire.count(state.get("start")) or 0
    path = (
        f"rest/organizationalEntityNotifications?q=criteria&actions=List({_ACTIONS})"
        f"&organizationalEntity={urns.encoded(organisation)}&start={start}&count={_PAGE}"
    )
    try:
        body, _ = client.call(ctx, "GET", path, bucket="read")
    except ConnectorError as error:
        if not errors.lacks_ability(error):
            raise
        refused = ConnectorError(NO_COMMENTS, remedy=Remedy.TELL, code=error.code, rates=error.rates)
        return _withheld(state, thread_id, refused)
    elements = wire.entries(body.get("elements"))
    events: list[InboundEvent] = []
    failures: list[tuple[Mapping[str, Any], str]] = []
    for element in elements:
        try:
            found = comments.parse(element)
        except Ignored:
            continue
        except Malformed as error:
            failures.append((element, str(error)))
            continue
        events += [each for each in found if not thread_id or getattr(each, "thread_id", "") == thread_id]
    following = polling.next_start(body, start, len(elements))
    more = following is not None
    met = bool(events or state.get("met"))
    if thread_id and not more and not met and not failures:
        raise ConnectorError(
            "LinkedIn does not show this thread of comments.", remedy=Remedy.TELL, code="no thread"
        )
    going_on = {**state, "of": "comments", "page": organisation, "start": following, "met": met}
    if not more and state.get("no_log"):
        going_on, more = {"of": "nothing more"}, True
    failed_at = tuple(wire.moment(element.get("lastModifiedAt")) for element, _ in failures)
    cursor = wire.pack(going_on) if more else ""
    return Page(tuple(events), cursor, more, tuple(failures), public=True, failed_at=failed_at)
