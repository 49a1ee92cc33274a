"""What helps to write: words kept for later, for all of a brand or for one person, and words that are not finished."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel


class CannedReply(PublicIdModel):
    """Words to answer with, with variables in them (rules.variables). Without an owner they are the brand's."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="canned_replies", db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=80)
    shortcut = models.CharField(max_length=30, blank=True)
    text = models.TextField(help_text="Where no other language fits.")
    translations = models.JSONField(default=dict, blank=True, help_text="Language code: the same in it.")
    channels = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Only in these; empty: in all."
    )
    used = models.BigIntegerField(default=0, help_text="How often it was put into a reply.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "name"], condition=Q(owner=None), name="one_canned_reply_per_name"),
            models.UniqueConstraint(
                fields=["brand", "owner", "name"], condition=Q(owner__isnull=False), name="one_own_canned_reply_per_name"
            ),
        ]  # fmt: skip
        indexes = [
            # The composer offers the brand's and one's own, those used most first.
            models.Index(fields=["brand", "owner", "-used", "name"], name="canned_replies_by_use"),
        ]

    def __str__(self) -> str:
        return self.name

    def text_in(self, language: str) -> str:
        """In the customer's language where it is written in it."""
        found: str = self.translations.get(language) or self.text
        return found


class DraftKind(models.TextChoices):
    REPLY = "reply", "Reply"
    NOTE = "note", "Note"


class Draft(models.Model):
    """What somebody has written in a conversation and not sent. Nobody else sees it, and no event tells of it."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=DraftKind)
    text = models.TextField(blank=True)
    files = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text="Public ids of uploads, in their order."
    )
    reply_to = models.CharField(max_length=400, blank=True, db_collation="C")
    written_against = models.BigIntegerField(
        default=0, help_text="The brand's event up to which its writer had seen the thread."
    )
    version = models.BigIntegerField(help_text="Rises with each save, also over drafts that are gone.")
    tab = models.UUIDField(help_text="The page that saved it.")
    step = models.IntegerField(help_text="Of that page's saves.")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "conversation", "kind"], name="one_draft_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class Macro(PublicIdModel):
    """Several things done to a conversation with one key, always in this order: reply, note, tags, assignee, priority, out of the way."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="macros", db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=80)
    shortcut = models.CharField(max_length=30, blank=True)
    reply = models.ForeignKey(
        CannedReply, on_delete=models.SET_NULL, null=True, blank=True, related_name="macros"
    )
    note = models.TextField(blank=True)
    puts_on = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Tags.")
    takes_off = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Tags.")
    assigns = models.CharField(
        max_length=30, blank=True, help_text="me, nobody, person:<id>, team:<id>; empty: leaves it."
    )
    priority = models.SmallIntegerField(
        null=True, blank=True, help_text="0 lets the score decide; empty: leaves it."
    )
    snoozes = models.CharField(max_length=80, blank=True, help_text="Until when, as it is typed.")
    resolves = models.BooleanField(default=False)
    used = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "name"], condition=Q(owner=None), name="one_macro_per_name"),
            models.UniqueConstraint(
                fields=["brand", "owner", "name"], condition=Q(owner__isnull=False), name="one_own_macro_per_name"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["brand", "owner", "-used", "name"], name="macros_by_use")]

    def __str__(self) -> str:
        return self.name
