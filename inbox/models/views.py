"""Views that people have saved, which conversations each of them counts, and what the nightly count found wrong."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel
from .people import Person
from .routing import Team, TeamMember


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of_brand(self, brand: Brand) -> Self:
        return self.filter(brand=brand)

    def seen_by(self, person: Person) -> Self:
        """One's own, those of one's teams, and those of the whole brand."""
        theirs = TeamMember.objects.filter(person_id=person.pk).values("team_id")
        return self.filter(
            Q(owner_id=person.pk) | Q(team__in=theirs) | Q(owner__isnull=True, team__isnull=True)
        )

    def in_order(self) -> Self:
        """As the rail shows them: one's own, then the teams', then the brand's."""
        first = (models.F("owner_id").asc(nulls_last=True), models.F("team_id").asc(nulls_last=True))
        return self.order_by(*first, "position", "id")


class SavedView(PublicIdModel):
    """A query with a name. Its counter is a row of ViewCount; which one, says `count_key`."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views",
        help_text="Empty: the whole brand's.",
    )  # fmt: skip
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views",
        help_text="Only the people of this team see it.",
    )  # fmt: skip
    name = models.CharField(max_length=60)
    query = models.JSONField(default=dict, help_text="A rules.view_query.Query.")
    sort = models.CharField(max_length=10, blank=True, help_text="Empty: what the list offers first.")
    position = models.SmallIntegerField(default=0)
    version = models.IntegerField(
        default=1, help_text="Rises with the query, so that each has a counter of its own."
    )
    counted_version = models.IntegerField(
        default=0, help_text="Whose conversations are all counted. Behind: there are some left."
    )
    counted_after = models.BigIntegerField(default=0, help_text="Those up to this id are counted already.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "owner", "team", "name"], nulls_distinct=False, name="one_view_per_name"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(team__isnull=True), name="a_view_has_one_kind_of_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def whose(self) -> str:
        """What it stands under in the rail."""
        return "My views" if self.owner_id else self.team.name if self.team else "Everybody’s views"

    @property
    def count_key(self) -> str:
        return f"saved:{self.pk}.{self.version}"


class CountedConversation(models.Model):
    """In which saved views a conversation is counted now, so that a change of it moves each counter by what differs.

    No row: in none, and time alone will not change that.
    """

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    keys = ArrayField(models.CharField(max_length=60), default=list)  # of ViewCount rows
    unread = models.BooleanField(default=False)
    turns_at = models.DateTimeField(null=True, blank=True, help_text="When time alone may change the keys.")

    class Meta:
        indexes = [
            # The sweep of each second asks for what time has changed.
            models.Index(fields=["turns_at"], name="views_to_turn", condition=Q(turns_at__isnull=False)),
            # The nightly count adds up a brand's.
            models.Index(fields=["brand"], name="counted_of_brand"),
        ]


class ViewCursor(models.Model):
    """How far the counters of a brand's saved views have followed its events, and its nightly counts."""

    brand = models.OneToOneField(
        Brand, on_delete=models.CASCADE, primary_key=True, related_name="view_cursor"
    )
    seq = models.BigIntegerField(default=0)
    told = models.BigIntegerField(
        default=0, help_text="Rises with each change of a counter: a page that misses one asks again."
    )
    reconciled_on = models.DateField(null=True, blank=True)
    reconciled_after = models.BigIntegerField(default=0, help_text="Tonight those up to this id are done.")


class ViewDrift(models.Model):
    """A counter that a nightly count found wrong, and by how much; it was repaired with that."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="view_drifts")
    found_on = models.DateField()
    view = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    total = models.BigIntegerField(default=0, help_text="So many too many; below zero: too few.")
    unread = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "found_on", "view"], name="one_drift_per_view_and_night")
        ]

    def __str__(self) -> str:
        return f"{self.label} on {self.found_on}: {self.total:+}, {self.unread:+} unread"
