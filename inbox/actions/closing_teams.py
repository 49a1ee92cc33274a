"""A team goes. It lets go of what it has had for years some at a time: nobody who writes to the brand waits for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _looking, _saved_views
from inbox.models import Conversation, Person, RoutingDecision, RoutingTicket, SavedView, Team
from inbox.rules.view_query import NONE

AT_ONCE = 250  # rows of one transaction


def remove(*, team: Team, by: Person, now: datetime) -> None:
    """Who has its conversations keeps them; what waits in it waits for the next team that takes such a thing. Its views go with it.

    From the first moment nothing can be given to it: whoever gives looks at that with the brand's lock, whoever keeps a view with the counters'.
    Where it ends half-way, removing it once more does the rest.
    """
    _close(team)
    after = 0
    while ids := _had_by(team, after):
        _let_go(team, ids)
        after = ids[-1]
    while ids := _decided_for(team):
        _name_no_more(team, ids)
    _look_again(team, by, now)
    # Nobody names it any more, and nobody can. To make sure of that takes a look at every conversation, for which nobody should wait.
    team.delete()


@transaction.atomic(durable=True)
def _close(team: Team) -> None:
    _saved_views.alone(team.brand_id)
    with events.ledger(team.brand_id):
        Team.objects.filter(pk=team.pk).update(is_active=False, is_closing=True)
        for view in SavedView.objects.filter(team=team):
            _saved_views.drop(view)


def _had_by(team: Team, after: int) -> list[int]:
    had = Conversation.objects.filter(brand=team.brand_id, team=team, pk__gt=after).order_by("pk")
    return list(had.values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic(durable=True)
def _let_go(team: Team, conversation_ids: Sequence[int]) -> None:
    """By whose hand it came there does not matter any more: the next team has it by a rule."""
    with events.ledger(team.brand_id):
        had = Conversation.objects.filter(pk__in=conversation_ids, team=team)
        had.update(team=None, team_by_hand=False)


def _decided_for(team: Team) -> list[int]:
    """Why somebody in it got something. Its name stands there besides."""
    return list(RoutingDecision.objects.filter(team=team).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])  # fmt: skip


@transaction.atomic(durable=True)
def _name_no_more(team: Team, decision_ids: Sequence[int]) -> None:
    with events.ledger(team.brand_id):
        RoutingDecision.objects.filter(pk__in=decision_ids).update(team=None)


@transaction.atomic(durable=True)
def _look_again(team: Team, by: Person, now: datetime) -> None:
    """What waited in it stands in another queue once it has been looked at. No event of any of its conversations says that they are of no team:
    each view that asks is counted anew instead of each of them told."""
    named = {f"#{team.pk}", NONE}
    _saved_views.alone(team.brand_id)
    with events.ledger(team.brand_id) as ledger:
        RoutingTicket.objects.filter(team=team).delete()
        _saved_views.count_anew(
            ledger.brand_id,
            where=lambda query: any(
                t.field == "team" and not named.isdisjoint(t.values) for t in query.terms
            ),
        )
        _looking.begin_again(ledger, what="teams", by=by, now=now)
