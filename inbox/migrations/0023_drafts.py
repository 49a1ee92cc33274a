"""Unfinished replies and notes, for their writer alone."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0022_words_to_find_by"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=[("reply", "Reply"), ("note", "Note")], max_length=5)),
                ("text", models.TextField(blank=True)),
                (
                    "files",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        default=list,
                        help_text="Public ids of uploads, in their order.",
                        size=None,
                    ),
                ),
                ("reply_to", models.CharField(blank=True, db_collation="C", max_length=400)),
                (
                    "written_against",
                    models.BigIntegerField(
                        default=0, help_text="The brand's event up to which its writer had seen the thread."
                    ),
                ),
                (
                    "version",
                    models.BigIntegerField(help_text="Rises with each save, also over drafts that are gone."),
                ),
                ("tab", models.UUIDField(help_text="The page that saved it.")),
                ("step", models.IntegerField(help_text="Of that page's saves.")),
                ("saved_at", models.DateTimeField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.conversation"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "conversation", "kind"), name="one_draft_per_kind"
                    )
                ],
            },
        ),
    ]
