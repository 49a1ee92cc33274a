"""Who works through a view has one conversation to themselves, and the next one kept ready. A lease: it ends by time unless the page lives."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .brands import Brand
from .conversations import Conversation


class Standing(models.TextChoices):
    CURRENT = "current", "is on screen"
    NEXT = "next", "is kept ready"


class Focus(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    standing = models.CharField(max_length=7, choices=Standing)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation"], name="one_focus_per_conversation"),
            # Its index begins with the brand: every page of the brand asks who has what.
            models.UniqueConstraint(
                fields=["brand", "person", "standing"], name="one_in_focus_and_one_ready_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.standing} {self.conversation_id}"
