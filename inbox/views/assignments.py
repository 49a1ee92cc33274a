"""Who cares for a conversation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import assigning
from inbox.forms import AssignmentForm
from inbox.queries import staffing
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def assignment(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET asks to whom; POST assigns to that person, to that team, or to nobody."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    colleagues = access.colleagues_of(request.user, conversation.brand)
    teams = access.teams_of(request.user, conversation.brand)
    now = timezone.now()
    if request.method == "GET":
        staff = staffing.of_brand(conversation.brand, now=now)
        context = {"conversation": conversation, "staff": staff, "teams": teams}
        return render(request, "inbox/_person_picker.html", context)
    form = AssignmentForm(request.POST)
    if not form.is_valid():
        return notice(request, "Choose a colleague or a team from the list.")
    if chosen := form.cleaned_data["team"]:
        team = get_object_or_404(teams, public_id=chosen)
        try:
            assigning.give_to_team(conversation=conversation, team=team, by=request.user, now=now)
        except assigning.NoSuchTeam as refused:
            return notice(request, str(refused))
        return conversations.head(request, conversation, done=now)
    wanted = form.cleaned_data["person"]
    to = get_object_or_404(colleagues, public_id=wanted) if wanted else None
    now = timezone.now()
    try:
        assigning.assign(conversation=conversation, to=to, by=request.user, now=now)
    except assigning.NotAColleague as refused:
        return notice(request, str(refused))
    return conversations.head(request, conversation, done=now)
