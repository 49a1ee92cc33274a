"""What a person may take back: one row for each thing they did, written with it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel


class UndoKind(models.TextChoices):
    """What is put back."""

    STATE = "state", "State"  # resolved, reopened, snoozed, pending, woken, spam
    ASSIGNEE = "assignee", "Assignee"
    PRIORITY = "priority", "Priority"
    UNREAD = "unread", "Unread"
    PROMISE = "promise", "Promise"
    ANSWER = "answer", "No answer needed"
    TAG = "tag", "Tag"
    MOOD = "mood", "Mood"
    VIP = "vip", "VIP"
    NOTE = "note", "Note"
    REPLY = "reply", "Reply"
    MACRO = "macro", "Macro"  # what it did has rows of its own, of the same moment
    DISCARD = "discard", "Discarded reply"
    MERGE = "merge", "Merge"
    PERSON = "person", "Two contacts that are one"
    VIEW = "view", "Saved view"
    BULK = "bulk", "Bulk"


class Undo(PublicIdModel):
    """`steps`: of each conversation how it was and how it was left, and the number of the event that says so. It is put back only
    where it still is as it was left."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=UndoKind)
    words = models.CharField(max_length=120, help_text="What was done: “Resolved”, “Assigned to Bea”.")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, related_name="+")
    steps = models.JSONField(default=list)
    at = models.DateTimeField()
    until = models.DateTimeField(help_text="When it can no longer be taken back.")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # z takes back the newest that has not been taken back.
            models.Index(fields=["brand", "person", "-id"], name="newest_to_undo", condition=Q(undone_at=None)),
            models.Index(fields=["until"], name="undo_runs_out"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.words
