"""One action on many conversations. The rows are the queue: a batch is worked in one transaction with the mark that says so."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .brands import Brand
from .fields import PublicIdModel


class BulkAct(models.TextChoices):
    RESOLVE = "resolve", "Resolve"
    REOPEN = "reopen", "Reopen"
    SPAM = "spam", "Mark as spam"
    SNOOZE = "snooze", "Snooze"
    ASSIGN = "assign", "Assign"
    TAG = "tag", "Tag"
    UNTAG = "untag", "Take a tag off"
    PRIORITY = "priority", "Priority"
    UNREAD = "unread", "Mark as unread"
    READ = "read", "Mark as read"
    UNDO = "undo", "Undo"


class BulkState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Stopped"


class BulkRun(PublicIdModel):
    """What somebody asked for, and how far it has come. What it is about was settled when they asked: its batches hold the ids."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    act = models.CharField(max_length=8, choices=BulkAct)
    value = models.JSONField(default=dict, help_text="To whom, until when, which tag or priority.")
    words = models.CharField(max_length=120, help_text="What is done: “Resolved”, “Assigned to Bea”.")
    view = models.CharField(
        max_length=120,
        blank=True,
        help_text="A whole view of the house was meant: what has left it since is skipped.",
    )
    seen_seq = models.BigIntegerField(
        help_text="The brand's event up to which the page had been seen: what customers wrote since is not buried."
    )
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    reasons = models.JSONField(default=dict, help_text="Why some were skipped, and how many each.")
    state = models.CharField(max_length=9, choices=BulkState, default=BulkState.RUNNING)
    undo_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="bulk_under_way", condition=Q(state="running"))]

    def __str__(self) -> str:
        return f"{self.words}: {self.done} of {self.total}"

    @property
    def worked(self) -> int:
        return self.done + self.skipped + self.failed


class BulkBatch(models.Model):
    """`steps` as in Undo, once it has been worked."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="batches", db_index=False)
    number = models.IntegerField()
    ids = ArrayField(models.BigIntegerField())
    steps = models.JSONField(default=list)
    worked_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_batch_per_number")]
