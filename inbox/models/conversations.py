"""A conversation is one thread of a channel while the brand cares for it, and its row is the list's row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from inbox.rules import language_names

from .brands import Brand, Channel
from .contacts import Contact
from .fields import PublicIdModel

# What has no due time stands behind everything that has one. (PostgreSQL's own infinity cannot be read by psycopg.)
NEVER = Value(datetime(9999, 12, 31, tzinfo=UTC))


class Kind(models.TextChoices):
    DIRECT = "direct", "Direct messages"
    GROUP = "group", "Group"
    COMMENT = "comment", "Public comments"


class State(models.TextChoices):
    OPEN = "open", "Open"
    PENDING = "pending", "Pending"
    SNOOZED = "snoozed", "Snoozed"
    RESOLVED = "resolved", "Resolved"
    SPAM = "spam", "Spam"


UNDER_WAY = (State.OPEN, State.PENDING, State.SNOOZED)
ASSIGNED = Q(state=State.OPEN, assignee__isnull=False)
UNASSIGNED = Q(state=State.OPEN, assignee__isnull=True)


class Priority(models.IntegerChoices):
    URGENT = 1, "Urgent"
    HIGH = 2, "High"
    NORMAL = 3, "Normal"
    LOW = 4, "Low"


class Sentiment(models.TextChoices):
    NEGATIVE = "negative", "Negative"
    NEUTRAL = "neutral", "Neutral"
    POSITIVE = "positive", "Positive"


class DueKind(models.TextChoices):
    FIRST_RESPONSE = "first", "First response"
    NEXT_RESPONSE = "next", "Next response"
    RESOLUTION = "resolution", "Resolution"
    WINDOW = "window", "Reply window"
    PROMISE = "promise", "Promise"


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def of_brand(self, brand: Brand) -> Self:
        return self.filter(brand=brand)

    def open(self) -> Self:
        return self.filter(state=State.OPEN)

    def newest_first(self) -> Self:
        return self.order_by("-last_message_at", "-id")


class Conversation(PublicIdModel):
    # No index of their own where one below begins with the column: every message moves its conversation in each of them.
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="conversations", db_index=False)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="conversations", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, related_name="conversations", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DIRECT)
    thread_key = models.CharField(
        max_length=255, db_collation="C", help_text="The platform's id of the thread."
    )
    recipient_key = models.CharField(
        max_length=255, db_collation="C", blank=True, help_text="The customer's platform id."
    )
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_conversations",
        db_index=False,
    )
    assignee_set_by = models.CharField(
        max_length=7, blank=True, db_default="", help_text="person, routing, policy, or empty. What a person chose, even nobody, stays."
    )  # fmt: skip
    assignee_set_at = models.DateTimeField(null=True, blank=True)
    team = models.ForeignKey(
        "inbox.Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    team_by_hand = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A person gave it to the team; no rule gives it to another.",
    )
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    priority_score = models.SmallIntegerField(
        default=0, db_default=0, help_text="Higher is more pressing; what it is made of is in the reasons."
    )
    priority_reasons = models.JSONField(
        default=list, blank=True, help_text="[points, why] each; they add up to the score."
    )
    priority_pinned = models.BooleanField(
        default=False, db_default=False, help_text="A person chose the priority; no rule changes it."
    )
    language = models.CharField(
        max_length=8, blank=True, db_default="", help_text="Of the customer's words; empty: not known."
    )
    sentiment = models.CharField(max_length=8, choices=Sentiment, blank=True, db_default="")
    sentiment_confidence = models.FloatField(
        null=True, blank=True, help_text="Of the model, for what it set or suggests."
    )
    sentiment_set_by = models.CharField(
        max_length=6, blank=True, db_default="", help_text="A SetBy. What a person chose, even none, stays."
    )
    sentiment_suggested = models.CharField(max_length=8, choices=Sentiment, blank=True, db_default="")
    sentiment_version = models.IntegerField(
        null=True, blank=True, help_text="Of the model that set or suggests it."
    )
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    # What a row of the list shows, kept in the transaction that changes it.
    platform = models.CharField(max_length=40)
    contact_name = models.CharField(max_length=200, blank=True)
    contact_username = models.CharField(max_length=120, blank=True)
    contact_avatar = models.URLField(max_length=2000, blank=True)
    contact_vip = models.BooleanField(default=False, db_default=False, help_text="As the person is marked.")
    assignee_name = models.CharField(max_length=120, blank=True)
    last_message_at = models.DateTimeField()
    last_message_text = models.CharField(max_length=160, blank=True)
    last_message_from = models.CharField(max_length=8, blank=True)  # customer, brand
    last_message_author = models.CharField(max_length=200, blank=True)
    message_count = models.IntegerField(default=0)
    unread_count = models.IntegerField(default=0)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_outbound_at = models.DateTimeField(null=True, blank=True)
    customer_read_at = models.DateTimeField(
        null=True, blank=True, help_text="Platform time of the customer's last look."
    )
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="The first customer message nobody answered yet."
    )
    window_opened_at = models.DateTimeField(
        null=True, blank=True, help_text="Platform time of what last opened the window."
    )
    window_shut_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="What was said until then opens no window: the platform has said that it was closed.",
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="The earliest of running targets, reply window and promise."
    )
    due_kind = models.CharField(max_length=10, choices=DueKind, blank=True, db_default="")
    due_reason = models.CharField(max_length=120, blank=True)
    promised_at = models.DateTimeField(
        null=True, blank=True, help_text="When a colleague said it would be done."
    )
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Empty while snoozed: until the customer writes."
    )
    no_reply_needed_at = models.DateTimeField(
        null=True, blank=True, help_text="What the customer wrote until then needs no answer."
    )
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="When its present spell began: first message, or reopening."
    )
    seq = models.BigIntegerField(
        default=0, help_text="Brand sequence of its newest event: a newer row has a higher one."
    )
    public_seq = models.BigIntegerField(
        default=0, help_text="Sequence of the newest message either side could see."
    )

    objects = ConversationQuerySet.as_manager()

    not_sent: bool  # no column: only what was asked for with it has it (queries.outbox.with_not_sent)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "thread_key"],
                condition=~Q(state=State.RESOLVED),
                name="one_open_conversation_per_thread",
            ),
            models.CheckConstraint(condition=Q(unread_count__gte=0), name="unread_is_never_negative"),
            models.CheckConstraint(
                condition=~Q(state=State.RESOLVED) | Q(resolved_at__isnull=False), name="resolved_says_when"
            ),
        ]
        indexes = [
            # Each view of the list reads 50 rows from one of these, newest first (queries.inbox_list).
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_open", condition=Q(state=State.OPEN)),
            models.Index(fields=["brand", "assignee", "-last_message_at", "-id"], name="list_mine", condition=ASSIGNED),
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_unassigned", condition=UNASSIGNED),
            models.Index(fields=["channel", "-last_message_at", "-id"], name="list_channel", condition=Q(state=State.OPEN)),
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_resolved", condition=Q(state=State.RESOLVED)),
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_snoozed", condition=Q(state=State.SNOOZED)),
            # What is set aside is little, and a view of it is read like the others (queries.view_rows).
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_pending", condition=Q(state=State.PENDING)),
            models.Index(fields=["brand", "-last_message_at", "-id"], name="list_spam", condition=Q(state=State.SPAM)),
            # The same views by what is due first, and by what matters most; the newer first among equals.
            models.Index("brand", Coalesce("due_at", NEVER), -F("id"), name="list_due", condition=Q(state=State.OPEN)),
            models.Index(fields=["brand", "-priority_score", "-id"], name="list_score", condition=Q(state=State.OPEN)),
            models.Index("brand", Coalesce("waiting_since", NEVER), -F("id"), name="list_waiting", condition=Q(state=State.OPEN)),
            # What is one agent's, nobody's or one account's may be little of all that is open: in the indexes above, a page of it would
            # be looked for among what is everybody's. In an order a conversation stands in one of the first two, and in the third.
            models.Index("brand", "assignee", Coalesce("due_at", NEVER), -F("id"), name="list_mine_due", condition=ASSIGNED),
            models.Index("brand", Coalesce("due_at", NEVER), -F("id"), name="list_unassigned_due", condition=UNASSIGNED),
            models.Index("channel", Coalesce("due_at", NEVER), -F("id"), name="list_channel_due", condition=Q(state=State.OPEN)),
            models.Index(fields=["brand", "assignee", "-priority_score", "-id"], name="list_mine_score", condition=ASSIGNED),
            models.Index(fields=["brand", "-priority_score", "-id"], name="list_unassigned_score", condition=UNASSIGNED),
            models.Index(fields=["channel", "-priority_score", "-id"], name="list_channel_score", condition=Q(state=State.OPEN)),
            models.Index("brand", "assignee", Coalesce("waiting_since", NEVER), -F("id"), name="list_mine_waiting", condition=ASSIGNED),
            models.Index("brand", Coalesce("waiting_since", NEVER), -F("id"), name="list_unassigned_waiting", condition=UNASSIGNED),
            models.Index("channel", Coalesce("waiting_since", NEVER), -F("id"), name="list_channel_waiting", condition=Q(state=State.OPEN)),
            # A person is removed. What nobody has, and that is most, costs no entry here with each message.
            models.Index(fields=["assignee"], name="conversations_of_person", condition=Q(assignee__isnull=False)),
            # New weights score what is under way again, batch by batch.
            models.Index(
                fields=["brand", "id"], name="under_way",
                condition=Q(state__in=list(UNDER_WAY)),
            ),
            # receiving finds the conversation of a thread, open or not, newest first.
            models.Index(fields=["channel", "thread_key", "-id"], name="thread_to_conversation"),
            # The context pane lists a person's other conversations.
            models.Index(fields=["contact", "-last_message_at"], name="conversations_of_contact"),
            # Catching up after a lost socket asks for what changed since a sequence number.
            models.Index(fields=["brand", "seq"], name="changed_since"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contact_name or self.thread_key} ({self.state})"

    @property
    def language_name(self) -> str:
        return language_names.named(self.language)


class ViewCount(models.Model):
    """How many conversations a view holds. Kept by triggers on the conversation table, in the writer's transaction."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+")
    view = models.CharField(
        max_length=60, db_collation="C"
    )  # open, unassigned, snoozed, resolved, mine:<person id>, channel:<id>
    total = models.BigIntegerField(default=0)
    unread = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "view"], name="one_count_per_view")]
