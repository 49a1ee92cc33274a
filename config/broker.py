"""The broker's client for the few lines of ours that speak to it directly."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL or "unix:///nowhere/valkey.sock", socket_connect_timeout=2, socket_timeout=3
    )
