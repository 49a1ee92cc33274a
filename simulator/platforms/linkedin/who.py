"""Members, organizations and roles."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.models import Account, Person
from simulator.platforms.linkedin import errors
from simulator.world import World


class Who:
    def __init__(self, world: World) -> None:
        self.world = world

    async def me(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        bare = account.id.rsplit(":", 1)[-1]
        if request.url.path.endswith("userinfo"):
            return wire.answer(
                {"sub": bare, "name": account.name, "given_name": account.name, "family_name": ""}
            )
        return wire.answer(
            {
                "id": bare,
                "localizedFirstName": account.name,
                "localizedLastName": "",
                "vanityName": account.handle,
            }
        )

    async def roles(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        row = {
            "organization": account.organization,
            "organizationTarget": account.organization,
            "role": "ADMINISTRATOR",
            "roleAssignee": account.id,
            "state": "APPROVED",
        }
        rows = [row] if account.organization else []
        return wire.answer(
            {"elements": rows, "paging": {"start": 0, "count": 10, "total": len(rows), "links": []}}
        )

    async def organization(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        number = request.path_params["id"]
        if account.organization.rpartition(":")[2] != number:
            return errors.error("Not found", status=404)
        return wire.answer({"id": int(number), "localizedName": account.name, "vanityName": account.handle})

    async def member(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        bare = request.path_params["key"].removeprefix("id:")
        person: Person | None = self.world.person("linkedin", f"urn:li:person:{bare}")
        if person is None:
            return errors.error("Not found", status=404)
        first, _, last = person.name.partition(" ")
        return wire.answer(
            {"id": bare, "localizedFirstName": first, "localizedLastName": last, "vanityName": person.handle}
        )
