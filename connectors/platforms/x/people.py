"""Users of X, in the three shapes they come in: v1 objects, v2 objects, and v2 objects wrapped in `data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import wire
from connectors.contract import Party


def party(given: object, external_id: str = "") -> Party:
    holder = wire.mapping(given)
    if isinstance(holder.get("data"), Mapping):
        holder = holder["data"]
    metrics = wire.mapping(holder.get("public_metrics"))
    verified, takes = holder.get("verified"), holder.get("receives_your_dm")
    followers = (
        metrics.get("followers_count_str"),
        metrics.get("followers_count"),
        holder.get("followers_count"),
    )
    return Party(
        external_id=external_id or wire.exact_id(holder),
        name=wire.text(holder.get("name")),
        username=wire.text(holder.get("username")) or wire.text(holder.get("screen_name")),
        avatar_url=wire.text(holder.get("profile_image_url_https"))
        or wire.text(holder.get("profile_image_url")),
        followers=next((number for each in followers if (number := wire.count(each)) is not None), None),
        verified=verified if isinstance(verified, bool) else None,
        takes_messages=takes if isinstance(takes, bool) else None,
    )


def known(users: object) -> dict[str, Mapping[str, Any]]:
    """Users by id, from a map (webhooks) or a list (v2 `includes`)."""
    if isinstance(users, Mapping):
        return {str(key): wire.mapping(value) for key, value in users.items()}
    return {wire.exact_id(each): each for each in wire.entries(users)}


def find(users: Mapping[str, Mapping[str, Any]], external_id: str) -> Party:
    return party(users.get(external_id), external_id)
