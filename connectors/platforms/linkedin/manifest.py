"""LinkedIn: messages by polling the member's change log, comments of a page by webhook."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from connectors.contract import (
    AuthRules,
    FileLimit,
    HistoryRules,
    Manifest,
    Origins,
    ReceiveRules,
    SendRules,
    TextLimit,
    Unit,
    configured,
)

CHECKED_ON: Final = date(2026, 8, 13)
HIDDEN: Final = "LinkedIn member"
SENDS: Final = "w_member_messages"  # the scope without which no message may be sent
CHANGELOG_AGE: Final = timedelta(days=28)
_MEGABYTE: Final = 1024 * 1024

ORIGINS: Final = Origins(
    consent="https://www.linkedin.com",
    token="https://www.linkedin.com",  # noqa: S106 (an address)
    api="https://api.linkedin.com",
    media="https://api.linkedin.com",
)

MANIFEST: Final = configured(
    Manifest(
        key="linkedin",
        label="LinkedIn",
        mark="in",
        colour="#0a66c2",
        send=SendRules(
            text=TextLimit(max=8000, unit=Unit.CODE_POINTS, checked_on=CHECKED_ON),
            public_text=TextLimit(max=1250, unit=Unit.CODE_POINTS, checked_on=CHECKED_ON),
            files={
                "image": FileLimit((), 20 * _MEGABYTE),
                "video": FileLimit((), 20 * _MEGABYTE),
                "audio": FileLimit((), 20 * _MEGABYTE),
                "file": FileLimit((), 20 * _MEGABYTE),
            },
            files_per_message=10,
            text_with_files=True,
            requires_human=True,
        ),
        receive=ReceiveRules(
            mode="poll",
            edits=True,
            unsends=True,
            reads=True,
            groups=True,
            comments=True,
            retries=True,
            of_mentions=frozenset(),  # comments alone have notifications of changes
        ),
        history=HistoryRules(age=CHANGELOG_AGE),
        auth=AuthRules(
            scopes=(
                "openid",
                "profile",
                "r_dma_portability_3rd_party",
                SENDS,
                "r_organization_social_feed",
                "w_organization_social_feed",
                "rw_organization_admin",
            ),
            refresh="fixed_end",
            refresh_before=timedelta(days=5),
        ),
        start="connected",
        poll_every=timedelta(seconds=30),
        profile_cache=timedelta(hours=24),
        hidden_name=HIDDEN,
        comments_kept=timedelta(hours=48),
        notes=(
            "Length of a message: 1,900, 3,000 and 8,000 are told, none by LinkedIn; 8,000 is assumed.",
            "Webhooks of the Development tier are said to be off (one source).",
            "Members' messages come from the Member Changelog (EEA and Switzerland) about half a minute late.",
            "No public page names the scope that sends; w_member_messages is asked for, and PARLEY_PLATFORM_FIGURES may name others.",
            "Who consented is told to openid and profile (Sign In with LinkedIn), to r_basicprofile (Community Management), to the"
            " change log's consent or to a page's role; the first two are asked for.",
            "Sending is for approved partners, to first-degree connections, and always at a person's own click: what could not leave"
            " within twenty minutes of it is left to a person.",
            "Reads: readAt of our own message is all there is; no event tells it.",
            "Comments and other social activity may be kept for 48 hours, profiles of others for 24: words and media of comments go"
            " then, and profiles are asked for anew.",
        ),
    )
)
