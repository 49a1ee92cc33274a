"""Files people and brands sent: kept in a folder, served under signed addresses that expire."""

import hashlib
import hmac
from pathlib import Path
from urllib.parse import quote

from simulator import pictures
from simulator.models import Account, Media
from simulator.world import World

LIFETIME_MS = 48 * 3600 * 1000

_MIMES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF": "application/pdf",
}


def sniff(data: bytes, *, declared: str = "") -> str:
    """The type by its first bytes; what the sender declares counts only when they say nothing."""
    for head, mime in _MIMES.items():
        if data.startswith(head):
            return mime
    if data[:4] == b"OggS":
        return "video/ogg" if b"theora" in data[:64] else "audio/ogg"
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(data[8:12], "audio/wav")
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    return declared.split(";")[0].strip() or "application/octet-stream"


def made_up(kind: str, name: str) -> tuple[bytes, str]:
    if kind == "audio":
        return pictures.tone(), "audio/wav"
    if kind == "file":
        return pictures.document(name or "Order confirmation"), "application/pdf"
    if kind == "video":
        # Only a container header: nothing here can encode video.
        return b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(2048), "video/mp4"
    return pictures.photo(name or "parcel"), "image/png"


def keep(
    world: World,
    *,
    account: Account,
    data: bytes,
    kind: str,
    mime: str = "",
    name: str = "",
    state: str = "ready",
) -> Media:
    media_id = world.ids.digits(17)
    if account.platform == "x":
        media_id = world.ids.snowflake(at_ms=world.clock.now_ms())
    elif account.platform == "linkedin":
        media_id = world.ids.linkedin_asset()
    media = Media(
        id=media_id,
        platform=account.platform,
        account=account.id,
        mime=sniff(data, declared=mime),
        kind=kind,
        name=name,
        size=len(data),
        created_ms=world.clock.now_ms(),
        state=state,
        resource=world.ids.opaque(8),
    )
    write(world, media, data)
    return media


def write(world: World, media: Media, data: bytes) -> None:
    target = path(world, media)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    media.size = len(data)
    world.save_media(media)


def path(world: World, media: Media) -> Path:
    return world.settings.folder / "media" / hashlib.sha256(media.id.encode()).hexdigest()[:32]


def read(world: World, media: Media) -> bytes:
    return path(world, media).read_bytes()


def signature(world: World, media_id: str, expires_ms: int) -> str:
    secret = world.app("instagram").client_secret.encode()
    return hmac.new(secret, f"{media_id}|{expires_ms}".encode(), hashlib.sha256).hexdigest()[:40]


def instagram_url(world: World, media: Media, *, lifetime_ms: int = LIFETIME_MS) -> str:
    until = world.clock.now_ms() + lifetime_ms
    sign = signature(world, media.id, until)
    return f"{world.settings.origin}/ig_messaging_cdn/?asset_id={media.id}&oe={until}&signature={sign}"


def x_url(world: World, media: Media, *, message_id: str) -> str:
    return f"{world.settings.origin}/2/dm_conversations/media/{message_id}/{media.id}/{media.resource}"


def linkedin_url(world: World, media: Media) -> str:
    until = world.clock.now_ms() + LIFETIME_MS
    sign = signature(world, media.id, until)
    asset = quote(media.id.rsplit(":", 1)[-1])
    return f"{world.settings.origin}/mediaDownload/{asset}/messaging-attachmentFile/0?app=1&m=1&e={until}&v=beta&t={sign}"


def signed_well(world: World, media_id: str, expires: str, sign: str) -> bool:
    if not expires.isdecimal() or int(expires) < world.clock.now_ms():
        return False
    return hmac.compare_digest(signature(world, media_id, int(expires)).encode(), sign.encode())
