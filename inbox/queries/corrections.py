"""What people of a brand have said of tags and moods."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from inbox.models import Brand, Example, LearnedModel, ModelKind

Said = tuple[str, list[str], list[str]]


def of(brand_id: int, kind: str, *, limit: int) -> tuple[int, list[Said]]:
    """The number of the newest, and (text, holds, fails) of the newest `limit`, oldest first. Words that were unsent are gone."""
    found = Example.objects.filter(brand_id=brand_id, kind=kind).order_by("-pk")
    rows = list(found.values_list("pk", "message__text", "holds", "fails")[:limit])
    newest = rows[0][0] if rows else 0
    return newest, [(text, holds, fails) for _, text, holds, fails in reversed(rows) if text.strip()]


def waiting(enough: int) -> list[tuple[int, ModelKind]]:
    """Brands with that many corrections of a kind after those the newest fitting saw: one look at the index for each."""
    due: list[tuple[int, ModelKind]] = []
    for kind in ModelKind:
        seen = LearnedModel.objects.filter(brand_id=OuterRef("pk"), kind=kind).order_by("-version")
        newest = Coalesce(Subquery(seen.values("newest_example")[:1]), 0)
        later = Example.objects.filter(brand_id=OuterRef("pk"), kind=kind, pk__gt=OuterRef("seen")).order_by(
            "pk"
        )
        brands = Brand.objects.annotate(seen=newest).annotate(
            nth=Subquery(later.values("pk")[enough - 1 : enough])
        )
        due += [
            (pk, kind) for pk in brands.filter(nth__isnull=False).order_by("pk").values_list("pk", flat=True)
        ]
    return due
