"""Instagram Direct and comments, through Instagram Login (no Facebook Page needed)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from connectors.contract import (
    AuthRules,
    FileLimit,
    HistoryRules,
    Manifest,
    Origins,
    Pace,
    ReceiveRules,
    SendRules,
    TextLimit,
    Unit,
    WindowRules,
    configured,
)

CHECKED_ON: Final = date(2026, 7, 5)
SENDS: Final = "send"  # messages, and that somebody writes one
RECORDINGS: Final = "recordings"  # of the messages those that are a sound or a film
CONVERSATIONS: Final = "conversations"  # their list, and what was said in one
HIDDEN: Final = "Somebody on Instagram"
STAND_IN: Final = (
    "author-of:"  # begins the id of an author whom Instagram does not tell; nobody can be asked about it
)
POSTS: Final = 100  # the newest; people seldom write under older ones, and each costs a call
_MEGABYTE: Final = 1024 * 1024

ORIGINS: Final = Origins(
    consent="https://www.instagram.com",
    token="https://api.instagram.com",  # noqa: S106 (an address)
    api="https://graph.instagram.com",
    media="https://lookaside.fbsbx.com",
)

MANIFEST: Final = configured(
    Manifest(
        key="instagram",
        label="Instagram",
        mark="IG",
        colour="#c13584",
        send=SendRules(
            text=TextLimit(max=1000, unit=Unit.UTF8_BYTES, checked_on=CHECKED_ON),
            public_text=TextLimit(max=2200, unit=Unit.CODE_POINTS, checked_on=CHECKED_ON),
            files={
                "image": FileLimit(("image/png", "image/jpeg", "image/gif"), 8 * _MEGABYTE),
                "video": FileLimit(
                    ("video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"),
                    25 * _MEGABYTE,
                ),
                "audio": FileLimit(
                    ("audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"), 25 * _MEGABYTE
                ),
                "file": FileLimit(("application/pdf",), 25 * _MEGABYTE),
            },
            files_per_message=10,
            text_with_files=False,
            reply_to=True,
            typing=True,
            fetches_for=timedelta(seconds=75),  # error 2018294
        ),
        receive=ReceiveRules(
            mode="webhook",
            edits=True,
            unsends=True,
            reactions=True,
            reads=True,
            comments=True,
            retries=True,
            of_comments=frozenset(),
            of_mentions=frozenset(),  # no event tells of them
        ),
        window=WindowRules(
            standard=timedelta(hours=24),
            human_agent=timedelta(days=7),
            opens_on=frozenset(
                {
                    "text",
                    "story_reply",
                    "story_mention",
                    "share",
                    "quick_reply",
                    "postback",
                    "unsupported",
                    "reaction",
                }
            ),
        ),
        history=HistoryRules(messages_per_thread=20, posts=POSTS),
        auth=AuthRules(
            scopes=(
                "instagram_business_basic",
                "instagram_business_manage_messages",
                "instagram_business_manage_comments",
            ),
            refresh="extend",
            refresh_before=timedelta(days=10),
            refresh_min_age=timedelta(hours=24),
        ),
        start="never",
        hidden_name=HIDDEN,
        told_by_handle=STAND_IN,
        paces={
            SENDS: Pace(per_second=100, checked_on=CHECKED_ON),
            # It takes ten. One that is late for its turn comes in the next second, besides that one's own.
            RECORDINGS: Pace(per_second=9, checked_on=CHECKED_ON),
            CONVERSATIONS: Pace(per_second=2, checked_on=CHECKED_ON),
        },
        notes=(
            "Text: one page says both “less than 1000 characters” and “1000 bytes or less”; bytes are counted.",
            "Send rate: 100 a second in the older page, 300 in a newer one; 100 leave at most (figure send_per_s), and the usage headers are obeyed.",
            "Conversations: 2 calls a second for each account, which no header tells; they are made at that pace (figure conversations_per_s).",
            "Comments: shown flat in the pages, delivered inside changes[]; both are read.",
            "Edits: message_edit and message_edits, in messaging[] and in changes[]; all are read.",
            "Echoes come with the field “messages”; a table lists message_echoes apart; both may be subscribed.",
        ),
    )
)
