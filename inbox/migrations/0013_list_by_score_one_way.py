"""Score and id fall together, so that a page of the list by priority begins in the index however many have its score."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0012_examples_keep_no_words")]

    operations = [
        migrations.RemoveIndex("conversation", "list_score"),
        migrations.AddIndex(
            "conversation",
            models.Index(
                fields=["brand", "-priority_score", "-id"],
                name="list_score",
                condition=models.Q(state="open"),
            ),
        ),
    ]
