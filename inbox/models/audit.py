"""Who did what, from where, with what was before and after. Written by triggers (migration 0029), refused to whoever would change it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .brands import Brand


class AuditEntry(models.Model):
    """Rows outlive what they speak of, so nothing here is bound to another table, and names are kept as they were."""

    brand = models.ForeignKey(
        Brand, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False,
        db_index=False, help_text="Empty: Parley itself.",
    )  # fmt: skip
    person_name = models.CharField(max_length=300, blank=True, db_default="")
    address = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Where the request came from."
    )
    request = models.CharField(max_length=64, blank=True, db_default="", help_text="Its name in the logs.")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=300, blank=True, db_default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [
            # The log, newest first; also of one person or one kind of subject.
            models.Index(fields=["brand", "-id"], name="audit_of_brand"),
            models.Index(fields=["brand", "person", "-id"], name="audit_of_person"),
            models.Index(fields=["brand", "subject", "-id"], name="audit_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.subject_name}"
