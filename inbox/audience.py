"""Whether anybody listens to a group. In a burst, rendering for nobody would cost many times more than storing the messages.

A page that subscribes a moment later misses nothing: it asks for what happened since the number it was made at.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

import redis
import structlog
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

log = structlog.get_logger(__name__)


def of(groups: Iterable[str]) -> set[str]:
    """Those of these groups that some process has subscribed to; all of them when that cannot be known."""
    asked = list(dict.fromkeys(groups))
    if not asked or not isinstance(get_channel_layer(), RedisPubSubChannelLayer):
        return set(asked)
    prefix = cast(Any, settings.CHANNEL_LAYERS)["default"]["CONFIG"]["prefix"]
    try:
        counts = _client(settings.REDIS_URL).pubsub_numsub(*(f"{prefix}__group__{group}" for group in asked))
    except redis.RedisError as error:
        log.warning("audience_unknown", error=type(error).__name__)
        return set(asked)
    return {group for group, (_, listeners) in zip(asked, counts, strict=True) if listeners}


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=3)
