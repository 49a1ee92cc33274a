"""Accounts are connected, by the connectors themselves, as the platforms want it."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.platforms.linkedin.connector import connector as linkedin
from tests.simulator.bridge import connected
from tests.simulator.outside import Outside, simulated

MEMBER = "urn:li:person:2qXA98-mVk"


@simulated
async def test_linkedin_tells_who_consented_to_what_is_asked_for(outside: Outside) -> None:
    brand = await connected(outside, linkedin)

    await brand.signs_in()

    assert brand.account is not None and brand.account.external_id == MEMBER
    assert brand.account.name


@pytest.mark.parametrize("scope", ["r_basicprofile", "r_dma_portability_3rd_party", "rw_organization_admin"])
def test_linkedin_tells_who_consented_to_an_app_with_one_product(scope: str, tmp_path: Any) -> None:
    @simulated
    async def told(outside: Outside) -> None:
        brand = await connected(outside, linkedin)

        await brand.signs_in(scope=scope)

        assert brand.account is not None and brand.account.external_id == MEMBER

    told(tmp_path)


@pytest.mark.parametrize("partner", [True, False])
def test_linkedin_gives_the_right_to_renew_to_partners_alone(partner: bool, tmp_path: Any) -> None:
    @simulated
    async def granted(outside: Outside) -> None:
        world = outside.simulator.kernel.world
        world.settings = replace(world.settings, linkedin_partner=partner)
        brand = await connected(outside, linkedin)

        await brand.signs_in()

        assert brand.tokens is not None and bool(brand.tokens.refresh) is partner

    granted(tmp_path)
