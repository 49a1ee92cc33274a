"""Files of messages: a customer's, copied before the platform's address dies, and a colleague's, sent up for a reply."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from inbox.exchange import AttachmentKind
from inbox.rules import file_types

from .brands import Channel
from .fields import PublicIdModel
from .messages import Message


class FetchState(models.TextChoices):
    LINK = "link", "Shown from the platform"  # the platform forbids keeping the bytes, or there are none
    PENDING = "pending", "Being fetched"
    STORED = "stored", "Stored"
    GONE = "gone", "No longer available"


class Attachment(PublicIdModel):
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="attachments", null=True, blank=True,
        help_text="Empty while it waits in a composer.",
    )  # fmt: skip
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    position = models.SmallIntegerField(default=0)
    kind = models.CharField(max_length=10)
    url = models.TextField(blank=True)
    mime = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    title = models.TextField(blank=True)
    external_id = models.CharField(max_length=400, blank=True, db_collation="C")
    expires_at = models.DateTimeField(null=True, blank=True)
    fetch_state = models.CharField(max_length=8, choices=FetchState, default=FetchState.LINK)
    fetch_at = models.DateTimeField(null=True, blank=True)
    fetch_attempts = models.SmallIntegerField(default=0)
    path = models.CharField(max_length=300, blank=True, help_text="Below MEDIA_ROOT.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "position"],
                name="one_attachment_per_place",
                condition=Q(message__isnull=False),
            ),
        ]
        indexes = [
            # fetch_due_media asks for what is still to be copied before its address dies, of each channel what fell due last.
            models.Index(
                fields=["channel", "-fetch_at", "id"],
                name="media_to_fetch",
                condition=Q(fetch_state="pending"),
            ),
            # erase_files asks for the bytes of what was unsent, and whether another attachment shows the same file.
            models.Index(fields=["id"], name="files_to_erase", condition=Q(fetch_state="gone") & ~Q(path="")),
            models.Index(fields=["path"], name="file_shown", condition=~Q(path="")),
        ]

    @property
    def called(self) -> str:
        """For people, where it has no name. What a platform does not say is a file."""
        return "File" if self.kind == AttachmentKind.OTHER else self.kind.title()

    @property
    def is_shown_inline(self) -> bool:
        return self.mime in file_types.SHOWN_INLINE

    @property
    def shown_as(self) -> str:
        """What a page makes of it: a picture, film or sound where a browser shows it in place, else a file to take. By what it is: a
        platform may not say that, or say another thing."""
        if not self.is_shown_inline:
            return "file"
        family = file_types.kind_of(self.mime)
        return "sticker" if family == "image" and self.kind == "sticker" else family
