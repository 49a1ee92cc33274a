"""What a brand goes by when its customers' messages are read: its rules, its tags, and the models in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

from inbox.learning import encoder
from inbox.models import LearnedModel, Tag, TagRule
from inbox.rules import built_in_tags, tagging

if TYPE_CHECKING:
    from inbox.learning.classifier import Classifier

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KnownTag:
    id: int
    name: str
    label: str  # what models call it (built_in_tags.label_of)


@dataclass(frozen=True, slots=True)
class KnownRule:
    id: int
    name: str
    tag_id: int


@dataclass(frozen=True, slots=True)
class KnownModel:
    version: int
    classifier: Classifier
    sure_above: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ruled:
    rules: tagging.Rules
    by_id: Mapping[int, KnownRule]


def tags_of(brand_id: int) -> dict[int, KnownTag]:
    found = Tag.objects.filter(brand_id=brand_id).order_by("pk").values_list("pk", "name", "key")
    return {pk: KnownTag(pk, name, built_in_tags.label_of(key, name)) for pk, name, key in found}


def own_names(tags: Mapping[int, KnownTag]) -> tuple[str, ...]:
    """What models call those that the brand made itself: their names tell them what they are about."""
    return tuple(tag.label for tag in tags.values() if tag.label not in built_in_tags.BY_KEY)


def rules_of(brand_id: int) -> Ruled:
    """The active ones, made ready. Those of an unchanged brand are made ready once a process."""
    found = TagRule.objects.filter(brand_id=brand_id, is_active=True).order_by("position", "pk")
    rows = found.values_list("pk", "name", "tag_id", "condition")
    return Ruled(
        _compiled(tuple((pk, _frozen(condition)) for pk, _, _, condition in rows)),
        {pk: KnownRule(pk, name, tag_id) for pk, name, tag_id, _ in rows},
    )


Frozen = tuple[tuple[str, tuple[str, ...]], ...]


def _frozen(condition: dict[str, list[str]]) -> Frozen:
    return tuple(sorted((name, tuple(values)) for name, values in condition.items()))


@lru_cache(maxsize=256)
def _compiled(rows: tuple[tuple[int, Frozen], ...]) -> tagging.Rules:
    ready = []
    for pk, frozen in rows:
        try:
            ready.append((pk, tagging.parse(dict(frozen))))
        except tagging.InvalidCondition:
            log.warning("tag_rule_unreadable", rule=pk)  # written by hand; the others go on
    return tagging.Rules(ready)


def model_of(brand_id: int, kind: str, own: tuple[str, ...] = ()) -> KnownModel | None:
    """The model in use, or what is known before a brand has corrected anything. None where the packages are absent.

    `own`: names of the brand's own tags. One that the model has not learned yet is known by its name.
    """
    reads = encoder.installed()
    if reads is None:
        return None
    found = LearnedModel.objects.filter(brand_id=brand_id, kind=kind, in_use=True)
    row = found.values_list("pk", "version", "report").first()
    if row and (ready := _loaded(row[0], reads)) is not None:
        return KnownModel(row[1], _with_names(ready, own, reads), row[2].get("sure_above", {}))
    return KnownModel(0, untaught(kind, own, reads), {})


def untaught(kind: str, own: tuple[str, ...], reads: encoder.Encoder) -> Classifier:
    """What is known before a brand has corrected anything. `own` as in model_of."""
    from inbox.learning import lessons  # needs the packages

    return _with_names(lessons.first(kind, reads), own, reads)


def _with_names(ready: Classifier, own: tuple[str, ...], reads: encoder.Encoder) -> Classifier:
    from inbox.learning import lessons  # needs the packages

    missing = tuple(name for name in own if name not in ready.labels)
    return ready.with_labels_of(lessons.by_names(own, missing, reads)) if missing else ready


@lru_cache(maxsize=256)
def _loaded(model_id: int, reads: encoder.Encoder) -> Classifier | None:
    """What was fitted is never changed, so a process reads it once; from which confidence on it is sure may change."""
    from inbox.learning import classifier  # needs the packages

    row = LearnedModel.objects.only("weights").get(pk=model_id)
    try:
        return classifier.load(bytes(row.weights), encoder=reads.name)
    except classifier.UnreadableModel as error:
        log.warning("model_unreadable", model=model_id, cause=str(error))
        return None
