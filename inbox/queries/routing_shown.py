"""Why a conversation is with whom it is, as the pane beside it says: by whose choice, and how the router last decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.models import Conversation, ConversationState, Outcome, RoutingDecision, RoutingSettings, Team
from inbox.queries import routing_facts, routing_queue


@dataclass(frozen=True, slots=True)
class CandidateShown:
    name: str
    load: str
    why: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RoutingShown:
    said: str
    team: str = ""
    decided_at: datetime | None = None
    asked: str = ""
    candidates: tuple[CandidateShown, ...] = ()


def of(conversation: Conversation, *, now: datetime) -> RoutingShown:
    """It always says something: a line that came with one's own key would push what stands below it."""
    decision = RoutingDecision.objects.filter(conversation=conversation).order_by("-pk").first()
    settings = routing_facts.settings_of(conversation.brand_id)
    is_on = settings is not None
    if settings and decision and decision.outcome == Outcome.NOBODY:
        _bring_up_to_date(decision, settings, now)
    said = _said(conversation, decision, is_on=is_on)
    if is_on and _reads_on(conversation):
        said += " Its language is not known yet and every such team asks for one, so the first in the order reads on."
    if decision is None:
        return RoutingShown(said)
    return RoutingShown(
        said=said,
        team=decision.team_name,
        decided_at=decision.at,
        asked=_asked(decision.asked),
        candidates=tuple(
            CandidateShown(each["name"], f"{each['load']} of {each['capacity']}", each["why"], each["chosen"])
            for each in decision.candidates
        ),
    )


def _bring_up_to_date(decision: RoutingDecision, settings: RoutingSettings, now: datetime) -> None:
    """Who cannot take it, and why, changes with every reply, and is told to nobody: it is read as it is. Nothing of it is kept."""
    if found := routing_queue.as_it_is(settings, decision.conversation_id, now=now):
        ticket, verdict = found
        decision.at, decision.asked = now, routing_queue.asked(ticket.need)
        decision.why = f"{verdict.chosen.name} could take it now" if verdict.chosen else verdict.why
        decision.candidates = [each | {"chosen": False} for each in routing_queue.candidates(verdict)]


def _said(c: Conversation, decision: RoutingDecision | None, *, is_on: bool) -> str:
    if _is_held_by_hand(c, is_on=is_on):
        who = f"{c.assignee_name} was chosen" if c.assignee_id else "It was left to nobody"
        return f"{who} by hand" + (", and routing leaves it so until it is resolved." if is_on else ".")
    if c.assignee_set_by == "routing" and c.assignee_id and decision and decision.chosen_id == c.assignee_id:
        return f"Routing chose {c.assignee_name}: {decision.why}."
    if decision and decision.outcome == Outcome.NOBODY and not c.assignee_id:
        return f"It waits for somebody in {decision.team_name}: {decision.why}."
    if (
        is_on
        and c.state == ConversationState.OPEN
        and not c.assignee_id
        and c.waiting_since
        and not c.team_id
    ):
        return "No team takes such a conversation, so it waits for whoever takes it."
    return f"{c.assignee_name} has it." if c.assignee_id else "Nobody has it."


def _reads_on(c: Conversation) -> bool:
    """It is in a team for want of one that takes every language, and not because it is known to be in theirs."""
    if (
        c.language
        or not c.team_id
        or c.team_by_hand
        or c.state != ConversationState.OPEN
        or not c.waiting_since
    ):
        return False
    return Team.objects.filter(pk=c.team_id).exclude(languages=[]).exists()


def _is_held_by_hand(c: Conversation, *, is_on: bool) -> bool:
    """What a person chose holds until it is resolved; when its customer is back, routing is asked anew."""
    if c.assignee_set_by != "person" or c.state == ConversationState.RESOLVED:
        return False
    return not (is_on and c.state == ConversationState.OPEN and routing_facts.ended_since_chosen(c.pk))


def _asked(told: dict[str, Any]) -> str:
    """What the conversation needed, where that was anything."""
    parts = [told.get("language") or "", *told.get("skills", [])]
    weighs = told.get("weight", 1)
    return ", ".join([*filter(None, parts), *([f"weighs {weighs}"] if weighs != 1 else [])])
