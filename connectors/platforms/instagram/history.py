"""What Instagram still tells of the past: every thread, of each the twenty newest messages, and then the comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    Account,
    Attachment,
    AttachmentKind,
    ConnectorError,
    Context,
    Ignored,
    InboundEvent,
    InboundMessage,
    Malformed,
    MessageKind,
    Origin,
    Page,
    Party,
    Reacted,
    Remedy,
    Standing,
    Stretch,
)
from connectors.platforms.instagram import client, comments, content, moved, paging, payloads, posts, rates
from connectors.platforms.instagram.manifest import CONVERSATIONS
from connectors.platforms.instagram.moved import Listed

_FIELDS: Final = "id,created_time,from,to,message,attachments,shares,story,reactions,is_unsupported,reply_to"
_THREADS: Final = "50"
_NEWEST: Final = "20"
A_SECOND: Final = timedelta(seconds=1)
LAG: Final = timedelta(minutes=2)  # a list may be behind


def page(ctx: Context, cursor: str, thread_id: str) -> Page:
    """One call, one conversation: the cursor holds those still to be read and where the list goes on. What had news meanwhile comes
    after them, and then the comments."""
    if thread_id.startswith(comments.THREAD):
        return _answers(ctx, cursor, thread_id.removeprefix(comments.THREAD))
    state = wire.unpack(cursor)
    if state.get("of") == posts.START:
        return posts.page(ctx, state)
    if state.get("of") == moved.MOVED:
        return moved.page(state, partial(_listed, ctx), partial(_conversation, ctx))
    waiting = [each for each in state.get("waiting", []) if isinstance(each, str)]
    newest = wire.mapping(
        state.get("newest")
    )  # beside them: a process of the version before reads the ids alone
    after, began = wire.text(state.get("after")), wire.mapping(state.get("began"))
    found = Page(())
    if not waiting:
        listed = _listed(ctx, after, thread_id)
        waiting, after = [name for name, _ in listed.conversations], listed.after
        newest = {name: at.isoformat() for name, at in listed.conversations if at}
        began = began or moved.begin(listed)
        found = Page((), rates=listed.rates)
    # The list alone is a page of its own, but for one thread: who asks for that wants its messages now.
    if waiting and (thread_id or state.get("waiting")):
        found = _conversation(ctx, waiting[0], wire.moment(newest.get(waiting[0])))
        waiting = waiting[1:]
    beyond = "" if thread_id else moved.start(began, then=wire.pack({"of": posts.START}))
    more = bool(waiting or after)  # a page may be empty and still not the last
    newest = {name: newest[name] for name in waiting if name in newest}
    state = {"waiting": waiting, "newest": newest, "after": after, "began": began}
    following = wire.pack(state) if more else beyond
    return replace(found, cursor=following, more=bool(following), beyond=beyond)


def _stretch(ctx: Context, events: tuple[InboundEvent, ...]) -> Stretch | None:
    """From the oldest of the newest messages, whose time is known to the second, nearly to now."""
    times = [event.sent_at for event in events if isinstance(event, InboundMessage)]
    return Stretch(min(times) + A_SECOND, ctx.now - LAG) if times else None


def is_withdrawn(ctx: Context, mid: str) -> bool:
    """Of a message among the newest twenty this code says that it was deleted."""
    try:
        client.get(ctx, client.segment(mid), {"fields": "id,created_time"})
    except ConnectorError as error:
        if error.code.split("/")[0] == "9000001":
            return True
        if error.remedy is Remedy.TELL:
            return False
        raise
    return False


def _answers(ctx: Context, cursor: str, root: str) -> Page:
    """What was written under a comment. Of a mention in a stranger's post nothing is told, and silence would be a lie."""
    if root.startswith(comments.MENTION):
        reason = "Instagram does not tell what was answered to a mention."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="mention")
    events, failures, following, notices = posts.answers(
        ctx, root, wire.text(wire.unpack(cursor).get("after"))
    )
    state = wire.pack({"after": following}) if following else ""
    # The oldest answers come first: what was said since stands on the last page.
    when = posts.failed_at(failures)
    return Page(
        tuple(events), state, bool(following), tuple(failures), notices, unordered=True, failed_at=when
    )


def _listed(ctx: Context, after: str, thread_id: str = "") -> Listed:
    params = {"platform": "instagram", "fields": "id,updated_time,participants", "limit": _THREADS}
    if thread_id:
        params["user_id"] = thread_id
    if after:
        params["after"] = after
    ctx.ahead(CONVERSATIONS)
    body, answer = client.get(ctx, "me/conversations", params)
    found = tuple(
        (conversation, wire.moment(each.get("updated_time")))
        for each in wire.entries(body)
        if (conversation := wire.ident(each.get("id")))
    )
    return Listed(found, paging.after(body), rates.notices(answer.headers, ctx))


def _conversation(ctx: Context, conversation_id: str, newest: datetime | None = None) -> Page:
    """`newest`: when it had its last news. One that is not shown at all is of that time."""
    ctx.ahead(CONVERSATIONS)
    try:
        body, answer = client.get(
            ctx, f"{client.segment(conversation_id)}/messages", {"fields": _FIELDS, "limit": _NEWEST}
        )
    except ConnectorError as error:
        if error.code.split("/")[0] in ("9000001", "100"):
            failure = {"section": payloads.HISTORY, "conversation": conversation_id}
            return Page((), failures=((failure, error.reason),), rates=error.rates, failed_at=(newest,))
        raise
    events: list[InboundEvent] = []
    failures: list[tuple[Mapping[str, Any], str]] = []
    for each in wire.entries(body):
        try:
            events.extend(read(each, client.account(ctx), at=ctx.now))
        except Malformed as error:
            failures.append(({"section": payloads.HISTORY, "element": each}, str(error)))
    told = tuple(_linked(events))
    return Page(
        told, failures=tuple(failures), rates=rates.notices(answer.headers, ctx), stretch=_stretch(ctx, told),
        failed_at=posts.failed_at(failures),
    )  # fmt: skip


