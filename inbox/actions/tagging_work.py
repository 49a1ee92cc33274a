"""What customers' messages say of themselves: language, words that rules know, and what the models make of them.

Takes time and writes nothing; `_tagging.apply` decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inbox.learning import encoder, languages
from inbox.learning.languages import Heard
from inbox.models import Brand, Message, ModelKind, Sentiment
from inbox.queries import tag_knowledge
from inbox.queries.tag_knowledge import KnownModel, KnownRule, KnownTag, Ruled
from inbox.rules import built_in_tags, tagging

WORTH_SUGGESTING = 0.35
MOST_SUGGESTIONS = 3  # of one message

_MOOD_RULES = built_in_tags.mood_rules()
_MOODS = tagging.Rules(enumerate(condition for _, condition in _MOOD_RULES))


@dataclass(frozen=True, slots=True)
class RuleSaid:
    tag: KnownTag
    rule: KnownRule
    because: str


@dataclass(frozen=True, slots=True)
class ModelSaid:
    tag: KnownTag
    confidence: float
    version: int
    sure: bool  # above the confidence that held on corrections this model has not learned from


@dataclass(frozen=True, slots=True)
class Mood:
    """By a word that leaves no doubt, or by the model."""

    sentiment: str
    because: str = ""
    confidence: float | None = None
    version: int | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    message_id: int
    heard: Heard
    words: int
    rules: tuple[RuleSaid, ...]
    models: tuple[ModelSaid, ...]
    mood: Mood | None


@dataclass(frozen=True, slots=True)
class Readings:
    """What was found in a batch of messages: of each conversation in the order they were written."""

    of: dict[int, list[Reading]] = field(default_factory=dict)


def read(brand: Brand, messages: Sequence[Message]) -> Readings:
    """Outside any transaction. A handful of queries, however many messages: they come with their conversations."""
    messages = [message for message in messages if message.text.strip()]
    if not messages:
        return Readings()
    tags = tag_knowledge.tags_of(brand.pk)
    ruled = tag_knowledge.rules_of(brand.pk)
    among = tuple(brand.languages)
    guesses, moods = _ask_models(brand.pk, [message.text for message in messages], tags)
    found = Readings()
    spoken: dict[int, str] = {}
    for index, message in enumerate(messages):
        heard = languages.hear(message.text, among)
        place = message.conversation
        spoken[place.pk] = heard.told or spoken.get(place.pk, place.language)
        said = tagging.Said(
            text=message.text,
            language=heard.among(spoken[place.pk]),
            platform=place.platform,
            kind=place.kind,
        )
        found.of.setdefault(message.conversation_id, []).append(
            Reading(
                message_id=message.pk,
                heard=heard,
                words=languages.count_words(message.text),
                rules=_by_rules(ruled, tags, said),
                models=guesses[index],
                mood=_mood_by_words(said) or moods[index],
            )
        )
    return found


def _by_rules(ruled: Ruled, tags: dict[int, KnownTag], said: tagging.Said) -> tuple[RuleSaid, ...]:
    hits = ((ruled.by_id[hit.rule_id], hit.because) for hit in ruled.rules.hits(said))
    return tuple(RuleSaid(tags[rule.tag_id], rule, because) for rule, because in hits if rule.tag_id in tags)


def _mood_by_words(said: tagging.Said) -> Mood | None:
    """Words of anger and joy in one breath settle nothing."""
    heard = {_MOOD_RULES[hit.rule_id][0]: hit.because for hit in reversed(_MOODS.hits(said))}
    if len(heard) != 1:
        return None
    [(mood, because)] = heard.items()
    return Mood(mood, because=because)


def _ask_models(
    brand_id: int, texts: Sequence[str], tags: dict[int, KnownTag]
) -> tuple[list[tuple[ModelSaid, ...]], list[Mood | None]]:
    """All sentences at once: a batch costs a third of what they cost one by one."""
    tagger = tag_knowledge.model_of(brand_id, ModelKind.TAGS, tag_knowledge.own_names(tags))
    hearer = tag_knowledge.model_of(brand_id, ModelKind.SENTIMENT)
    reads = encoder.installed()
    if tagger is None or hearer is None or reads is None:
        return [() for _ in texts], [None for _ in texts]
    vectors = reads.encode(texts)
    by_label = {tag.label: tag for tag in tags.values()}
    guesses = [_guesses(tagger, row, by_label) for row in tagger.classifier.confidences(vectors).tolist()]
    return guesses, [_mood(hearer, row) for row in hearer.classifier.confidences(vectors).tolist()]


def _guesses(model: KnownModel, row: list[float], by_label: dict[str, KnownTag]) -> tuple[ModelSaid, ...]:
    ranked = sorted(zip(row, model.classifier.labels, strict=True), reverse=True)[:MOST_SUGGESTIONS]
    return tuple(
        ModelSaid(
            by_label[label], round(confidence, 4), model.version, confidence >= model.sure_above.get(label, 2)
        )
        for confidence, label in ranked
        if confidence >= WORTH_SUGGESTING and label in by_label
    )


def _mood(model: KnownModel, row: list[float]) -> Mood | None:
    if not row:
        return None
    confidence, label = max(zip(row, model.classifier.labels, strict=True))
    if confidence < 0.5 or label not in Sentiment.values:
        return None
    sure = confidence >= model.sure_above.get(label, 2)
    return Mood(label, confidence=round(confidence, 4), version=model.version, sure=sure)
