"""Replies kept for later."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0016_workloads_are_counted"),
    ]

    operations = [
        migrations.CreateModel(
            name="CannedReply",
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
                ("text", models.TextField(help_text="Where no other language fits.")),
                (
                    "translations",
                    models.JSONField(blank=True, default=dict, help_text="Language code: the same in it."),
                ),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Only in these; empty: in all.",
                        size=None,
                    ),
                ),
                ("used", models.BigIntegerField(default=0, help_text="How often it was put into a reply.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "brand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="canned_replies",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["brand", "owner", "-used", "name"], name="canned_replies_by_use")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("owner", None)),
                        fields=("brand", "name"),
                        name="one_canned_reply_per_name",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", False)),
                        fields=("brand", "owner", "name"),
                        name="one_own_canned_reply_per_name",
                    ),
                ],
            },
        ),
    ]
