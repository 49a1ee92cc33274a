"""Views that ask what was said have a counter now: they are filled like new ones."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inbox", "0025_macros")]

    operations = [
        migrations.RunSQL(
            "UPDATE inbox_savedview SET counted_version = 0, counted_after = 0"
            " WHERE jsonb_array_length(coalesce(query->'words', '[]'::jsonb)) > 0",
            migrations.RunSQL.noop,
        )
    ]
