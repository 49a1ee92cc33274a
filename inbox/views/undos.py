"""z: the person's newest action in this brand is taken back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import access, realtime, tasks
from inbox.actions import undoing
from inbox.forms import UndoForm
from inbox.queries import inbox_list, triage_facts
from inbox.views._door import AgentRequest, notice, signed_in


@require_POST
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """Says what was taken back and shows it: the row, the head, and words that go back into the composer."""
    brand = access.brand_for(request.user, brand_slug)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    now = timezone.now()
    try:
        named = form.cleaned_data
        undone = undoing.undo(
            brand=brand, by=request.user, now=now, which=named["undo"], message=named["message"], bulk=named["run"],
        )  # fmt: skip
    except undoing.NothingToUndo as refused:
        return notice(request, str(refused))
    if undone.run is not None:
        tasks.wake_bulk(undone.run.pk)
        return render(request, "inbox/_bulk.html", {"run": undone.run})
    if undone.view:
        realtime.push_views(brand.pk)
    found: dict[str, object] = {"undone": undone, "brand": brand}
    if undone.conversation is not None:
        row = inbox_list.row_for(request.user, undone.conversation, now=now)
        found |= {"row": row, "conversation": row.conversation}
        found["triage"] = triage_facts.of(row.conversation, brand_slug=brand_slug, now=now)
    return render(request, "inbox/live/undone.html", found)
