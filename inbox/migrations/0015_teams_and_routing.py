"""Teams, what their people can take, who is there, and each choice of the router with its reasons."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0014_people_are_notified"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoutingSettings",
            fields=[
                (
                    "brand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="routing_settings",
                        serialize=False,
                        to="inbox.brand",
                    ),
                ),
                ("is_on", models.BooleanField(default=False)),
                (
                    "sticky_seconds",
                    models.IntegerField(
                        default=86400,
                        help_text="How long somebody stays the one who knows a customer; 0: not at all.",
                    ),
                ),
                (
                    "offline_after",
                    models.IntegerField(
                        default=120,
                        help_text="Seconds without an open page until a person counts as offline.",
                    ),
                ),
                (
                    "requeue_after",
                    models.IntegerField(
                        default=180, help_text="Seconds after that until what waits with them is taken back."
                    ),
                ),
                (
                    "weights",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What a conversation weighs, by kind and priority; absent: the usual.",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "routing settings",
            },
        ),
        migrations.AddField(
            model_name="conversation",
            name="assignee_set_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="assignee_set_by",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="person, routing, policy, or empty. What a person chose, even nobody, stays.",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="team_by_hand",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A person gave it to the team; no rule gives it to another.",
            ),
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("position", models.SmallIntegerField(default=0)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="One that is not takes nothing new; people may still give it work.",
                    ),
                ),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="teams",
                        to="inbox.brand",
                    ),
                ),
            ],
            options={
                "ordering": ("position", "id"),
            },
        ),
        migrations.AddField(
            model_name="conversation",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.team",
            ),
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="inbox.team",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="team",
            name="members",
            field=models.ManyToManyField(
                blank=True, related_name="teams", through="inbox.TeamMember", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.CreateModel(
            name="Workload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("direct", "Direct messages"),
                            ("group", "Group"),
                            ("comment", "Public comments"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(choices=[(1, "Urgent"), (2, "High"), (3, "Normal"), (4, "Low")]),
                ),
                ("conversations", models.IntegerField(default=0)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.brand",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Desk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "capacity",
                    models.SmallIntegerField(
                        default=8,
                        help_text="Of open conversations, by their weights; 0: gets none by routing.",
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        help_text="Empty: every language.",
                        size=None,
                    ),
                ),
                (
                    "skills",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Tags. One that anybody has is a skill: conversations with it go to those who have it.",
                        size=None,
                    ),
                ),
                (
                    "last_routed_at",
                    models.DateTimeField(blank=True, help_text="Whose turn it is next.", null=True),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desks",
                        to="inbox.brand",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "person"), name="one_desk_per_person"),
                    models.CheckConstraint(
                        condition=models.Q(("capacity__gte", 0)), name="capacity_is_never_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("online", "Online"), ("away", "Away"), ("offline", "Offline")],
                        default="online",
                        max_length=7,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "requeue_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When what waits with somebody who is offline is taken back.",
                        null=True,
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.brand",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "offline"), _negated=True),
                        fields=["last_seen_at"],
                        name="presence_heard",
                    ),
                    models.Index(
                        condition=models.Q(("requeue_at__isnull", False)),
                        fields=["requeue_at"],
                        name="presence_to_requeue",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "person"), name="one_presence_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="RoutingTicket",
            fields=[
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="routing_ticket",
                        serialize=False,
                        to="inbox.conversation",
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "told",
                    models.TextField(
                        blank=True,
                        help_text="Why nobody could take it, when that was last said; the same is not said again.",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.brand",
                    ),
                ),
                (
                    "had_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="It was taken from this person because it was late, and does not go back.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.team"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["brand", "since"], name="tickets_of_brand")],
            },
        ),
        migrations.CreateModel(
            name="RoutingDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("assigned", "Assigned"), ("nobody", "Nobody could take it")], max_length=8
                    ),
                ),
                ("team_name", models.CharField(max_length=80)),
                ("why", models.CharField(max_length=200)),
                (
                    "asked",
                    models.JSONField(
                        default=dict, help_text="What the conversation needs: language, skills, weight."
                    ),
                ),
                (
                    "candidates",
                    models.JSONField(
                        default=list,
                        help_text="{id, name, presence, load, capacity, chosen, why} of everybody in the team.",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.brand",
                    ),
                ),
                (
                    "chosen",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="routing_decisions",
                        to="inbox.conversation",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.team",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("conversation"),
                        django.db.models.expressions.CombinedExpression(
                            models.F("id"), "*", models.Value(-1)
                        ),
                        name="decisions_of_conversation",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome", "assigned"), ("chosen", None), _connector="OR"),
                        name="nobody_is_no_person",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.UniqueConstraint(fields=("team", "person"), name="in_a_team_once"),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(fields=("brand", "name"), name="one_team_per_name"),
        ),
        migrations.AddConstraint(
            model_name="workload",
            constraint=models.UniqueConstraint(
                fields=("brand", "person", "kind", "priority"), name="one_workload_per_kind_and_priority"
            ),
        ),
    ]
