"""Who gets what: teams, what their people can take, who is there, and each choice with its reasons."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from .brands import Brand
from .conversations import Conversation, Kind, Priority
from .fields import PublicIdModel


class TeamQuerySet(models.QuerySet["Team"]):
    def staying(self) -> Self:
        """Those that something may be given to. One that is being removed is no more for whoever asks."""
        return self.filter(is_closing=False)


class Team(PublicIdModel):
    """Takes the conversations for which all that it asks holds; what it does not ask holds. The first in the order takes."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="teams", db_index=False)
    name = models.CharField(max_length=80)
    position = models.SmallIntegerField(default=0)
    is_active = models.BooleanField(
        default=True, help_text="One that is not takes nothing new; people may still give it work."
    )
    is_closing = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It is being removed: nobody may give it anything, and no view is kept for it.",
    )
    channels = ArrayField(models.BigIntegerField(), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    kinds = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="TeamMember", related_name="teams", blank=True
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "person"], name="in_a_team_once")]


class Desk(models.Model):
    """What one person can take at a time for a brand, and what they know. Without a row the usual holds."""

    CAPACITY = 8  # the usual

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="desks", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="desks")
    capacity = models.SmallIntegerField(
        default=CAPACITY, help_text="Of open conversations, by their weights; 0: gets none by routing."
    )
    languages = ArrayField(
        models.CharField(max_length=8), default=list, blank=True, help_text="Empty: every language."
    )
    skills = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Tags. One that anybody has is a skill: conversations with it go to those who have it.",
    )
    last_routed_at = models.DateTimeField(null=True, blank=True, help_text="Whose turn it is next.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "person"], name="one_desk_per_person"),
            models.CheckConstraint(condition=Q(capacity__gte=0), name="capacity_is_never_negative"),
        ]


class Workload(models.Model):
    """How many open conversations of a kind and priority a person has. Kept by triggers, in the writer's transaction.

    What they weigh is the brand's setting, so a new weight moves no row.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    priority = models.SmallIntegerField(choices=Priority)
    conversations = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "person", "kind", "priority"], name="one_workload_per_kind_and_priority"
            ),
        ]


class RoutingSettings(models.Model):
    """Whether Parley hands out work for a brand, and by which figures. Without a row: it does not."""

    brand = models.OneToOneField(
        Brand, on_delete=models.CASCADE, primary_key=True, related_name="routing_settings"
    )
    is_on = models.BooleanField(default=False)
    sticky_seconds = models.IntegerField(
        default=24 * 3600, help_text="How long somebody stays the one who knows a customer; 0: not at all."
    )
    offline_after = models.IntegerField(
        default=120, help_text="Seconds without an open page until a person counts as offline."
    )
    requeue_after = models.IntegerField(
        default=180, help_text="Seconds after that until what waits with them is taken back."
    )
    weights = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a conversation weighs, by kind and priority; absent: the usual.",
    )

    class Meta:
        verbose_name_plural = "routing settings"


class PresenceState(models.TextChoices):
    ONLINE = "online", "Online"
    AWAY = "away", "Away"
    OFFLINE = "offline", "Offline"


class Presence(models.Model):
    """Whether a person is there for a brand. An open page says so again and again; silence makes it offline, whatever the reason."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=PresenceState, default=PresenceState.ONLINE)
    away = models.BooleanField(
        default=False,
        db_default=False,
        help_text="They said so, and it holds through silence until they say otherwise.",
    )
    since = models.DateTimeField()
    last_seen_at = models.DateTimeField(
        null=True, help_text="Empty: they left without ever having been here."
    )
    requeue_at = models.DateTimeField(
        null=True, blank=True, help_text="When what waits with somebody who is offline is taken back."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "person"], name="one_presence_per_person")]
        indexes = [
            # Every few seconds the sweep asks who has fallen silent, and with whom nothing should wait any more.
            models.Index(fields=["last_seen_at"], name="presence_heard", condition=~Q(state=PresenceState.OFFLINE)),
            models.Index(fields=["requeue_at"], name="presence_to_requeue", condition=Q(requeue_at__isnull=False)),
        ]  # fmt: skip


class Outcome(models.TextChoices):
    ASSIGNED = "assigned", "Assigned"
    NOBODY = "nobody", "Nobody could take it"


class RoutingTicket(models.Model):
    """A conversation that waits for the router. The rows are the queue: no broker needs to remember them."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="routing_ticket"
    )
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    told = models.TextField(
        blank=True, help_text="Why nobody could take it, when that was last said; the same is not said again."
    )

    class Meta:
        indexes = [models.Index(fields=["brand", "since"], name="tickets_of_brand")]


class RoutingDecision(models.Model):
    """One look of the router at a conversation: who got it, who else could have, and why they were passed over."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="routing_decisions", db_index=False
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    chosen = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    team_name = models.CharField(max_length=80)
    why = models.CharField(max_length=200)
    asked = models.JSONField(default=dict, help_text="What the conversation needs: language, skills, weight.")
    candidates = models.JSONField(
        default=list, help_text="{id, name, presence, load, capacity, chosen, why} of everybody in the team."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=Outcome.ASSIGNED) | Q(chosen=None), name="nobody_is_no_person"
            ),
        ]
        indexes = [
            # The pane beside a conversation shows the newest.
            models.Index("conversation", -F("id"), name="decisions_of_conversation"),
        ]
