"""What a macro would do to this conversation, and doing it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import running_macros
from inbox.forms import MacroRunForm
from inbox.models import Conversation, Macro
from inbox.queries import holds
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def macro(request: AgentRequest, brand_slug: str, public_id: UUID, macro_id: UUID) -> HttpResponse:
    """GET shows what it would do. POST does exactly what was shown, or shows what has changed (409)."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    chosen = access.macro_for(request.user, brand_slug, macro_id)
    now = timezone.now()
    form = MacroRunForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    told = form.cleaned_data
    if request.method == "GET":
        lines = running_macros.preview(
            macro=chosen, conversation=conversation, by=request.user, seen_seq=told["seen_seq"], now=now
        )
        return _shown(request, chosen, conversation, lines)
    if not told["client_id"]:
        return notice(request, "This could not be read. Reload the page and try again.")
    try:
        lines = running_macros.run(
            macro=chosen, conversation=conversation, by=request.user, client_id=told["client_id"], seen_seq=told["seen_seq"],
            expected=told["plan"], hold=holds.of(request.user, conversation.brand), now=now,
        )  # fmt: skip
    except running_macros.PlanChanged as changed:
        return _shown(request, chosen, conversation, changed.lines, status=409)
    return conversations.head(request, conversation, done=now, ended=running_macros.done_with(lines))


def _shown(
    request: AgentRequest,
    macro: Macro,
    conversation: Conversation,
    lines: list[running_macros.Line],
    *,
    status: int = 200,
) -> HttpResponse:
    found = {
        "macro": macro, "conversation": conversation, "lines": lines, "plan": running_macros.mark(lines),
        "does": any(line.done for line in lines), "changed": status == 409,
    }  # fmt: skip
    return render(request, "inbox/_macro.html", found, status=status)
