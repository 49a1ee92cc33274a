"""What people of a brand have said of tags and moods."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Concat

from inbox.models import Brand, ConversationTag, Example, LearnedModel, ModelKind, TagState
from inbox.rules import built_in_tags

Said = tuple[str, list[str], list[str], list[str]]


def of(brand_id: int, kind: str, *, limit: int) -> tuple[int, list[Said]]:
    """The number of the newest, and (text, holds, fails, beside) of the newest `limit`, oldest first. Words that were unsent are gone.

    `beside`: the tags that stood on the conversation when it was said. Whoever says yes to another one has no reason to name them.
    """
    found = Example.objects.filter(brand_id=brand_id, kind=kind).order_by("-pk")
    beside = _standing() if kind == ModelKind.TAGS else Value([], ArrayField(TextField()))
    columns = ("pk", "message__text", "holds", "fails", "beside")
    rows = list(found.annotate(beside=beside).values_list(*columns)[:limit])
    newest = rows[0][0] if rows else 0
    return newest, [(text, *said) for _, text, *said in reversed(rows) if text.strip()]


def _standing() -> ArraySubquery:
    there = ConversationTag.objects.filter(
        conversation=OuterRef("conversation"), state=TagState.SET, set_at__lte=OuterRef("at")
    )
    # As built_in_tags.label_of says it.
    taken = When(
        tag__key="",
        tag__name__in=sorted(built_in_tags.TAKEN),
        then=Concat(Value(built_in_tags.OWN), "tag__name"),
    )
    label = Case(taken, When(tag__key="", then="tag__name"), default="tag__key", output_field=TextField())
    return ArraySubquery(there.annotate(label=label).values("label"))


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
