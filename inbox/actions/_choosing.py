"""Which of a customer's messages a tag is about that a person put on, or took off, for the whole conversation."""

from __future__ import annotations

from django.db import transaction

from inbox import events
from inbox.actions import _sql
from inbox.learning.encoder import Encoder
from inbox.models import ModelKind
from inbox.queries import corrections, tag_knowledge
from inbox.queries.corrections import Unchosen

AT_A_TIME = 500  # examples


def choose(brand_id: int, own: tuple[str, ...], reads: Encoder) -> None:
    """The one that says most of the tag, and of equals the newest; chosen once and kept. Outside any transaction but the one that keeps it.

    Asked is what is known before anybody has corrected anything: a model that has learned something wrong must not choose what it learns,
    or is judged by. `own` as in tag_knowledge.model_of.
    """
    while found := corrections.unchosen(brand_id, limit=AT_A_TIME):
        _keep(brand_id, _most_alike(found, own, reads))


def _most_alike(found: list[Unchosen], own: tuple[str, ...], reads: Encoder) -> list[tuple[int, int | None]]:
    """(example, message; None: the one that it has)."""
    model = tag_knowledge.untaught(ModelKind.TAGS, own, reads)
    several = [each for each in found if len(each.among) > 1 and each.label in model.labels]
    texts = list(dict.fromkeys(text for each in several for _, text in each.among))
    says = dict(zip(texts, model.confidences(reads.encode(texts)).tolist(), strict=True)) if texts else {}
    chosen: dict[int, int | None] = {
        each.example: each.among[-1][0] if each.among else None for each in found
    }
    for each in several:
        column = model.labels.index(each.label)
        best, _ = max(reversed(each.among), key=lambda said: says[said[1]][column])
        chosen[each.example] = best
    return list(chosen.items())


@transaction.atomic(durable=True)
def _keep(brand_id: int, chosen: list[tuple[int, int | None]]) -> None:
    """What was taken back meanwhile is no example any more, and what was erased no message."""
    with events.ledger(brand_id):
        _sql.run(
            """UPDATE inbox_example e SET since = NULL, message_id = coalesce(m.id, e.message_id)
                 FROM unnest(%s::bigint[], %s::bigint[]) AS d(id, message_id) LEFT JOIN inbox_message m ON m.id = d.message_id
                WHERE e.id = d.id""",
            _sql.columns(chosen, 2),
        )
