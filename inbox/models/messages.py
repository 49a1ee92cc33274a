"""Messages, and what happened to them afterwards. The shown columns are a fold of the created fact and its amendments."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from .brands import Channel
from .contacts import Handle
from .conversations import Conversation
from .fields import PublicIdModel


class Direction(models.TextChoices):
    IN = "in", "From the customer"
    OUT = "out", "From the brand"
    NOTE = "note", "Internal note"


class State(models.TextChoices):
    RECEIVED = "received", "Received"
    NOTED = "noted", "Note"
    QUEUED = "queued", "Waiting to be sent"
    SENDING = "sending", "Sending"
    UNCERTAIN = "uncertain", "Checking whether it was sent"
    FAILED = "failed", "Not sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Read"


class Ended(models.TextChoices):
    """Why nobody has to look after a reply that was not sent."""

    DISCARDED = "discarded", "Its writer gave it up"  # it takes no echo any more
    ELSEWHERE = "elsewhere", "The customer has it: it is shown as another reply"


ON_ITS_WAY = (State.QUEUED, State.SENDING, State.UNCERTAIN)


class MessageQuerySet(models.QuerySet["Message"]):
    def in_thread_order(self) -> Self:
        return self.order_by("sent_at", "order_key", "id")


class Message(PublicIdModel):
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=400, null=True, blank=True, db_collation="C")
    client_id = models.UUIDField(
        null=True, blank=True, help_text="Made by the composer: a double click is one message."
    )
    direction = models.CharField(max_length=4, choices=Direction)
    kind = models.CharField(max_length=16, default="text")
    origin = models.CharField(max_length=12, default="unknown")
    author_handle = models.ForeignKey(
        Handle, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    author_person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    author_name = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(help_text="Platform time; ours until the platform says.")
    order_key = models.CharField(max_length=400, blank=True, db_collation="C")
    created_text = models.TextField(blank=True, help_text="As first written; emptied when it is unsent.")
    reply_to = models.CharField(max_length=400, blank=True, db_collation="C")
    card = models.JSONField(default=dict, blank=True)
    historical = models.BooleanField(
        default=False, help_text="Found by a backfill: rings no bell, starts no clock."
    )
    created_at = models.DateTimeField(help_text="When Parley learned of it.")

    # Folded from amendments (rules.amendments).
    text = models.TextField(blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edit_count = models.SmallIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its words and files had been kept as long as the network allows, and went.",
    )
    reactions = models.JSONField(default=list, blank=True)  # [{"emoji", "actor", "name"}]
    attachment_count = models.SmallIntegerField(default=0)

    # Outbox.
    state = models.CharField(max_length=10, choices=State)
    state_reason = models.CharField(max_length=300, blank=True)
    ended = models.CharField(
        max_length=9, choices=Ended, blank=True, db_default="", help_text="Empty: it may still leave, or somebody has to see to it."
    )  # fmt: skip
    human_agent = models.BooleanField(default=False)
    in_public = models.BooleanField(
        db_default=False, help_text="A reply under what was said in public: no used-up limit of messages holds it up."
    )  # fmt: skip
    not_before = models.DateTimeField(null=True, blank=True)
    attempts = models.SmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    may_be_out = models.BooleanField(
        db_default=False,
        help_text="An attempt ended without an answer: an echo may still show that it arrived.",
    )
    lease_until = models.DateTimeField(null=True, blank=True)

    seq = models.BigIntegerField(default=0, help_text="Brand sequence of its newest change.")

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                name="one_row_per_platform_message",
                condition=Q(external_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                name="one_row_per_click",
                condition=Q(client_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                name="one_reply_under_way_per_conversation",
                condition=Q(state__in=[State.SENDING, State.UNCERTAIN]),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.SENT, State.DELIVERED, State.READ])
                | Q(external_id__isnull=False),
                name="sent_only_with_the_platforms_id",
            ),
            models.CheckConstraint(
                condition=Q(ended="") | Q(state=State.FAILED), name="only_what_was_not_sent_has_ended"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(text="", created_text=""), name="unsent_words_are_gone"
            ),
            models.CheckConstraint(
                condition=Q(expired_at=None) | Q(text="", created_text=""), name="expired_words_are_gone"
            ),
        ]
        indexes = [
            # The thread reads pages of 50 either way (queries.timeline).
            models.Index(fields=["conversation", "sent_at", "order_key", "id"], name="thread_order"),
            # receiving marks what the customer has read.
            models.Index(fields=["conversation"], name="unseen_replies", condition=Q(state__in=[State.SENT, State.DELIVERED])),
            # A person is removed. What customers write is of none.
            models.Index(fields=["author_person"], name="messages_of_person", condition=Q(author_person__isnull=False)),
            # An echo looks for the reply of ours that it may be.
            models.Index(
                fields=["conversation", "id"], name="replies_without_platform_id",
                condition=Q(direction="out", external_id__isnull=True),
            ),
            # The sweep asks for what was said in public and may not be kept any longer.
            models.Index(
                fields=["channel", "created_at"], name="public_words_kept",
                condition=Q(expired_at=None, deleted_at=None, direction="in", kind__in=["comment", "mention", "unsupported"]),
            ),
            # The sweep asks each channel for replies to send or to settle (queries.outbox), and those that were asked to wait for public ones.
            models.Index(fields=["channel", "state", "not_before", "id"], name="outbox_of_channels", condition=Q(state__in=ON_ITS_WAY)),
            models.Index(fields=["channel", "not_before", "id"], name="outbox_in_public", condition=Q(state=State.QUEUED, in_public=True)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.direction} {self.state} {self.external_id or self.client_id}"

    @property
    def may_move_the_window(self) -> bool:
        """What a customer writes opens it; a refusal may say that it has closed."""
        return self.direction == Direction.IN or self.state == State.FAILED


class AmendmentKind(models.TextChoices):
    EDIT = "edit", "Edited"
    UNSEND = "unsend", "Unsent"
    REACTION = "reaction", "Reaction"


class Amendment(models.Model):
    """Something that happened to a message after it was made. It may come before the message does."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(max_length=400, db_collation="C", help_text="External id of the message.")
    kind = models.CharField(max_length=8, choices=AmendmentKind)
    at = models.DateTimeField()
    version = models.IntegerField(default=0)
    actor = models.CharField(max_length=255, blank=True, db_collation="C")
    actor_name = models.CharField(max_length=200, blank=True)
    emoji = models.CharField(max_length=64, blank=True)
    removed = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "target", "kind", "actor", "at", "version", "emoji", "removed"],
                name="an_amendment_is_told_once",
            ),
        ]


