"""The member changelog: the only feed that carries direct messages."""

from bisect import bisect_left, bisect_right, insort
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from simulator import media, tokens, wire
from simulator.kernel import Kernel
from simulator.models import Account, Message
from simulator.platforms.linkedin import errors
from simulator.world import Happening

HORIZON_MS = 28 * tokens.DAY_MS
_METHODS = {"message": "CREATE", "edit": "UPDATE", "read": "UPDATE", "unsend": "DELETE"}


def _processed(row: dict[str, Any]) -> int:
    return int(row["processedAt"])


class Changelog:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    # Writing

    def record(self, happening: Happening) -> None:
        """A listener of the world: messages, edits, deletions, and that something was read, of consenting members."""
        account, message, what = happening.account, happening.message, happening.kind
        if account.platform != "linkedin" or message is None or not account.consented_ms:
            return
        if what not in _METHODS or message.kind in {"comment", "mention"}:
            return
        if what == "read":
            message.extra.setdefault("read_ms", happening.at_ms)
        faults, scope = self.kernel.faults, {"platform": "linkedin", "account": account.id}
        late = self.world.settings.linkedin_latency_ms
        fault = ""
        if hit := faults.draw("reorder", **scope):
            late, fault = late + int(hit.random.uniform(0, hit.number("max_ms", 1500))), "reorder"
        if happening.client == "api" and what == "message":
            if faults.draw("echo.early", **scope):
                late, fault = 0, "echo.early"
            elif hit := faults.draw("echo.late", **scope):
                late, fault = late + int(hit.number("delay_ms", 5000)), "echo.late"
        if what == "message":
            message.told = True
        row = self._row(account, message, what=what, late=late, fault=fault)
        self._append(row, message, fault=fault, what=what)
        for name in ("dup.rebatched", "dup.exact"):
            if hit := faults.draw(name, **scope):
                again = late + int(hit.random.uniform(200, 900))
                twin = (
                    self._row(account, message, what=what, late=again)
                    if name == "dup.rebatched"
                    else dict(row)
                )
                self._append(twin, message, fault=name, what=what)

    def _append(self, row: dict[str, Any], message: Message, *, fault: str, what: str) -> None:
        insort(self.world.changelog, row, key=_processed)
        self.world.store.put("changelog", f"{row['id']}-{len(self.world.changelog)}", row)
        self._note(message, fault=fault, status="polled", what=what)

    def _note(self, message: Message, *, fault: str, status: str, what: str) -> None:
        entry: dict[str, Any] = {"at_ms": self.world.clock.now_ms(), "status": status}
        if what != "message":
            entry["what"] = what
        if fault or message.extra.get("fault"):
            entry["fault"] = fault or message.extra["fault"]
        message.deliveries.append(entry)
        self.world.save_message(message)

    def _row(
        self, account: Account, message: Message, *, what: str, late: int, fault: str = ""
    ) -> dict[str, Any]:
        """What waited and was overtaken was taken up again by LinkedIn, and its status says so."""
        now = self.world.clock.now_ms()
        processed = now + late
        taken = {_processed(row) for row in self.world.changelog[-50:]}
        while processed in taken and not self.kernel.faults.rule(
            "poll.inclusive", platform="linkedin", account=account.id
        ):
            processed += 1
        near_limit = (
            self.kernel.faults.rule("ids.19digit", platform="linkedin", account=account.id) is not None
        )
        return {
            "id": self.world.ids.number() + (9_223_372_036_000_000_000 if near_limit else 0),
            "resourceName": "messages",
            "method": _METHODS[what],
            "activityStatus": "SUCCESSFUL_REPLAY" if fault == "reorder" else "SUCCESS",
            "configVersion": 4,
            "owner": account.id,
            "actor": message.sender,
            "resourceId": message.id,
            "resourceUri": f"/messages/{message.id}",
            "activityId": self.world.ids.uuid(),
            "capturedAt": message.at_ms if what == "message" else now,
            "processedAt": processed,
            "activity": self._activity(account, message, what=what, now=now),
            "processedActivity": {},
            "siblingActivities": [],
            "parentSiblingActivities": [],
        }

    def _activity(self, account: Account, message: Message, *, what: str, now: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": message.id,
            "$URN": f"urn:li:messagingMessage:{message.id}",
            "owner": message.sender,
            "author": message.sender,
            "thread": f"urn:li:messagingThread:{message.thread}",
            "createdAt": message.at_ms,
            "deliveredAt": message.at_ms,
            "clientExperience": {"clientGeneratedToken": self.world.ids.uuid()},
        }
        if what == "read":
            return {**body, "readAt": message.extra["read_ms"]}
        if what == "unsend":
            return {**body, "deletedAt": now, "attachments": []}
        content: dict[str, Any] = {
            "format": "TEXT",
            "formatVersion": 1,
            "fallback": message.text,
            "content": {"string": message.text},
        }
        if message.attachments:
            content["attachments"] = [self._file(one) for one in message.attachments]
        urns = [str(one["media_id"]) for one in message.attachments if "media_id" in one]
        return {**body, "content": content, "attachments": urns, **self._membership(account, message)}

    def _membership(self, account: Account, message: Message) -> dict[str, Any]:
        """Who is in a group. Synthetic: the documents speak of such a list and show none."""
        thread = self.world.thread(account, message.thread)
        if thread is None or thread.kind != "group":
            return {}
        if self.kernel.faults.rule("group.untold", platform="linkedin", account=account.id):
            return {}
        return {"membership": [account.id, *thread.people]}

    def _file(self, row: dict[str, Any]) -> dict[str, Any]:
        held = self.world.media.get(str(row.get("media_id", "")))
        link = media.linkedin_url(self.world, held) if held else str(row.get("url", ""))
        return {
            "id": row.get("media_id", ""),
            "mediaType": row.get("mime", ""),
            "name": row.get("name", ""),
            "byteSize": row.get("size", 0),
            "reference": {"string": link},
        }

    # Reading

    async def consent(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """POST and GET /rest/memberAuthorizations: only what happens after the consent is in the feed."""
        if request.method == "POST":
            if not account.consented_ms:
                account.consented_ms = self.world.clock.now_ms()
                self.world.save_account(account)
                await self.world.store.flushed()
            return Response(status_code=201, headers={"x-restli-id": account.id})
        rows = []
        if account.consented_ms:
            number = self.world.app("linkedin").application_id
            key = {"developerApplication": f"urn:li:developerApplication:{number}", "member": account.id}
            rows = [
                {
                    "memberComplianceAuthorizationKey": key,
                    "regulatedAt": account.consented_ms,
                    "memberComplianceScopes": ["DMA"],
                }
            ]
        return wire.answer({"elements": rows, "paging": {"start": 0, "count": 10, "links": []}})

    async def poll(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        query = request.query_params
        if query.get("q") != "memberAndApplication":
            return errors.error("Query parameter q must be memberAndApplication", status=400)
        if not account.consented_ms:
            return errors.forbidden("The member has not authorized the application.")
        count, start = query.get("count", "10"), query.get("start", "0")
        if not count.isdecimal() or not 1 <= int(count) <= 50 or not start.isdecimal():
            return errors.error("Query parameter count must be between 1 and 50", status=400)
        now = self.world.clock.now_ms()
        since = int(query["startTime"]) if query.get("startTime", "").isdecimal() else 0
        begin = bisect_left(self.world.changelog, max(since, now - HORIZON_MS), key=_processed)
        end = bisect_right(self.world.changelog, now, key=_processed)
        rows = [row for row in self.world.changelog[begin:end] if row["owner"] == account.id]
        first, size = int(start), int(count)
        total = len(rows)
        if hit := self.kernel.faults.draw("poll.inclusive", platform="linkedin", account=account.id):
            total = hit.random.randint(0, 500)
            # Shorter than asked although there is more, now and then empty with a next link.
            size = hit.random.choice([0, 1, max(1, size // 2), size])
        shown = rows[first : first + size]
        for row in shown:
            self._served(account, row)
        links = []
        if first + len(shown) < len(rows):
            onward = {
                "q": "memberAndApplication",
                "startTime": str(since),
                "count": count,
                "start": str(first + len(shown)),
            }
            links.append(
                {
                    "type": "application/json",
                    "rel": "next",
                    "href": f"/rest/memberChangeLogs?{urlencode(onward)}",
                }
            )
        paging = {"start": first, "count": int(count), "total": total, "links": links}
        return wire.answer({"elements": [self._fresh(account, row) for row in shown], "paging": paging})

    def _fresh(self, account: Account, row: dict[str, Any]) -> dict[str, Any]:
        """File addresses are signed anew; a file that was sent stays reachable while the feed shows it. What was read since says so."""
        files = row["activity"].get("content", {}).get("attachments")
        message = self.world.message(account, row["resourceId"])
        if message is not None and row["method"] == "CREATE" and "read_ms" in message.extra:
            row = {**row, "activity": {**row["activity"], "readAt": message.extra["read_ms"]}}
        if not files or message is None or not message.attachments:
            return row
        content = {
            **row["activity"]["content"],
            "attachments": [self._file(one) for one in message.attachments],
        }
        return {**row, "activity": {**row["activity"], "content": content}}

    def _served(self, account: Account, row: dict[str, Any]) -> None:
        message = self.world.message(account, row["resourceId"])
        if message is not None and not message.known:
            message.known = True
            self.world.save_message(message)

    async def snapshot(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """GET /rest/memberSnapshotData?q=criteria&domain=INBOX: everything, with keys for people."""
        if request.query_params.get("domain") != "INBOX":
            return wire.answer({"elements": [], "paging": {"start": 0, "count": 10, "links": []}})
        rows = [
            self._plain(account, one)
            for thread in [
                *self.world.account_threads(account, kind="direct"),
                *self.world.account_threads(account, kind="group"),
            ]
            for one in self.world.thread_messages(thread)
            if not one.deleted
        ]
        element = {"snapshotDomain": "INBOX", "snapshotData": rows}
        return wire.answer({"elements": [element], "paging": {"start": 0, "count": 10, "links": []}})

    def _plain(self, account: Account, message: Message) -> dict[str, str]:
        person = self.world.person("linkedin", message.sender)
        self.world.show(message)
        return {
            "CONVERSATION ID": message.thread,
            "FROM": person.name if person else account.name,
            "SENDER PROFILE URL": f"https://www.linkedin.com/in/{person.handle if person else account.handle}",
            "DATE": str(message.at_ms),
            "CONTENT": message.text,
            "FOLDER": "INBOX",
        }
