"""No timer was ever set for the end of a reply window. Choices alone: the table stays as it is."""

from __future__ import annotations

from django.db import migrations, models

KINDS = [("warning", "Warning"), ("breach", "Breach"), ("wake", "Snooze ends"), ("turn", "Time changes the score")]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("inbox", "0062_what_is_of_nobody_is_in_no_index_of_people")]

    operations = [
        migrations.AlterField("timer", "kind", models.CharField(choices=KINDS, max_length=8)),
    ]
