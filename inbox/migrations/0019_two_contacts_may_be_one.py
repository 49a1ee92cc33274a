"""Two contacts may turn out to be one person, found by the beginning of a name."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0018_focus_is_a_lease"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                (
                    "handles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="That were the absorbed one's.",
                        size=None,
                    ),
                ),
                ("vip_before", models.BooleanField(help_text="Whether the kept one was marked by itself.")),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="contact",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="This person turned out to be that one; taken back by undoing the merge.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="handle",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("name"), "text_pattern_ops"
                ),
                name="handles_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="handle",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("username"), "text_pattern_ops"
                ),
                name="handles_by_username",
            ),
        ),
        migrations.AddField(
            model_name="contactmerge",
            name="absorbed",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="contactmerge",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.brand",
            ),
        ),
        migrations.AddField(
            model_name="contactmerge",
            name="kept",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="merges", to="inbox.contact"
            ),
        ),
        migrations.AddField(
            model_name="contactmerge",
            name="merged_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="contactmerge",
            name="undone_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="contactmerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)),
                fields=("absorbed",),
                name="one_merge_of_a_person_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", models.F("absorbed")), _negated=True),
                name="nobody_is_merged_into_themselves",
            ),
        ),
    ]
