"""What nobody has, did or wrote stands in no index of people any more: an entry less with each message, two with each row of a list."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

SET_NULL = django.db.models.deletion.SET_NULL
PERSON = settings.AUTH_USER_MODEL


class Migration(migrations.Migration):
    dependencies = [("inbox", "0061_since_when_somebody_is_who_they_are")]

    operations = [
        migrations.RemoveIndex("conversation", "list_mine"),
        migrations.AddIndex(
            "conversation",
            models.Index(
                fields=["brand", "assignee", "-last_message_at", "-id"], name="list_mine",
                condition=Q(state="open", assignee__isnull=False),
            ),
        ),
        migrations.AlterField(
            "conversation",
            "assignee",
            models.ForeignKey(
                PERSON, on_delete=SET_NULL, null=True, blank=True, related_name="assigned_conversations", db_index=False
            ),
        ),
        migrations.AddIndex(
            "conversation",
            models.Index(fields=["assignee"], name="conversations_of_person", condition=Q(assignee__isnull=False)),
        ),
        migrations.AlterField(
            "event", "actor", models.ForeignKey(PERSON, on_delete=SET_NULL, null=True, related_name="+", db_index=False)
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["actor"], name="events_of_person", condition=Q(actor__isnull=False))
        ),
        migrations.AlterField(
            "message",
            "author_person",
            models.ForeignKey(PERSON, on_delete=SET_NULL, null=True, blank=True, related_name="+", db_index=False),
        ),
        migrations.AddIndex(
            "message",
            models.Index(fields=["author_person"], name="messages_of_person", condition=Q(author_person__isnull=False)),
        ),
    ]  # fmt: skip
