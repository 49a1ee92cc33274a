"""What a person did can be taken back, many conversations are changed in the background, and a reply waits a while."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("inbox", "0023_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("steps", models.JSONField(default=list)),
                ("worked_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BulkRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("resolve", "Resolve"),
                            ("reopen", "Reopen"),
                            ("spam", "Mark as spam"),
                            ("snooze", "Snooze"),
                            ("assign", "Assign"),
                            ("tag", "Tag"),
                            ("untag", "Take a tag off"),
                            ("priority", "Priority"),
                            ("unread", "Mark as unread"),
                            ("read", "Mark as read"),
                            ("undo", "Undo"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "value",
                    models.JSONField(default=dict, help_text="To whom, until when, which tag or priority."),
                ),
                (
                    "words",
                    models.CharField(
                        help_text="What is done: “Resolved”, “Assigned to Bea”.", max_length=120
                    ),
                ),
                (
                    "view",
                    models.CharField(
                        blank=True,
                        help_text="A whole view of the house was meant: what has left it since is skipped.",
                        max_length=120,
                    ),
                ),
                (
                    "seen_seq",
                    models.BigIntegerField(
                        help_text="The brand's event up to which the page had been seen: what customers wrote since is not buried."
                    ),
                ),
                ("total", models.IntegerField(default=0)),
                ("done", models.IntegerField(default=0)),
                ("skipped", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                (
                    "reasons",
                    models.JSONField(default=dict, help_text="Why some were skipped, and how many each."),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("cancelled", "Stopped")],
                        default="running",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Undo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
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
                            ("bulk", "Bulk"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "words",
                    models.CharField(
                        help_text="What was done: “Resolved”, “Assigned to Bea”.", max_length=120
                    ),
                ),
                ("steps", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(help_text="When it can no longer be taken back.")),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="brand",
            name="reply_hold",
            field=models.SmallIntegerField(
                db_default=5,
                default=5,
                help_text="Seconds a reply waits, so that its writer can take it back: 0, or 5 to 30.",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="reply_hold",
            field=models.SmallIntegerField(
                blank=True,
                help_text="Seconds their replies wait, to be taken back. Empty: as the brand says.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.CheckConstraint(
                condition=models.Q(("reply_hold", 0), ("reply_hold__range", (5, 30)), _connector="OR"),
                name="a_hold_is_none_or_5_to_30_seconds",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reply_hold", None), ("reply_hold", 0), ("reply_hold__range", (5, 30)), _connector="OR"
                ),
                name="own_hold_is_none_or_5_to_30_seconds",
            ),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="brand",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.brand"
            ),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="undo_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.bulkrun",
            ),
        ),
        migrations.AddField(
            model_name="bulkbatch",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="batches",
                to="inbox.bulkrun",
            ),
        ),
        migrations.AddField(
            model_name="undo",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.brand",
            ),
        ),
        migrations.AddField(
            model_name="undo",
            name="conversation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.conversation",
            ),
        ),
        migrations.AddField(
            model_name="undo",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="bulkrun",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["id"], name="bulk_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkbatch",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="one_batch_per_number"),
        ),
        migrations.AddIndex(
            model_name="undo",
            index=models.Index(
                condition=models.Q(("undone_at", None)),
                fields=["brand", "person", "-id"],
                name="newest_to_undo",
            ),
        ),
        migrations.AddIndex(
            model_name="undo",
            index=models.Index(fields=["until"], name="undo_runs_out"),
        ),
    ]
