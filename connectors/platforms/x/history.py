"""What X still tells of the past: thirty days of messages, then mentions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    ConnectorError,
    Context,
    InboundEvent,
    InboundMessage,
    Malformed,
    Page,
    Remedy,
    Standing,
    Stretch,
)
from connectors.http import Answer
from connectors.platforms.x import client, errors, messages, payloads, posts, rates, threads
from connectors.platforms.x.manifest import ALL_MESSAGES, ONE_MESSAGE, ONE_THREAD

_MESSAGES: Final = {
    "max_results": "100",
    "event_types": "MessageCreate,ParticipantsJoin,ParticipantsLeave",
    "dm_event.fields": "id,text,event_type,created_at,dm_conversation_id,sender_id,participant_ids,referenced_tweets,"
    "attachments,entities",
    "expansions": "sender_id,participant_ids,attachments.media_keys,referenced_tweets.id",
    "user.fields": "name,username,profile_image_url,verified,public_metrics",
    "media.fields": "media_key,type,url,preview_image_url,variants",
}
LAG: Final = timedelta(minutes=2)  # a list may be behind
_NOT_FOUND: Final = "resource-not-found"
_GONE: Final = (
    _NOT_FOUND,
    "not-authorized-for-resource",
)  # a post that is shown to few may be kept no more than a deleted one
_MENTIONS: Final = {
    "max_results": "100",
    "tweet.fields": "id,text,author_id,conversation_id,created_at,in_reply_to_user_id,referenced_tweets,entities,"
    "attachments,note_tweet",
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "name,username,profile_image_url,verified,public_metrics",
    "media.fields": "media_key,type,url,preview_image_url,variants",
}


# Nothing of other people: whoever of them is suspended would stand among the errors, and the page would not count as seen whole.
_OWN: Final = {
    "max_results": "20",  # X bills each post that it shows, and a lost answer is looked for often: it stands among the newest
    "tweet.fields": _MENTIONS["tweet.fields"] + ",display_text_range",
    "exclude": "retweets",
}


def page(ctx: Context, cursor: str, thread_id: str) -> Page:
    state = wire.unpack(cursor)
    if state.get("of") == "mentions":
        return _mentions(ctx, wire.text(state.get("token")))
    if thread_id.startswith(threads.COMMENT):
        return _own_posts(ctx, thread_id, wire.text(state.get("token")))
    path = f"dm_conversations/{client.segment(thread_id)}/dm_events" if thread_id else "dm_events"
    bucket = ONE_THREAD if thread_id else ALL_MESSAGES
    params = _with_token(_MESSAGES, wire.text(state.get("token")))
    body, answer = client.call(ctx, "GET", path, bucket=bucket, params=params)
    account = client.account(ctx)

    def read(each: Mapping[str, Any], includes: Mapping[str, Any]) -> InboundEvent:
        return replace(messages.of_v2(each, includes, account), standing=Standing(ctx.now))

    following = wire.text(wire.mapping(body.get("meta")).get("next_token"))
    after = {"of": "messages", "token": following} if following else {} if thread_id else {"of": "mentions"}
    page = _page(ctx, body, answer, payloads.HISTORY_DM, read, after, bucket=bucket)
    beyond = "" if thread_id else wire.pack({"of": "mentions"})
    return replace(page, beyond=beyond, stretch=_stretch(ctx, page, first=not state))


def _stretch(ctx: Context, page: Page, *, first: bool) -> Stretch | None:
    """Between the oldest and the newest of a page; of the first page nearly to now. What we deleted ourselves is gone from our side
    alone, so our own absence proves nothing."""
    times = [event.sent_at for event in page.events if isinstance(event, InboundMessage)]
    if not times:
        return None
    return Stretch(min(times), ctx.now - LAG if first else max(times), ours=False)


def is_withdrawn(ctx: Context, event_id: str) -> bool:
    try:
        body, answer = client.call(ctx, "GET", f"dm_events/{client.segment(event_id)}", bucket=ONE_MESSAGE)
    except ConnectorError as error:
        if error.code != _NOT_FOUND and error.remedy is not Remedy.TELL:
            raise
        ctx.heard(rates.untold(error.rates, ONE_MESSAGE))
        return error.code == _NOT_FOUND
    ctx.heard(rates.untold(rates.notices(answer.headers, ONE_MESSAGE, ctx.now), ONE_MESSAGE))
    problems = [wire.text(each.get("type")) for each in wire.entries(body.get("errors"))]
    return not body.get("data") and any(each.endswith(f"/{_NOT_FOUND}") for each in problems)


def gone(ctx: Context, post_ids: Sequence[str]) -> set[str]:
    """X tells of the account's own deleted posts only; of others' it says so when asked for them."""
    body, _ = client.call(ctx, "GET", "tweets", bucket="posts", params={"ids": ",".join(post_ids)})
    return {
        wire.ident(each.get("resource_id")) or wire.ident(each.get("value"))
        for each in wire.entries(body.get("errors"))
        if wire.text(each.get("type")).rpartition("/")[2] in _GONE
    }


def _mentions(ctx: Context, token: str) -> Page:
    account = client.account(ctx)
    params = _with_token(_MENTIONS, token)
    try:
        with errors.in_public(errors.NO_MENTIONS):
            body, answer = client.call(
                ctx, "GET", f"users/{account.external_id}/mentions", bucket="mentions", params=params
            )
    except ConnectorError as error:
        if not error.of_public:
            raise
        return Page((), rates=error.rates, withheld=error.reason)

    def read(each: Mapping[str, Any], includes: Mapping[str, Any]) -> InboundEvent | None:
        return posts.to_somebody(posts.of_v2(each, includes, account))

    following = wire.text(wire.mapping(body.get("meta")).get("next_token"))
    after = {"of": "mentions", "token": following} if following else {}
    found = _page(ctx, body, answer, payloads.HISTORY_MENTION, read, after, bucket="mentions")
    return replace(found, public=True)


def _own_posts(ctx: Context, thread_id: str, token: str) -> Page:
    """X tells no thread of posts, but what the account has posted, wherever: whether a public answer is out shows there. What it answered
    this person is told of this thread, whose name need not be that of the root; and so is what it answered itself. Which reply an answer is
    of, the post tells that it answers (`reply_to`)."""
    account, person = client.account(ctx), threads.person(thread_id)
    with errors.in_public(errors.NO_OWN_POSTS):
        body, answer = client.call(
            ctx,
            "GET",
            f"users/{account.external_id}/tweets",
            bucket="own posts",
            params=_with_token(_OWN, token),
        )

    def read(each: Mapping[str, Any], includes: Mapping[str, Any]) -> InboundEvent:
        post = posts.of_v2(each, includes, account)
        to = post.counterpart.external_id if post.counterpart else ""
        return replace(post, thread_id=thread_id, aside="") if post.reply_to and to in ("", person) else post

    following = wire.text(wire.mapping(body.get("meta")).get("next_token"))
    after = {"of": "posts", "token": following} if following else {}
    return _page(ctx, body, answer, payloads.HISTORY_MENTION, read, after, bucket="own posts")


def _with_token(params: Mapping[str, str], token: str) -> dict[str, str]:
    return {**params, "pagination_token": token} if token else dict(params)


def _page(
    ctx: Context,
    body: Mapping[str, Any],
    answer: Answer,
    kind: str,
    read: Any,
    after: Mapping[str, str],
    *,
    bucket: str,
) -> Page:
    """An empty page has no `data`; a partial one has `errors` beside it, of somebody who was suspended as a rule."""
    includes = wire.mapping(body.get("includes"))
    events, failures, failed_at = [], [], list[datetime | None]()
    for each in wire.entries(body):
        try:
            if (event := read(each, includes)) is not None:
                events.append(event)
        except Malformed as error:
            failures.append(({"type": kind, "event": each, "includes": _around(each, includes)}, str(error)))
            failed_at.append(wire.moment(each.get("created_at")))
    problems = wire.entries(body.get("errors"))
    remarks = tuple(wire.text(each.get("detail")) or "X could not show this." for each in problems)
    notices = rates.of_answer(answer.headers, bucket, ctx.now)
    cursor = wire.pack(after) if after else ""
    return Page(
        tuple(events),
        cursor,
        bool(after),
        tuple(failures),
        notices,
        remarks=remarks,
        failed_at=tuple(failed_at),
    )


def _around(each: Mapping[str, Any], includes: Mapping[str, Any]) -> dict[str, Any]:
    """Who and what a row names. Without people's figures: they change from answer to answer, and a row is kept once."""
    named = str(each)
    users = [
        {name: user[name] for name in ("id", "name", "username") if name in user}
        for user in wire.entries(includes.get("users"))
        if wire.ident(user.get("id")) in named
    ]
    media = [
        file for file in wire.entries(includes.get("media")) if wire.text(file.get("media_key")) in named
    ]
    return {"users": users, "media": media}
