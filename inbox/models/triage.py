"""Tags. Who set one is kept, because a person may disagree with a rule or a model."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .brands import Brand
from .conversations import Conversation


class Tag(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)
    colour = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name


class SetBy(models.TextChoices):
    PERSON = "person", "A person"
    RULE = "rule", "A rule"
    MODEL = "model", "The model"


class ConversationTag(models.Model):
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="tag_rows")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")
    set_by = models.CharField(max_length=6, choices=SetBy)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    confidence = models.FloatField(null=True, blank=True)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "tag"], name="a_tag_is_set_once"),
            models.CheckConstraint(
                condition=~models.Q(set_by=SetBy.MODEL) | models.Q(confidence__isnull=False),
                name="a_model_says_how_sure",
            ),
        ]