def _linked(newest_first: list[InboundEvent]) -> list[InboundEvent]:
    """Times come to the second; the list's own order says which of one second came first."""
    messages = [event.external_id for event in newest_first if isinstance(event, InboundMessage)]
    before = dict(pairwise(messages))
    return [
        replace(event, after=before.get(event.external_id, ""))
        if isinstance(event, InboundMessage)
        else event
        for event in newest_first
    ]


def again(payload: Mapping[str, Any], account: Account) -> list[InboundEvent]:
    """What a page could not read, once more. How it stands by now nobody knows."""
    if "element" not in payload:
        raise Ignored("Instagram did not show it at all. Bring in the days in question to ask for it again.")
    return read(wire.mapping(payload["element"]), account, at=None)


def read(given: Mapping[str, Any], account: Account, *, at: datetime | None) -> list[InboundEvent]:
    """A message as Graph shows it, with the reactions it has at that time."""
    mid = wire.need(wire.ident(given.get("id")), "message id")
    author = _party(given.get("from"))
    receivers = [_party(each) for each in wire.entries(given.get("to"))]
    outbound = author.external_id == account.external_id
    customer = next((each for each in receivers if each.external_id), None) if outbound else author
    if customer is None or not customer.external_id:
        raise Malformed("The message does not tell who the customer is.")
    sent_at = wire.when(given.get("created_time"))
    kind, attachments, card = _content(given, sent_at)
    message = InboundMessage(
        external_id=mid,
        thread_id=customer.external_id,
        sent_at=sent_at,
        author=author,
        text=wire.text(given.get("message")),
        kind=kind,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        attachments=attachments,
        reply_to=wire.ident(wire.mapping(given.get("reply_to")).get("mid")),
        card=card,
        counterpart=customer if outbound else None,
    )
    reacted = _reactions(given, message)
    if at is None:
        return [message, *reacted]
    standing = Standing(at, tuple((each.actor.external_id, each.emoji or each.name) for each in reacted))
    return [replace(message, standing=standing), *reacted]


def _party(given: object) -> Party:
    holder = wire.mapping(given)
    return Party(wire.ident(holder.get("id")), username=wire.text(holder.get("username")))


def _content(
    given: Mapping[str, Any], sent_at: Any
) -> tuple[MessageKind, tuple[Attachment, ...], dict[str, Any]]:
    attached = wire.entries(given.get("attachments"))
    if any("payload" in each for each in attached):  # the webhook's shape
        found = content.read({"text": given.get("message"), "attachments": attached}, sent_at=sent_at)
        kind, attachments, card = found.kind, list(found.attachments), dict(found.card)
    else:
        kind, card = MessageKind.TEXT, {}
        attachments = [file for each in attached if (file := _file(each)) is not None]
    for share in wire.entries(given.get("shares")):
        url, media_id, title = (wire.text(share.get(name)) for name in ("link", "id", "name"))
        attachments.append(Attachment(AttachmentKind.SHARE, url=url, title=title, external_id=media_id))
        kind, card = MessageKind.SHARE, {"type": "post", "id": media_id, "title": title, "url": url}
    story = wire.mapping(given.get("story"))
    for name, its_kind in (("mention", MessageKind.STORY_MENTION), ("reply_to", MessageKind.STORY_REPLY)):
        if told := wire.mapping(story.get(name)):
            url, story_id = (
                wire.text(told.get("link")) or wire.text(told.get("url")),
                wire.ident(told.get("id")),
            )
            attachments.append(content.story_media(url, sent_at=sent_at, title="Story", story_id=story_id))
            kind, card = its_kind, {"type": "story", "id": story_id, "url": url}
    if not attachments and (given.get("is_unsupported") is True and not wire.text(given.get("message"))):
        kind = MessageKind.UNSUPPORTED
    return kind, tuple(attachments), card


def _file(given: Mapping[str, Any]) -> Attachment | None:
    """Graph's own shape: the media under a member named for its kind."""
    name, mime = wire.text(given.get("name")), wire.text(given.get("mime_type"))
    size, external_id = wire.count(given.get("size")), wire.ident(given.get("id"))
    for member, kind in (("image_data", AttachmentKind.IMAGE), ("video_data", AttachmentKind.VIDEO)):
        if url := wire.text(wire.mapping(given.get(member)).get("url")):
            return Attachment(kind, url=url, mime=mime, name=name, size=size, external_id=external_id)
    url = wire.text(given.get("file_url"))
    kind = AttachmentKind.AUDIO if mime.startswith("audio/") else AttachmentKind.FILE
    return (
        Attachment(kind, url=url, mime=mime, name=name, size=size, external_id=external_id) if url else None
    )


def _reactions(given: Mapping[str, Any], message: InboundMessage) -> list[Reacted]:
    """Graph tells that a reaction stands, not since when; the message's own time is the earliest it can be."""
    found: list[Reacted] = []
    for each in wire.entries(given.get("reactions")):
        emoji, name = wire.text(each.get("emoji")), wire.text(each.get("reaction"))
        for user in wire.entries(each.get("users")):
            actor = _party(user)
            if actor.external_id:
                at = message.sent_at
                found.append(
                    Reacted(message.external_id, actor, at, emoji, name, thread_id=message.thread_id)
                )
    return found
