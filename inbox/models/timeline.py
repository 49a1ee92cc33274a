"""One row for each thing that happened, numbered per brand in the order of commits. Nothing is changed here, ever."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .brands import Brand
from .conversations import Conversation
from .messages import Message


class EventKind(models.TextChoices):
    MESSAGE_RECEIVED = "message.received", "wrote"
    MESSAGE_ECHOED = "message.echoed", "answered outside Parley"
    MESSAGE_AMENDED = "message.amended", "changed a message"
    MESSAGE_FOUND = "message.found", "found in the platform's history"
    CONVERSATION_READ = "conversation.read", "read"
    REPLY_QUEUED = "reply.queued", "replied"
    REPLY_SENDING = "reply.sending", "is being sent"
    REPLY_SENT = "reply.sent", "was sent"
    REPLY_SEEN = "reply.seen", "was read by the customer"
    REPLY_WAITS = "reply.waits", "waits to be sent again"
    REPLY_UNCERTAIN = "reply.uncertain", "may have been sent"
    REPLY_FAILED = "reply.failed", "could not be sent"
    NOTE_ADDED = "note.added", "noted"
    ASSIGNED = "conversation.assigned", "assigned"
    UNASSIGNED = "conversation.unassigned", "unassigned"
    RESOLVED = "conversation.resolved", "resolved"
    REOPENED = "conversation.reopened", "reopened"
    CONTACT_UPDATED = "contact.updated", "updated the contact"
    CHANNEL_CHANGED = "channel.changed", "channel changed"


class Event(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=30)  # an EventKind; not choices in the column, kinds grow
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, related_name="events", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "seq"], name="events_are_numbered_once")]
        indexes = [
            # The thread shows what happened between messages.
            models.Index(fields=["conversation", "seq"], name="events_of_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
