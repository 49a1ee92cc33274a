"""Several things done at once, and undone at once."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0024_undo"),
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
                    ("bulk", "Bulk"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Macro",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("shortcut", models.CharField(blank=True, max_length=30)),
                ("note", models.TextField(blank=True)),
                (
                    "puts_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Tags.",
                        size=None,
                    ),
                ),
                (
                    "takes_off",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Tags.",
                        size=None,
                    ),
                ),
                (
                    "assigns",
                    models.CharField(
                        blank=True,
                        help_text="me, nobody, person:<id>, team:<id>; empty: leaves it.",
                        max_length=30,
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        blank=True, help_text="0 lets the score decide; empty: leaves it.", null=True
                    ),
                ),
                (
                    "snoozes",
                    models.CharField(blank=True, help_text="Until when, as it is typed.", max_length=80),
                ),
                ("resolves", models.BooleanField(default=False)),
                ("used", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="macros",
                        to="inbox.brand",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="macros",
                        to="inbox.cannedreply",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["brand", "owner", "-used", "name"], name="macros_by_use")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("owner", None)),
                        fields=("brand", "name"),
                        name="one_macro_per_name",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", False)),
                        fields=("brand", "owner", "name"),
                        name="one_own_macro_per_name",
                    ),
                ],
            },
        ),
    ]
