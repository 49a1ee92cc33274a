"""What people of a brand have said of tags and moods."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Case, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Concat

from inbox.models import Brand, ConversationTag, Example, LearnedModel, ModelKind, TagState
from inbox.rules import built_in_tags

Said = tuple[str, list[str], list[str], list[str]]
LOOKED_AT = 12  # messages of the customer among which the one is that a tag is about


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


@dataclass(frozen=True, slots=True)
class Unchosen:
    """What a person said of a conversation, and the customer's messages that they may have meant: (number, text), oldest first."""

    example: int
    label: str
    among: list[tuple[int, str]]


def unchosen(brand_id: int, *, limit: int) -> list[Unchosen]:
    """The oldest, in one query. Of each the newest words before it was said."""
    found: dict[int, Unchosen] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.id, e.label, m.id, m.text FROM (
                      SELECT x.*, (x.holds || x.fails)[1] AS label FROM inbox_example x
                       WHERE x.brand_id = %s AND x.kind = %s AND x.since IS NOT NULL ORDER BY x.id LIMIT %s) e
                 LEFT JOIN LATERAL (
                      SELECT w.id, w.text, w.sent_at, w.order_key FROM inbox_message w
                       WHERE w.conversation_id = e.conversation_id AND w.direction = 'in' AND w.kind <> 'system' AND w.text <> ''
                         AND w.deleted_at IS NULL AND w.sent_at BETWEEN e.since AND e.at
                       ORDER BY w.sent_at DESC, w.order_key DESC, w.id DESC LIMIT %s) m ON true
                ORDER BY e.id, m.sent_at, m.order_key, m.id""",
            [brand_id, ModelKind.TAGS, limit, LOOKED_AT],
        )
        for pk, label, message_id, text in cursor.fetchall():
            each = found.setdefault(pk, Unchosen(pk, label, []))
            each.among.extend([(message_id, text)] if message_id else [])
    return list(found.values())


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
