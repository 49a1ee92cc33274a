"""Chunked upload, and files behind a bearer token."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from simulator import media, pictures, wire
from simulator.kernel import Kernel
from simulator.models import Account, Media
from simulator.platforms.x import errors

_MEGABYTE = 1 << 20
_LIMITS = {
    "dm_image": (5 * _MEGABYTE, ("image/jpeg", "image/png", "image/gif", "image/webp")),
    "dm_gif": (15 * _MEGABYTE, ("image/gif",)),
    "dm_video": (512 * _MEGABYTE, ("video/mp4",)),
    "tweet_image": (5 * _MEGABYTE, ("image/jpeg", "image/png", "image/webp")),
}
_PROCESSING_MS = 1000


class Files:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world
        self._parts: dict[str, dict[int, bytes]] = {}

    async def initialize(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        category, mime = str(given.get("media_category") or ""), str(given.get("media_type") or "")
        total = given.get("total_bytes")
        if category not in _LIMITS:
            return errors.invalid(
                "The media_category is not one of the known values.", media_category=category
            )
        most, mimes = _LIMITS[category]
        if mime not in mimes or not isinstance(total, int) or not 0 < total <= most:
            return errors.invalid(
                "The media_type or total_bytes do not fit the category.", media_type=mime, total_bytes=total
            )
        now = self.world.clock.now_ms()
        kind = "video" if category == "dm_video" else "image"
        held = Media(
            id=self.world.ids.snowflake(at_ms=now),
            platform="x",
            account=account.id,
            mime=mime,
            kind=kind,
            name=f"upload.{mime.rsplit('/', 1)[-1]}",
            size=total,
            created_ms=now,
            state="uploading",
            category=category,
            resource=self.world.ids.opaque(8),
        )
        self.world.save_media(held)
        self._parts[held.id] = {}
        return self._answer(held, status=202)

    def _answer(self, held: Media, *, status: int = 200) -> Response:
        body: dict[str, Any] = {
            "id": held.id,
            "media_key": f"3_{held.id}",
            "expires_after_secs": 86400,
            "size": held.size,
        }
        if held.state in {"pending", "in_progress"}:
            body["processing_info"] = {"state": held.state, "check_after_secs": 1, "progress_percent": 50}
        elif held.state in {"succeeded", "failed"} and held.category == "dm_video":
            body["processing_info"] = {"state": held.state, "progress_percent": 100}
        return wire.answer({"data": body}, status=status)

    def _mine(self, request: Request, account: Account) -> Media | None:
        held = self.world.media.get(request.path_params.get("id") or request.query_params.get("media_id", ""))
        return held if held is not None and held.account == account.id and held.platform == "x" else None

    async def append(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        held = self._mine(request, account)
        if held is None or held.id not in self._parts:
            return errors.not_found("media", request.path_params["id"])
        form = await request.form()
        index, part = str(form.get("segment_index", "")), form.get("media")
        if not index.isdecimal() or not isinstance(part, UploadFile):
            return errors.invalid("segment_index and media are required.", segment_index=index)
        self._parts[held.id][int(index)] = await part.read()
        return wire.answer({"data": {"expires_at": (self.world.clock.now_ms() + 86_400_000) // 1000}})

    async def finalize(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        held = self._mine(request, account)
        parts = self._parts.pop(held.id, None) if held else None
        if held is None or parts is None:
            return errors.not_found("media", request.path_params["id"])
        data = b"".join(parts[index] for index in sorted(parts))
        if len(data) != held.size:
            return errors.invalid("The uploaded bytes do not match total_bytes.", total_bytes=held.size)
        if media.sniff(data) != held.mime:
            held.state = "failed"
            self.world.save_media(held)
            return errors.invalid("The media is not of the declared type.", media_type=held.mime)
        held.state = "pending" if held.category == "dm_video" else "succeeded"
        held.name = str(self.world.clock.now_ms()) if held.state == "pending" else held.name
        media.write(self.world, held, data)
        await self.world.store.flushed()
        return self._answer(held)

    async def status(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        held = self._mine(request, account)
        if held is None or request.query_params.get("command") != "STATUS":
            return errors.not_found("media", request.query_params.get("media_id", ""))
        if held.state in {"pending", "in_progress"}:
            ready = self.world.clock.now_ms() - int(held.name) >= _PROCESSING_MS
            held.state = "succeeded" if ready else "in_progress"
            self.world.save_media(held)
        return self._answer(held)

    # Download

    async def download(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        params = request.path_params
        held = self.world.media.get(params["media"])
        message = self.world.message(account, params["dm"])
        if held is None or message is None or held.account != account.id or held.state == "uploading":
            return errors.not_found("media", params["media"])
        return Response(media.read(self.world, held), media_type=held.mime)

    async def face(self, request: Request) -> Response:
        return Response(pictures.avatar(request.path_params["key"] + ".png"), media_type="image/png")
