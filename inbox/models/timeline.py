"""One row for each thing that happened, numbered per brand in the order of commits. Nothing is changed here, ever."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .brands import Brand
from .conversations import Conversation
from .messages import Message


class EventKind(models.TextChoices):
    MESSAGE_RECEIVED = "message.received", "wrote"
    MESSAGE_ECHOED = "message.echoed", "answered outside Parley"
    MESSAGE_AMENDED = "message.amended", "changed a message"
    MESSAGE_FOUND = "message.found", "found in the platform's history"
    MESSAGE_OF_SYSTEM = "message.system", "was told by the platform"
    CONVERSATION_READ = "conversation.read", "read"
    REPLY_QUEUED = "reply.queued", "replied"
    REPLY_SENDING = "reply.sending", "is being sent"
    REPLY_SENT = "reply.sent", "was sent"
    REPLY_DELIVERED = "reply.delivered", "has reached the customer"
    REPLY_SEEN = "reply.seen", "was read by the customer"
    REPLY_WAITS = "reply.waits", "waits to be sent again"
    REPLY_UNCERTAIN = "reply.uncertain", "may have been sent"
    REPLY_FAILED = "reply.failed", "could not be sent"
    REPLY_TAKEN_BACK = "reply.taken_back", "took a reply back"
    NOTE_ADDED = "note.added", "noted"
    NOTE_TAKEN_BACK = "note.taken_back", "took a note back"
    ASSIGNED = "conversation.assigned", "assigned"
    UNASSIGNED = "conversation.unassigned", "unassigned"
    RESOLVED = "conversation.resolved", "resolved"
    REOPENED = "conversation.reopened", "reopened"
    TAGGED = "conversation.tagged", "tagged"
    UNTAGGED = "conversation.untagged", "took a tag off"
    PRIORITISED = "conversation.prioritised", "set the priority"
    SNOOZED = "conversation.snoozed", "snoozed"
    WOKEN = "conversation.woken", "is back"
    PENDING = "conversation.pending", "left it with a bot or the customer"
    PROMISED = "conversation.promised", "promised an answer"
    NO_REPLY_NEEDED = "conversation.no_reply_needed", "needs no answer"
    MARKED_SPAM = "conversation.spam", "marked as spam"
    TRIAGED = "conversation.triaged", "was looked at"
    SLA_WARNED = "sla.warned", "is nearly late"
    SLA_BREACHED = "sla.breached", "is late"
    NOTIFIED = "people.notified", "told colleagues"
    WRITING_CHANGED = "writing.changed", "changed what is kept for writing"
    BULK_WORKED = "bulk.worked", "went on with many"
    TAG_RULES_CHANGED = "tag_rules.changed", "changed how tags are set"
    WEIGHTS_CHANGED = "weights.changed", "changed what weighs how much"
    CONTACTS_MERGED = "contacts.merged", "said that two people are one"
    CONTACTS_PARTED = "contacts.parted", "said that they are two people again"
    CONVERSATIONS_MERGED = "conversations.merged", "merged two conversations"
    CONVERSATIONS_PARTED = "conversations.parted", "took a merge of two conversations back"
    CONTACT_UPDATED = "contact.updated", "updated the contact"
    PEOPLE_CHANGED = "people.changed", "changed who works here"
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
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "seq"], name="events_are_numbered_once")]
        indexes = [
            # The thread shows what happened between messages.
            models.Index(fields=["conversation", "seq"], name="events_of_conversation"),
            # A person is removed. Most events are of nobody.
            models.Index(fields=["actor"], name="events_of_person", condition=Q(actor__isnull=False)),
            # Clocks ask what was done with a conversation, not what was said in it (queries.clock_facts).
            models.Index(
                fields=["conversation", "seq"], name="turns_of_conversation",
                condition=Q(
                    kind__in=[
                        EventKind.RESOLVED, EventKind.REOPENED, EventKind.SNOOZED, EventKind.WOKEN, EventKind.NO_REPLY_NEEDED,
                        EventKind.PENDING, EventKind.MARKED_SPAM,
                    ]
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
