"""A brand's models learn from what its people corrected: fitted anew, judged on corrections held out, kept if not worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from inbox import events
from inbox.actions import _by_brand, _choosing
from inbox.learning import encoder
from inbox.models import LearnedModel, ModelKind
from inbox.queries import corrections, tag_knowledge

ENOUGH_NEW = 20  # corrections since the last fitting
ENOUGH_TO_JUDGE = 5  # held-out sentences; with fewer nobody could say which model is better
MOST_EXAMPLES = 20_000  # the newest; tastes change


@dataclass(frozen=True, slots=True)
class Outcome:
    version: int
    kept: bool
    before: float  # macro-F1 of the model in use, on the same held-out corrections
    after: float


def refit_due(*, clock: Callable[[], datetime]) -> Iterator[tuple[int, ModelKind, Outcome]]:
    """Whatever is due, brand by brand. What cannot be fitted holds up nothing else."""
    for brand_id, kind in due():
        outcomes, now = list[Outcome](), clock()
        _by_brand.work(brand_id, partial(_refit, outcomes, brand_id, kind, now), now=now)
        yield from ((brand_id, kind, outcome) for outcome in outcomes)


def _refit(outcomes: list[Outcome], brand_id: int, kind: ModelKind, now: datetime) -> None:
    if outcome := refit(brand_id=brand_id, kind=kind, now=now):
        outcomes.append(outcome)


def refit(*, brand_id: int, kind: ModelKind, now: datetime) -> Outcome | None:
    """Choose what the newest corrections are about; fit and judge outside any transaction, which takes seconds; then keep. None: there is
    nothing to learn, or nothing to learn with."""
    reads = encoder.installed()
    if reads is None:
        return None
    from inbox.learning import lessons  # needs the packages

    own = _own_names(brand_id, kind)
    if kind == ModelKind.TAGS:
        _choosing.choose(brand_id, own, reads)
    newest, said = corrections.of(brand_id, kind, limit=MOST_EXAMPLES)
    corrected = lessons.merged(said)
    held_out = [each for each in corrected if each.is_held_out]
    if len(held_out) < ENOUGH_TO_JUDGE:
        return None
    learned_from = [each for each in corrected if not each.is_held_out]
    fitted = lessons.fit(kind, learned_from, own, reads)
    stored = _in_use(brand_id, kind)
    in_use = tag_knowledge.model_of(brand_id, kind, own)
    assert in_use is not None
    vectors = reads.encode([each.text for each in held_out])
    labels = {*in_use.classifier.labels, *fitted.labels}
    before = lessons.judge(in_use.classifier, vectors, held_out, labels)
    after = lessons.judge(fitted, vectors, held_out, labels)
    report = {
        "held_out": after.sentences, "macro_f1": round(after.macro_f1, 4), "macro_f1_before": round(before.macro_f1, 4),
        "merit": round(after.merit, 4), "merit_before": round(before.merit, 4), "compared_with": in_use.version, "sure_above": after.sure_above,
    }  # fmt: skip
    return _keep(
        brand_id, kind, now, newest=newest, examples=len(learned_from), report=report, weights=fitted.dump(),
        stored=stored, compared_with=in_use.version, better=after.merit >= before.merit, sure_before=before.sure_above,
    )  # fmt: skip


@transaction.atomic(durable=True)
def _keep(
    brand_id: int,
    kind: ModelKind,
    now: datetime,
    *,
    newest: int,
    examples: int,
    report: dict[str, Any],
    weights: bytes,
    stored: int,
    compared_with: int,
    better: bool,
    sure_before: dict[str, float],
) -> Outcome | None:
    """A version is kept either way, so that the same corrections are not fitted again; only a better one is used.

    The one that stays in use is sure from then on where it was right on today's corrections (`sure_before`). `stored`: the version in
    use when the fitting began; it differs from the one that was compared where its row cannot be read, as after another encoder was installed.
    """
    with events.ledger(brand_id):
        versions = LearnedModel.objects.filter(brand_id=brand_id, kind=kind)
        if _in_use(brand_id, kind) != stored:
            return None  # somebody else was quicker; the next sweep looks again
        version = (versions.order_by("-version").values_list("version", flat=True).first() or 0) + 1
        current = versions.filter(in_use=True).first()
        if current is not None and better:
            versions.filter(pk=current.pk).update(in_use=False)
        elif current is not None and current.version == compared_with:
            versions.filter(pk=current.pk).update(report={**current.report, "sure_above": sure_before})
        LearnedModel.objects.create(
            brand_id=brand_id, kind=kind, version=version, in_use=better, fitted_at=now, examples=examples, newest_example=newest,
            report=report, weights=weights,
        )  # fmt: skip
    return Outcome(version, better, report["macro_f1_before"], report["macro_f1"])


def _in_use(brand_id: int, kind: ModelKind) -> int:
    found = LearnedModel.objects.filter(brand_id=brand_id, kind=kind, in_use=True)
    return found.values_list("version", flat=True).first() or 0


def _own_names(brand_id: int, kind: ModelKind) -> tuple[str, ...]:
    if kind != ModelKind.TAGS:
        return ()
    return tag_knowledge.own_names(tag_knowledge.tags_of(brand_id))


def due() -> list[tuple[int, ModelKind]]:
    """Brands and kinds with enough corrections that no fitting has seen."""
    return corrections.waiting(ENOUGH_NEW)
