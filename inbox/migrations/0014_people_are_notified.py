"""Rows that tell somebody of something, and whom a policy tells of what is nearly or really late."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0013_list_by_score_one_way"),
    ]

    operations = [
        migrations.AddField(
            model_name="slapolicy",
            name="notifies",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                db_default=[],
                default=list,
                help_text="People told of warnings and breaches, too.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="slapolicy",
            name="notifies_assignee",
            field=models.BooleanField(db_default=True, default=True, help_text="Of warnings and breaches."),
        ),
        migrations.AddField(
            model_name="slapolicy",
            name="notifies_managers",
            field=models.BooleanField(db_default=True, default=True, help_text="Of breaches."),
        ),
        migrations.AddField(
            model_name="slapolicy",
            name="reassigns_to",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="A breach gives the conversation to this colleague.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                ("kind", models.CharField(max_length=20)),
                (
                    "text",
                    models.CharField(
                        blank=True, help_text="What is to be known, in one line.", max_length=200
                    ),
                ),
                ("at", models.DateTimeField()),
                ("seq", models.BigIntegerField(default=0, help_text="The event that it tells of.")),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Empty: Parley itself.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="inbox.conversation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.message",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "brand", "-seq", "-id"], name="notifications_newest"),
                    models.Index(
                        condition=models.Q(("seen_at__isnull", True)),
                        fields=["person", "brand"],
                        name="notifications_unseen",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("seen_at", None)),
                        fields=("person", "kind", "conversation", "message"),
                        name="one_unseen_notification_per_subject",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
