"""Tags, the rules and models that set them, and what they learn from. Who set one is kept, because a person may disagree."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from inbox import platforms
from inbox.rules import language_names

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel
from .messages import Message


class Tag(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)
    colour = models.CharField(max_length=20, blank=True)
    key = models.CharField(
        max_length=40,
        blank=True,
        help_text="Of a built-in tag; the model and the seed rules speak of it by this.",
    )
    weight = models.SmallIntegerField(default=0, help_text="What it adds to a conversation's score.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "name"], name="one_tag_per_name"),
            models.UniqueConstraint(fields=["brand", "key"], condition=~models.Q(key=""), name="one_built_in_tag_per_key"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class TagRule(PublicIdModel):
    """Sets a tag where a customer's message says so. `condition` is read by rules.tagging."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="tag_rules")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=80)
    position = models.SmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    condition = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_rule_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def languages_named(self) -> list[str]:
        return language_names.all_named(self.condition.get("languages", []))

    @property
    def networks_named(self) -> list[str]:
        return [platforms.label_of(key) for key in self.condition.get("platforms", [])]


class ModelKind(models.TextChoices):
    TAGS = "tags", "Tags"
    SENTIMENT = "sentiment", "Sentiment"


class LearnedModel(models.Model):
    """A fitted classifier of one brand. Versions are kept; the newest that was not worse is the one in use."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="learned_models")
    kind = models.CharField(max_length=9, choices=ModelKind)
    version = models.IntegerField()
    in_use = models.BooleanField(default=False)
    fitted_at = models.DateTimeField()
    examples = models.IntegerField(help_text="Of the brand's own corrections that it learned from.")
    newest_example = models.BigIntegerField(default=0)
    report = models.JSONField(
        default=dict, help_text="Held-out figures, and the confidence each label needs."
    )
    weights = models.BinaryField(help_text="Coefficients, not a pickle: loading one runs no code.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "kind", "version"], name="one_model_per_version"),
            models.UniqueConstraint(fields=["brand", "kind"], condition=models.Q(in_use=True), name="one_model_in_use"),
        ]  # fmt: skip


class SetBy(models.TextChoices):
    PERSON = "person", "A person"
    RULE = "rule", "A rule"
    MODEL = "model", "The model"


class TagState(models.TextChoices):
    SET = "set", "Set"
    SUGGESTED = "suggested", "Suggested"
    UNDONE = "undone", "Undone"


class ConversationTag(models.Model):
    """A tag of a conversation, and what became of it. One that was undone stays, so that nothing sets it again by itself."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="tag_rows")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=9, choices=TagState, default=TagState.SET)
    set_by = models.CharField(max_length=6, choices=SetBy)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rule = models.ForeignKey(TagRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    model_version = models.IntegerField(null=True, blank=True)
    message = models.ForeignKey(
        Message,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The message that spoke for it.",
    )
    confidence = models.FloatField(null=True, blank=True)
    because = models.CharField(max_length=80, blank=True, help_text="The word a rule heard.")
    set_at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "tag"], name="a_tag_is_set_once"),
            models.CheckConstraint(
                condition=~models.Q(set_by=SetBy.MODEL) | models.Q(confidence__isnull=False),
                name="a_model_says_how_sure",
            ),
        ]


class Example(models.Model):
    """What a person said of a message, for the model to learn from: these labels hold, those do not.

    It keeps no words: they are read from the message, so that what a customer unsent is not learned from.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="examples")
    kind = models.CharField(max_length=9, choices=ModelKind)
    conversation = models.ForeignKey(Conversation, on_delete=models.SET_NULL, null=True, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Which of the customer's messages from then on is meant is not chosen yet; `message` is the newest. Empty: it is.",
    )
    holds = ArrayField(
        models.CharField(max_length=60), default=list, help_text="Keys or names of labels that hold."
    )
    fails = ArrayField(models.CharField(max_length=60), default=list, help_text="Those that do not.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["brand", "kind", "id"], name="examples_of_brand")]


class PriorityWeights(models.Model):
    """What each fact adds to a conversation's score, as this brand sees it. Absent keys have the default of rules.priority."""

    brand = models.OneToOneField(
        Brand, on_delete=models.CASCADE, primary_key=True, related_name="priority_weights"
    )
    weights = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    rescored_version = models.IntegerField(
        default=1, help_text="By which all conversations under way are scored. Behind: there are some left."
    )
    rescored_after = models.BigIntegerField(
        default=0, help_text="Those up to this id are scored by the newest version already."
    )
