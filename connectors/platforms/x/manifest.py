"""X: direct messages and mentions, by webhook (X Activity API; Account Activity API payloads are read too)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from connectors.contract import (
    AuthRules,
    FileLimit,
    HistoryRules,
    Manifest,
    Origins,
    Quota,
    ReceiveRules,
    SendRules,
    TextLimit,
    Unit,
    configured,
)

CHECKED_ON: Final = date(2026, 8, 22)
SENDS: Final = "send"
ALL_MESSAGES: Final = "messages"  # X counts each address by itself
ONE_THREAD: Final = "thread"
ONE_MESSAGE: Final = "message"
_MEGABYTE: Final = 1024 * 1024

ORIGINS: Final = Origins(
    consent="https://x.com",
    token="https://api.x.com",  # noqa: S106 (an address)
    api="https://api.x.com",
    media="https://api.x.com",
)

MANIFEST: Final = configured(
    Manifest(
        key="x",
        label="X",
        mark="X",
        colour="#536471",
        send=SendRules(
            text=TextLimit(max=10_000, unit=Unit.CODE_POINTS, checked_on=CHECKED_ON),
            public_text=TextLimit(max=280, unit=Unit.WEIGHTED, checked_on=CHECKED_ON),
            files={
                "image": FileLimit(
                    ("image/jpeg", "image/png", "image/gif", "image/webp"),
                    5 * _MEGABYTE,
                    max_of={"image/gif": 15 * _MEGABYTE},
                ),
                "video": FileLimit(("video/mp4",), 512 * _MEGABYTE),
            },
            files_per_message=1,
            text_with_files=True,
            public_reply_to=True,
            reach_in_profile=True,
        ),
        receive=ReceiveRules(
            mode="webhook", reads=True, typing=True, groups=True, comments=True, escaped=True
        ),
        history=HistoryRules(age=timedelta(days=30)),
        auth=AuthRules(
            scopes=(
                "dm.read",
                "dm.write",
                "tweet.read",
                "tweet.write",
                "users.read",
                "media.write",
                "offline.access",
            ),
            pkce=True,
            refresh="rotate",
            refresh_before=timedelta(minutes=10),
        ),
        start="reachable",
        quotas=dict.fromkeys(
            (ALL_MESSAGES, ONE_THREAD, ONE_MESSAGE, SENDS),
            Quota(calls=15, window=timedelta(minutes=15), checked_on=CHECKED_ON),
        ),
        checked={"text_escaped": date(2026, 11, 29)},
        notes=(
            "CRC: hourly in one page, every 30 minutes if stale in another; every one is answered.",
            "Signatures: with the consumer secret in one page, in a newer one with the OAuth 2 client secret under a header of its own;"
            " both are taken. A CRC is answered with the first webhook secret, or with the client secret where there is none.",
            "Reads of messages: 300 in 15 minutes in the migration page, 15 in the rate page; the headers decide, and where none comes 15 are counted (figure"
            " reads_per_15_min).",
            "Sends: 15 in 15 minutes in the pages, 99 seen in a header; the headers decide, and where none comes 15 are counted (figure sends_per_15_min).",
            "History: 30 days, or without limit for one conversation; 30 days are promised.",
            "Shared posts: referenced_tweets in the guide, referenced_posts in the specification; both are read.",
            "A 429 comes as problem+json or as errors[] with code 88; both are read.",
            "Length of a public post is weighted (280; an address counts 23, with or without https, a CJK letter 2, and so does an emoji of however many signs).",
            "Texts: no page says so, and clients report that &, < and > come as &amp;, &lt; and &gt;, in posts and in messages, received and"
            " sent; they are read back once (figure text_escaped).",
            "Blocks: the Activity API tells only those that the account made itself, to the scope block.read, and not when; they are not"
            " asked for. That a person has blocked the account shows at the next message.",
            "No event tells that a message was deleted or edited; nor is it certain that groups are delivered.",
        ),
    )
)
