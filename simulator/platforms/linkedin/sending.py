"""POST /v2/messages, asset uploads, and files."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import media, wire
from simulator.drafts import Draft
from simulator.kernel import Kernel
from simulator.models import Account, Media, Thread
from simulator.platforms.linkedin import errors
from simulator.platforms.linkedin.access import Access

TEXT_MOST = 8000
FILE_MOST = 20 << 20
_RECIPE = "urn:li:digitalmediaRecipe:messaging-attachment"
_MECHANISM = "com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest"
_KEYS = {"recipients", "thread", "subject", "body", "messageType", "attachments", "extensionContent"}


class Sending:
    def __init__(self, kernel: Kernel, access: Access) -> None:
        self.kernel = kernel
        self.world = kernel.world
        self.access = access

    async def send(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        if refusal := self.kernel.expire_midsend(account=account):
            return refusal
        if unknown := set(given) - _KEYS:
            return errors.error(
                f"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [{', '.join(sorted(unknown))}]",
                status=403,
            )
        recipients, thread_urn = given.get("recipients"), given.get("thread")
        if bool(recipients) == bool(thread_urn):
            return errors.error("Exactly one of recipients and thread must be present", status=400)
        text, assets = given.get("body"), wire.listed(given, "attachments")
        if not isinstance(text, str) or (not text and not assets):
            return errors.error("Field body is required", status=422)
        if len(text) > TEXT_MOST:
            return errors.error(f"Field body exceeds the maximum length of {TEXT_MOST}", status=422)
        thread = self._thread(account, recipients=recipients, urn=str(thread_urn or ""))
        if isinstance(thread, Response):
            return thread
        draft = Draft(text=text, client="api")
        if given.get("subject"):
            draft.extra["subject"] = str(given["subject"])
        for urn in assets:
            held = self.world.media.get(str(urn))
            if held is None or held.account != account.id or held.state != "ready":
                return errors.error(f"Asset {urn} is not available", status=422)
            draft.attachments.append(
                {
                    "kind": held.kind,
                    "media_id": held.id,
                    "mime": held.mime,
                    "name": held.name,
                    "size": held.size,
                }
            )
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        headers = {"x-restli-id": message.id, "x-linkedin-id": message.id}
        response = Response(b"", status_code=201, headers=headers)
        return await self.kernel.accepted(account=account, thread=thread, message=message, response=response)

    def _thread(self, account: Account, *, recipients: Any, urn: str) -> Thread | Response:
        if urn:
            found = self.world.thread(account, urn.removeprefix("urn:li:messagingThread:"))
            if found is None or found.kind == "comments":
                return errors.error(f"Thread {urn} not found", status=404)
            blocked = [
                one
                for one in found.people
                if (p := self.world.person("linkedin", one)) and account.id in p.blocked
            ]
            if found.kind == "direct" and blocked:
                return errors.forbidden("Recipient cannot be messaged")
            return found
        if not isinstance(recipients, list):
            return errors.error("Field recipients must be a list", status=400)
        if len(recipients) != 1:
            return errors.error("Only one recipient is supported here", status=422)
        person = self.world.person("linkedin", str(recipients[0]))
        if person is None:
            return errors.error(f"Recipient {recipients[0]} not found", status=404)
        if account.id in person.blocked or not person.follows:
            return errors.forbidden("Recipient is not a 1st-degree connection")
        return self.kernel.messaging.direct_thread(account=account, person=person)

    # Assets

    async def assets(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        if request.query_params.get("action") != "registerUpload":
            return errors.error("Unknown action", status=400)
        if _RECIPE not in wire.listed(wire.mapping(given, "registerUploadRequest"), "recipes"):
            return errors.error(f"Recipe must be {_RECIPE}", status=422)
        held = Media(
            id=self.world.ids.linkedin_asset(),
            platform="linkedin",
            account=account.id,
            mime="",
            kind="file",
            name="",
            size=0,
            created_ms=self.world.clock.now_ms(),
            state="waiting",
        )
        self.world.save_media(held)
        url = f"{self.world.settings.origin}/mediaUpload/{_bare(held.id)}/messaging-attachment/0"
        mechanism = {_MECHANISM: {"uploadUrl": url, "headers": {"media-type-family": "STILLIMAGE"}}}
        value = {
            "asset": held.id,
            "mediaArtifact": f"urn:li:digitalmediaMediaArtifact:({held.id},messaging-attachment)",
            "uploadMechanism": mechanism,
        }
        return wire.answer({"value": value})

    async def upload(self, request: Request) -> Response:
        account = self.access.account(request)
        if isinstance(account, Response):
            return account
        held = self.world.media.get(f"urn:li:digitalmediaAsset:{request.path_params['asset']}")
        data = await request.body()
        if held is None or held.account != account.id:
            return errors.error("Asset not found", status=404)
        if not 0 < len(data) <= FILE_MOST:
            return errors.error("The file is empty or too large", status=413)
        held.mime = media.sniff(data, declared=request.headers.get("content-type", ""))
        family = held.mime.split("/")[0]
        held.kind = family if family in {"image", "video", "audio"} else "file"
        held.name = f"attachment.{held.mime.rsplit('/', 1)[-1]}"
        held.state = "ready"
        media.write(self.world, held, data)
        await self.world.store.flushed()
        return Response(status_code=201)

    async def asset(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        name = request.path_params["asset"].removeprefix("urn:li:digitalmediaAsset:")
        held = self.world.media.get(f"urn:li:digitalmediaAsset:{name}")
        if held is None:
            return errors.error(f"Asset {name} not found", status=404)
        status = "AVAILABLE" if held.state == "ready" else "WAITING_UPLOAD"
        body = {
            "id": _bare(held.id),
            "status": "ALLOWED",
            "mediaTypeFamily": "STILLIMAGE",
            "created": held.created_ms,
        }
        return wire.answer({**body, "recipes": [{"recipe": _RECIPE, "status": status}]})

    async def download(self, request: Request) -> Response:
        """With bearer always; where the address is signed, the signature must hold too."""
        account = self.access.account(request)
        if isinstance(account, Response):
            return account
        held = self.world.media.get(f"urn:li:digitalmediaAsset:{request.path_params['asset']}")
        if held is None or held.account != account.id or held.state == "waiting":
            return errors.error("Not found", status=404)
        query = request.query_params
        if "t" in query and not media.signed_well(self.world, held.id, query.get("e", ""), query["t"]):
            return Response("URL signature expired", status_code=403, media_type="text/plain")
        return Response(media.read(self.world, held), media_type=held.mime)


def _bare(urn: str) -> str:
    return urn.rsplit(":", 1)[-1]
