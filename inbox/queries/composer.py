"""What the composer must know before a word is typed: may the brand write, until when, how much, which files."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from inbox.models import Channel, Conversation, ConversationKind, ConversationState, Handle
from inbox.platforms import Manifest, TextLimit, Unit
from inbox.queries import inbox_list, merges, spans
from inbox.rules import reply_policy
from inbox.rules.reply_policy import Situation, Verdict

_UNITS = {
    Unit.UTF8_BYTES: "bytes", Unit.CODE_POINTS: "characters", Unit.UTF16_UNITS: "characters", Unit.WEIGHTED: "characters",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Composer:
    conversation: Conversation
    channel: Channel
    brand_slug: str
    manifest: Manifest | None
    verdict: Verdict | None
    now: datetime
    emptied: bool = False

    @property
    def window(self) -> str:
        """How long one may still write, in the words that the page counts on from."""
        closes_at = self.verdict.window.closes_at if self.verdict else None
        return f"window {spans.of(closes_at - self.now)}" if closes_at and closes_at > self.now else ""

    @property
    def problem(self) -> str:
        """Why nobody may write now; empty when one may."""
        if self.verdict is None:
            return f"The connector for {self.conversation.platform} is not installed: this conversation can be read only."
        return merges.EMPTIED if self.emptied else self.verdict.problem

    @property
    def accept(self) -> str:
        kinds = self.manifest.send.files if self.manifest else {}
        return ",".join(mime for kind, rule in kinds.items() for mime in (rule.mimes or (_any_of(kind),)))

    @property
    def public(self) -> bool:
        return self.conversation.kind == ConversationKind.COMMENT

    @property
    def limit(self) -> TextLimit | None:
        return self.manifest.text_limit(public=self.public) if self.manifest else None

    @property
    def unit_word(self) -> str:
        return _UNITS[self.limit.unit] if self.limit else ""

    @property
    def max_files(self) -> int:
        return self.manifest.send.files_per_message if self.manifest and not self.public else 0

    @property
    def takes_files(self) -> bool:
        return bool(self.max_files and self.manifest and self.manifest.send.files)

    @property
    def quotes(self) -> bool:
        """Whether a reply may name the message that it answers."""
        if self.manifest is None:
            return False
        return self.manifest.send.reply_to or (self.public and self.manifest.send.public_reply_to)

    @property
    def house_max(self) -> int:
        """Bytes of the largest file that this installation takes, whatever the platform would."""
        return settings.UPLOAD_MAX_BYTES

    @property
    def files_json(self) -> str:
        """The limits for files, as the composer checks them before it uploads."""
        rules = self.manifest.send.files if self.manifest else {}
        return json.dumps(
            {
                kind: {"mimes": rule.mimes, "max": rule.max_bytes, "maxOf": dict(rule.max_of)}
                for kind, rule in rules.items()
            }
        )


def unreachable(conversations: Collection[Conversation]) -> dict[int, str]:
    """By conversation, why the platform says that its person cannot be written to; those who can are left out. One query."""
    places = {each.pk: (each.channel_id, each.recipient_key or each.thread_key) for each in conversations}
    found = Handle.objects.filter(
        channel__in={channel_id for channel_id, _ in places.values()},
        external_id__in={key for _, key in places.values()},
    ).exclude(unavailable_reason="")
    reasons = {
        (channel_id, key): reason
        for channel_id, key, reason in found.values_list("channel_id", "external_id", "unavailable_reason")
    }
    return {pk: reasons[place] for pk, place in places.items() if place in reasons}


def of(
    conversation: Conversation,
    *,
    channel: Channel,
    brand_slug: str,
    now: datetime,
    unavailable: str | None = None,
) -> Composer:
    """`unavailable`: what `unreachable` says of it, where somebody has asked already."""
    manifest = inbox_list.manifest_of(conversation.platform)
    if manifest is None:
        return Composer(conversation, channel, brand_slug, None, None, now)
    if unavailable is None:
        unavailable = unreachable([conversation]).get(conversation.pk, "")
    situation = Situation(
        opened_at=conversation.window_opened_at,
        channel_state=channel.state,
        channel_reason=channel.state_reason,
        unavailable_reason=unavailable,
        public=conversation.kind == ConversationKind.COMMENT,
        sends_resume_at=channel.sends_resume_at,
    )
    verdict = reply_policy.may_write(manifest, situation, now=now)
    is_bare = conversation.state == ConversationState.RESOLVED and not conversation.message_count
    emptied = is_bare and merges.emptied(conversation)
    return Composer(conversation, channel, brand_slug, manifest, verdict, now, emptied)


def _any_of(kind: str) -> str:
    return {"image": "image/*", "video": "video/*", "audio": "audio/*"}.get(kind, "*/*")
