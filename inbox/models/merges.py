"""Two conversations of one person that one colleague answers as one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel


class ConversationMerge(PublicIdModel):
    """`merged` is answered in `kept`. Its thread stays what it is: what is written there again makes it a conversation of its own again,
    which is said by its first event of that kind after `seq` (queries.merges) and by nothing here."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    kept = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="merges", db_index=False)
    merged = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    waiting_since = models.DateTimeField(
        null=True, help_text="What had not been answered there then. From it on clocks of the kept one count what is said there."
    )  # fmt: skip
    seq = models.BigIntegerField(help_text="The event that closed the merged one.")
    step = models.JSONField(help_text="How it was and how it was left, as in Undo.")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kept=models.F("merged")), name="no_conversation_is_merged_into_itself"
            ),
        ]
        indexes = [
            # Clocks and the thread ask of a conversation what was merged into it.
            models.Index(fields=["kept"], name="merges_into", condition=Q(undone_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.merged} into {self.kept}"
