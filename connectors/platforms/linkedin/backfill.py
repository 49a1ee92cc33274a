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


def page(ctx: Context, cursor: str, thread_id: str) -> Page:
    state = wire.unpack(cursor)
    if thread_id.startswith(urns.COMMENT) or state.get("of") == "comments":
        return _comments(ctx, state, thread_id)
    if not cursor and not thread_id and client.account(ctx).speaks_for:
        _organisation(ctx)  # before the log is read for nothing: without the comments the walk is not whole
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


def _organisation(ctx: Context) -> str:
    """The page; "" where there never was one. Where there was, an empty walk would pass for a whole one."""
    page = oauth.page_of(ctx)
    if not page and client.account(ctx).speaks_for:
        raise ConnectorError(oauth.NO_MORE, remedy=Remedy.TELL, code="no page")
    return page


def _comments(ctx: Context, state: Mapping[str, Any], thread_id: str) -> Page:
    organisation = wire.text(state.get("page")) or _organisation(ctx)
    if not organisation and thread_id:
        # An empty page would say that nothing was written there, and so that it may be written again.
        reason = "LinkedIn does not tell comments without an administrator of the page."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="no page")
    if not organisation and state.get("no_log"):
        raise ConnectorError(polling.NO_LOG, remedy=Remedy.TELL, code="no log")
    if not organisation:
        return Page(())
    start = wire.count(state.get("start")) or 0
    path = (
        f"rest/organizationalEntityNotifications?q=criteria&actions=List({_ACTIONS})"
        f"&organizationalEntity={urns.encoded(organisation)}&start={start}&count={_PAGE}"
    )
    try:
        body, _ = client.call(ctx, "GET", path, bucket="read")
    except ConnectorError as error:
        if errors.lacks_ability(error):  # messages, which need another product, go on
            raise ConnectorError(NO_COMMENTS, remedy=Remedy.TELL, code=error.code) from None
        raise
    elements = wire.entries(body.get("elements"))
    events: list[InboundEvent] = []
    failures = []
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
    return Page(tuple(events), wire.pack(going_on) if more else "", more, tuple(failures))
