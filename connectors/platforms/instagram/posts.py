"""What Instagram still tells of public talk: the comments under our newest posts, and the answers under each of them.

Of mentions in other people's posts no list exists: one that no delivery brought is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, InboundEvent, Malformed, Page, RateNotice
from connectors.platforms.instagram import client, comments, errors, paging, rates
from connectors.platforms.instagram.manifest import POSTS

START: Final = "comments"
_COMMENT: Final = "id,text,timestamp,username,from,parent_id,media"
_COMMENTS: Final = f"{_COMMENT},replies{{{_COMMENT}}}"
_LIMIT: Final = "50"
_GONE: Final = "100/33"  # deleted since it was listed
_PERMISSION: Final = "instagram_business_manage_comments"  # the list of posts is shown without it
_NOT_SHOWN: Final = "Instagram does not show Parley what is said under one of the posts."

Failures = list[tuple[Mapping[str, Any], str]]


def page(ctx: Context, state: Mapping[str, Any]) -> Page:
    """One call: the list of posts, then the comments of one post, or more answers under one comment. An account that lets us read its
    messages and not its posts, or not what is said under the first of them, is no broken account, and the walk ends there."""
    try:
        return _page(ctx, state)
    except ConnectorError as error:
        if not error.of_public:
            raise
        return Page((), rates=error.rates, withheld=error.reason)


def _page(ctx: Context, state: Mapping[str, Any]) -> Page:
    if "posts" not in state:
        return _posts(ctx)
    posts, threads = _ids(state.get("posts")), _ids(state.get("threads"))
    after, then = wire.text(state.get("after")), wire.text(state.get("then"))
    shown, longer, remarks = wire.text(state.get("shown")), list[str](), list[str]()
    try:
        if threads:
            events, failures, following, notices = answers(ctx, threads[0], after)
        else:
            events, failures, longer, following, notices = _of_post(ctx, posts[0], after)
            shown = posts[0]
    except ConnectorError as error:
        if error.of_public and shown and _is_shown(ctx, shown):  # it is of this post alone
            remarks.append(_NOT_SHOWN)
        elif error.code != _GONE:
            raise
        events, failures, following, notices = [], [], "", error.rates
    if threads:
        threads = threads if following else threads[1:]
    else:
        posts, threads = (posts if following else posts[1:]), longer
        if threads and following:  # the answers first; then this post again where its comments go on
            following, then = "", following
    if not threads and not following:
        following, then = then, ""
    state = {"posts": posts, "threads": threads, "after": following, "then": then, "shown": shown}
    return replace(_onward(state, events, failures, notices), public=bool(shown), remarks=tuple(remarks))


def _is_shown(ctx: Context, post: str) -> bool:
    """Whether what was said under a post that this walk was shown is shown still. Where the permission was withdrawn meanwhile it is
    not, and the rest is withheld."""
    try:
        with errors.in_public():
            client.get(ctx, f"{client.segment(post)}/comments", {"fields": "id", "limit": "1"})
    except ConnectorError as error:
        if error.of_public:
            return False
        if error.code != _GONE:
            raise
    return True


def _onward(
    state: Mapping[str, Any],
    events: list[InboundEvent],
    failures: Failures,
    notices: tuple[RateNotice, ...],
) -> Page:
    more = bool(state["posts"] or state.get("threads"))
    cursor = wire.pack({"of": START, **state}) if more else ""
    # Posts come newest first, and an old one may have the newest comment.
    return Page(
        tuple(events), cursor, more, tuple(failures), notices, unordered=True, failed_at=failed_at(failures)
    )


def failed_at(failures: Failures) -> tuple[datetime | None, ...]:
    """By comment or message that could not be read, when Graph says that it was written."""
    rows = (wire.mapping(each.get("value") or each.get("element")) for each, _ in failures)
    return tuple(wire.moment(row.get("timestamp") or row.get("created_time")) for row in rows)


def _posts(ctx: Context) -> Page:
    params = {"fields": "id,timestamp,comments_count", "limit": str(POSTS)}
    with errors.in_public():
        body, answer = client.get(ctx, "me/media", params)
    found = [
        post
        for each in wire.entries(body)
        if wire.count(each.get("comments_count")) != 0 and (post := wire.ident(each.get("id")))
    ]
    page = _onward({"posts": found}, [], [], rates.notices(answer.headers, ctx))
    # Where nobody wrote under any of them there is nothing to ask for, and the grant alone says whether we would be shown it.
    return replace(page, public=not found and _PERMISSION in client.tokens(ctx).scopes)


def _of_post(
    ctx: Context, post: str, after: str
) -> tuple[list[InboundEvent], Failures, list[str], str, tuple[RateNotice, ...]]:
    """Comments with the first of their answers; the threads whose answers go on are told too."""
    params = {"fields": _COMMENTS, "limit": _LIMIT} | ({"after": after} if after else {})
    with errors.in_public():
        body, answer = client.get(ctx, f"{client.segment(post)}/comments", params)
    events: list[InboundEvent] = []
    failures: Failures = []
    longer = []
    for each in wire.entries(body):
        root, replies = wire.ident(each.get("id")), wire.mapping(each.get("replies"))
        _read(ctx, {"media": {"id": post}, **each}, events, failures)
        for reply in wire.entries(replies):
            _read(ctx, {"media": {"id": post}, "parent_id": root, **reply}, events, failures)
        if root and paging.after(replies):
            longer.append(root)
    return events, failures, longer, paging.after(body), rates.notices(answer.headers, ctx)


def answers(
    ctx: Context, root: str, after: str
) -> tuple[list[InboundEvent], Failures, str, tuple[RateNotice, ...]]:
    """What was written under a comment."""
    params = {"fields": _COMMENT, "limit": _LIMIT} | ({"after": after} if after else {})
    with errors.in_public():
        body, answer = client.get(ctx, f"{client.segment(root)}/replies", params)
    events: list[InboundEvent] = []
    failures: Failures = []
    for each in wire.entries(body):
        _read(ctx, {"parent_id": root, **each}, events, failures)
    return events, failures, paging.after(body), rates.notices(answer.headers, ctx)


def _read(ctx: Context, value: Mapping[str, Any], events: list[InboundEvent], failures: Failures) -> None:
    try:
        events.append(comments.comment(value, entry_time=None, account=client.account(ctx)))
    except Malformed as error:
        as_delivered = {"section": "field", "field": "comments", "value": value}
        failures.append((as_delivered, str(error)))


def _ids(given: object) -> list[str]:
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
