"""Replies to LinkedIn: messages into a thread, and comments of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    ConnectorError,
    Context,
    OutboundAttachment,
    OutboundMessage,
    Remedy,
    Sent,
    ThreadKind,
)
from connectors.http import same_origin
from connectors.platforms.linkedin import client, errors, oauth, urns
from connectors.platforms.linkedin.manifest import MANIFEST, SENDS

_THREAD: Final = "urn:li:messagingThread:"
_RECIPE: Final = "urn:li:digitalmediaRecipe:messaging-attachment"
_MECHANISM: Final = "com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest"
_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
NOT_GRANTED: Final = (
    f"LinkedIn has not granted Parley to send messages of this account: {SENDS} is not among the scopes."
)

NOT_FOR_THE_PAGE: Final = "LinkedIn does not let Parley comment for the page: a role at the page, or the product for it, is missing."


def send(ctx: Context, message: OutboundMessage) -> Sent:
    if message.thread_kind is ThreadKind.COMMENT:
        return _comment(ctx, message)
    try:
        return _message(ctx, message)
    except ConnectorError as error:
        if errors.lacks_ability(error) and _was_not_granted(ctx):
            raise ConnectorError(NOT_GRANTED, remedy=Remedy.TELL, code=error.code) from error
        raise


def _was_not_granted(ctx: Context) -> bool:
    """Whether the grant says itself that it is not for messages: then comments go on, and the same consent again helps nobody."""
    scopes = client.tokens(ctx).scopes
    return bool(scopes) and SENDS not in scopes


def _message(ctx: Context, message: OutboundMessage) -> Sent:
    if not message.text and not message.attachments:
        raise ConnectorError("There is nothing to send.", remedy=Remedy.TELL, code="empty")
    limit = MANIFEST.send.text
    if (length := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"LinkedIn takes {limit.max} characters; this has {length}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")
    body: dict[str, Any] = {"body": message.text, "messageType": "MEMBER_TO_MEMBER"}
    if message.thread_id.startswith(_THREAD):
        body["thread"] = message.thread_id
    else:
        body["recipients"] = [message.recipient_id]
    for place, file in enumerate(message.attachments):
        asset = _upload(ctx, file)
        ctx.note_file(place=place, external_id=asset)
        body.setdefault("attachments", []).append(asset)
    return Sent((urns.message_id(client.create(ctx, "v2/messages", bucket="send", json=body)),))


def _upload(ctx: Context, attachment: OutboundAttachment) -> str:
    """The asset's URN, once LinkedIn has it ready. Nothing is said by it, so every step may be repeated."""
    try:
        content = Path(attachment.path).read_bytes()
    except OSError:
        raise ConnectorError(
            "The file to send is no longer there.", remedy=Remedy.TELL, code="file"
        ) from None
    wish = {
        "registerUploadRequest": {
            "owner": client.account(ctx).external_id,
            "recipes": [_RECIPE],
            "serviceRelationships": [
                {"identifier": "urn:li:userGeneratedContent", "relationshipType": "OWNER"}
            ],
        }
    }
    body, _ = client.call(
        ctx, "POST", "v2/assets?action=registerUpload", bucket="upload", json=wish, repeatable=True
    )
    value = wire.mapping(body.get("value"))
    asset = wire.told(wire.text(value.get("asset")), "asset")
    place = wire.mapping(wire.mapping(value.get("uploadMechanism")).get(_MECHANISM))
    url = wire.told(wire.text(place.get("uploadUrl")), "address to upload to")
    headers = {
        name: given for name, given in wire.mapping(place.get("headers")).items() if isinstance(given, str)
    }
    is_own = same_origin(url, ctx.origins.api) or same_origin(url, ctx.origins.media)
    answer = ctx.http.request(
        "PUT",
        url,
        token=client.tokens(ctx).access if is_own else "",
        headers={"Content-Type": attachment.mime, **headers},
        content=content,
        repeatable=True,
    )
    if not answer.ok:
        refused = errors.refusal(answer, ctx, "upload")
        raise _not_taken(refused, elsewhere=not same_origin(url, ctx.origins.api))
    _wait(ctx, asset)
    return asset


def _not_taken(error: ConnectorError, *, elsewhere: bool) -> ConnectorError:
    """Our access was good a moment ago, when the address was given: what is said there of access is about this file. And another host than
    that of the API asks nothing of the account: messages without a file go on."""
    if error.remedy in (Remedy.REFRESH, Remedy.RECONNECT):
        return ConnectorError(errors.NO_FILES, remedy=Remedy.TELL, code=error.code)
    if error.remedy is Remedy.RETRY and elsewhere:
        return ConnectorError(error.reason, remedy=Remedy.RETRY, code=error.code, retry_at=error.retry_at)
    return error


def _wait(ctx: Context, asset: str) -> None:
    asset_id = asset.removeprefix(urns.ASSET)
    for seconds in _WAITS:
        body, _ = client.call(ctx, "GET", f"v2/assets/{urns.encoded(asset_id)}", bucket="upload")
        states = [wire.text(each.get("status")) for each in wire.entries(body.get("recipes"))]
        if "CLIENT_ERROR" in states or "INCOMPLETE" in states:
            raise ConnectorError(
                "LinkedIn could not take this file.", remedy=Remedy.TELL, code="asset failed"
            )
        if not states or all(state == "AVAILABLE" for state in states):
            return
        ctx.http.pause(seconds)
    raise ConnectorError("LinkedIn is still working on this file.", remedy=Remedy.RETRY, code="asset slow")


def _comment(ctx: Context, message: OutboundMessage) -> Sent:
    """A comment is always the page's. Under which post it stands is part of the comment's URN."""
    if message.attachments or not message.text:
        raise ConnectorError(
            "A comment on LinkedIn is text only.", remedy=Remedy.TELL, code="comment content"
        )
    limit = MANIFEST.text_limit(public=True)
    if (length := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"A comment on LinkedIn takes {limit.max} characters; this has {length}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")
    actor = oauth.page_of(ctx)
    if not actor:
        reason = "It is not clear for which page to comment. Connect an administrator of one page."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="no page")
    root = urns.activity(message.thread_id.removeprefix(urns.COMMENT))
    body: dict[str, Any] = {"actor": actor, "message": {"text": message.text}}
    if root.startswith("urn:li:comment:("):
        body |= {"object": root.removeprefix("urn:li:comment:(").partition(",")[0], "parentComment": root}
    else:
        body["object"] = root
    path = f"rest/socialActions/{urns.encoded(root)}/comments"
    try:
        found = client.create(ctx, path, bucket="comment", json=body)
    except ConnectorError as error:
        if not errors.lacks_ability(error):
            raise
        # Messages are the member's own, and another product: they go on.
        raise ConnectorError(NOT_FOR_THE_PAGE, remedy=Remedy.TELL, code=error.code, of_public=True) from None
    # The header may hold the bare number; webhooks name the whole URN.
    return Sent(
        (urns.activity(found) if found.startswith("urn:") else f"urn:li:comment:({body['object']},{found})",)
    )
