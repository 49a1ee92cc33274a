"""Why a conversation stands where it stands: its priority with reasons, its clocks, its tags with who set them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.models import (
    Brand,
    Conversation,
    ConversationState,
    ConversationTag,
    Priority,
    SetBy,
    Tag,
    TagState,
)
from inbox.queries import clocks, routing_shown
from inbox.queries.clocks import ClockShown
from inbox.queries.routing_shown import RoutingShown


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag of the brand, and what became of it on this conversation."""

    tag: Tag
    row: ConversationTag | None = None

    @property
    def is_set(self) -> bool:
        return self.row is not None and self.row.state == TagState.SET

    @property
    def is_suggested(self) -> bool:
        return self.row is not None and self.row.state == TagState.SUGGESTED

    @property
    def who(self) -> str:
        if self.row is None or self.row.state == TagState.UNDONE:
            return ""
        match self.row.set_by:
            case SetBy.RULE:
                name = self.row.rule.name if self.row.rule else "a rule that is no more"
                return f"rule {name}" + (f", “{self.row.because}”" if self.row.because else "")
            case SetBy.MODEL:
                return f"model v{self.row.model_version or 0} {self.row.confidence or 0:.2f}"
        return self.row.person.short_name if self.row.person else "a person"


@dataclass(frozen=True, slots=True)
class MoodShown:
    """How the customer feels, and who says so."""

    name: str  # a Sentiment
    who: str


@dataclass(frozen=True, slots=True)
class TriageFacts:
    conversation: Conversation
    brand_slug: str
    clocks: list[ClockShown]
    tags: list[TagShown]
    suggested: list[TagShown]
    routing: RoutingShown

    @property
    def ended(self) -> bool:
        return self.conversation.state in (ConversationState.RESOLVED, ConversationState.SPAM)

    @property
    def turns(self) -> datetime | None:
        """When the first of the clocks that run counts again, or stops for the day: until then all of this is so while nothing happens."""
        return min((each.turns for each in self.clocks if each.turns), default=None)

    @property
    def priority(self) -> str:
        return Priority(self.conversation.priority).label

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(int(points), str(why)) for points, why in self.conversation.priority_reasons]

    @property
    def mood(self) -> MoodShown | None:
        c = self.conversation
        if not c.sentiment:
            return None
        by = {SetBy.MODEL: self._model, SetBy.RULE: "clear words", SetBy.PERSON: "a person"}
        who = next((words for set_by, words in by.items() if set_by == c.sentiment_set_by), "")
        return MoodShown(c.sentiment, who)

    @property
    def suggested_mood(self) -> MoodShown | None:
        c = self.conversation
        if not c.sentiment_suggested:
            return None
        # Beside a mood that is set, version and confidence are told of that one.
        return MoodShown(c.sentiment_suggested, "the model" if c.sentiment else self._model)

    @property
    def _model(self) -> str:
        c = self.conversation
        return f"model v{c.sentiment_version or 0} {c.sentiment_confidence or 0:.2f}"


def of(conversation: Conversation, *, brand_slug: str, now: datetime) -> TriageFacts:
    rows = ConversationTag.objects.filter(conversation=conversation).exclude(state=TagState.UNDONE)
    shown = [
        TagShown(row.tag, row)
        for row in rows.select_related("tag", "rule", "person").order_by("set_at", "pk")
    ]
    return TriageFacts(
        conversation=conversation,
        brand_slug=brand_slug,
        clocks=clocks.of(conversation, now=now),
        tags=[each for each in shown if each.is_set],
        suggested=[each for each in shown if each.is_suggested],
        routing=routing_shown.of(conversation, now=now),
    )


def choices(conversation: Conversation, brand: Brand) -> list[TagShown]:
    """Every tag of the brand: those that are on, those suggested, the others."""
    rows = {
        row.tag_id: row
        for row in ConversationTag.objects.filter(conversation=conversation).select_related("rule", "person")
    }
    found = [TagShown(tag, rows.get(tag.pk)) for tag in Tag.objects.filter(brand=brand).order_by("name")]
    return sorted(found, key=lambda each: (not each.is_set, not each.is_suggested))