class UntoldMessage(models.Model):
    """A message that the platform named and did not tell: to be asked for. Gone once it was told, or will never be."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="untold")
    due_at = models.DateTimeField(null=True, help_text="Empty: not until the account is granted more.")
    asked_since = models.DateTimeField(
        null=True, help_text="From when on it counts as old. Empty: since it came."
    )

    class Meta:
        indexes = [
            # complete_due asks for what is to be asked for.
            models.Index(fields=["due_at"], name="messages_to_ask_for"),
        ]


class TakenEcho(models.Model):
    """What the platform told of a message that was taken for a reply of ours by its words. Gone once the platform's answer says whose it is,
    or none can come any more."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="+")
    told = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        indexes = [
            # forget_taken_echoes looks for those that no answer has asked for.
            models.Index(fields=["taken_at"], name="taken_echoes_by_age"),
        ]


class EarlyRead(models.Model):
    """The customer's look at a message that we do not have yet, or at a thread of which we have none. Used up when that comes."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    thread_key = models.CharField(max_length=255, db_collation="C")
    message_key = models.CharField(
        max_length=400, blank=True, default="", db_collation="C", help_text="Empty where the platform names no message."
    )  # fmt: skip
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "thread_key", "message_key"], name="one_early_read_per_message"
            )
        ]


class EarlyPost(models.Model):
    """What the brand added in public to a post of which nobody knows in whose talk it stands. Used up when that is known; it may be a post of
    the brand's own, and then it is no message."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=400, db_collation="C")
    reply_to = models.CharField(
        max_length=400, db_collation="C", help_text="External id of the post that it waits for."
    )
    sent_at = models.DateTimeField()
    told = models.JSONField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="one_early_post_per_platform_post"
            )
        ]
        indexes = [
            # A post that comes asks for what was added to it.
            models.Index(fields=["channel", "reply_to"], name="early_posts_by_answered"),
            # The sweep asks for those that nothing has come for.
            models.Index(fields=["channel", "told_at"], name="early_posts_by_age"),
        ]


class OtherName(models.Model):
    """By which the platform may tell a message where it does not tell its id (`InboundMessage.told_as`)."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=400, db_collation="C")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "name"], name="another_name_is_of_one_message")
        ]
