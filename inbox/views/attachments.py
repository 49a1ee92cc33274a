"""Files: brought by a colleague, shown to colleagues, and handed for a while to a platform that fetches what we send."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, media_links
from inbox.actions import attaching
from inbox.forms import UploadForm
from inbox.models import Attachment, FetchState
from inbox.rules.cleaning import in_one_line
from inbox.views import _ranges
from inbox.views._door import AgentRequest, notice, signed_in


@require_POST
@signed_in
def create(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return notice(request, "The file did not arrive. Try again.")
    file = form.cleaned_data["file"]
    try:
        attachment = attaching.store_upload(
            conversation=conversation,
            by=request.user,
            name=file.name,
            content=file.read(),
            now=timezone.now(),
        )
    except attaching.AttachmentRefused as refused:
        return notice(request, str(refused))
    return render(request, "inbox/_upload.html", {"attachment": attachment})


@require_GET
@signed_in
def show(request: AgentRequest, public_id: UUID) -> HttpResponseBase:
    response = _file(request, access.attachment_for(request.user, public_id))
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_http_methods(["GET", "HEAD"])
@never_cache
def hand_over(request: HttpRequest, token: str) -> HttpResponseBase:
    """For a platform: no session, a signed address that dies."""
    public_id = media_links.read(token)
    attachment = (
        Attachment.objects.filter(public_id=public_id, uploaded_by__isnull=False).first()
        if public_id
        else None
    )
    if attachment is None:
        raise Http404
    return _file(request, attachment, told=attachment.mime)


def _file(request: HttpRequest, attachment: Attachment, *, told: str = "") -> HttpResponseBase:
    """`told`: the type for whoever only fetches. A browser is told one that it would open by itself only where that is harmless."""
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / attachment.path).resolve()
    stored = attachment.fetch_state == FetchState.STORED and attachment.path
    if not stored or not path.is_relative_to(root):
        raise Http404
    try:
        content = path.open("rb")
    except OSError as error:
        raise Http404 from error
    shown = attachment.is_shown_inline
    mime = attachment.mime if shown else told or "application/octet-stream"
    part = (
        _ranges.partial(content, size=path.stat().st_size, header=request.headers.get("Range", ""))
        if shown
        else None
    )
    response: HttpResponseBase
    if part is None:
        name = in_one_line(attachment.name) or f"{attachment.kind}-{attachment.public_id}"
        response = FileResponse(content, as_attachment=not shown, filename=name, content_type=mime)
    else:
        response = part
        response["Content-Type"] = mime
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'"
    )
    return response
