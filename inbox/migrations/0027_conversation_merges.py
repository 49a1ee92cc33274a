"""Two conversations of one person may be answered as one."""

from __future__ import annotations

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0026_count_views_that_ask_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="undo",
            name="kind",
            field=models.CharField(
                choices=[
                    ("state", "State"),
                    ("assignee", "Assignee"),
                    ("priority", "Priority"),
                    ("unread", "Unread"),
                    ("promise", "Promise"),
                    ("answer", "No answer needed"),
                    ("tag", "Tag"),
                    ("mood", "Mood"),
                    ("vip", "VIP"),
                    ("note", "Note"),
                    ("reply", "Reply"),
                    ("macro", "Macro"),
                    ("merge", "Merge"),
                    ("bulk", "Bulk"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="ConversationMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                (
                    "waiting_since",
                    models.DateTimeField(
                        help_text="What had not been answered there then. From it on clocks of the kept one count what is said there.",
                        null=True,
                    ),
                ),
                ("seq", models.BigIntegerField(help_text="The event that closed the merged one.")),
                ("step", models.JSONField(help_text="How it was and how it was left, as in Undo.")),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
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
                    "kept",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merges",
                        to="inbox.conversation",
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.conversation"
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("undone_at", None)), fields=["kept"], name="merges_into")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("merged")), _negated=True),
                        name="no_conversation_is_merged_into_itself",
                    )
                ],
            },
        ),
    ]
