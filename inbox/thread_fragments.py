"""What an open thread is told: its entries, and what stands around them, as one piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from inbox.models import Conversation
from inbox.queries import composer, inbox_list, triage_facts
from inbox.queries import context as person_context
from inbox.queries.timeline import Entry


def html_of(
    conversation: Conversation,
    entries: Sequence[Entry],
    *,
    with_head: bool,
    with_composer: bool,
    with_person: bool = False,
    unavailable: str | None = None,
) -> str:
    now = timezone.now()
    slug = conversation.brand.slug
    state = (
        composer.of(
            conversation, channel=conversation.channel, brand_slug=slug, now=now, unavailable=unavailable
        )
        if with_composer
        else None
    )
    head = inbox_list.head_of(conversation, brand_slug=slug) if with_head else None
    triage = triage_facts.of(conversation, brand_slug=slug, now=now) if with_head else None
    who = person_context.who_of(conversation) if with_person else None
    return render_to_string(
        "inbox/live/thread.html",
        {"conversation": conversation, "entries": entries, "composer": state, "head": head, "triage": triage, "who": who},
    )  # fmt: skip


def message_of(conversation: Conversation, html: str, seq: int, gone: Sequence[str] = ()) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "thread",
        "conversation": str(conversation.public_id),
        "html": html,
        "last": seq,
    }
    return told | {"gone": list(gone)} if gone else told
