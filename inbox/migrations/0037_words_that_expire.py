"""What a network allows to be kept for a short time only: a mark beside the message, and the database takes such words out of search."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

FORGET = """
CREATE TRIGGER expired_words_are_not_found AFTER UPDATE OF expired_at ON inbox_message FOR EACH ROW
    WHEN (OLD.expired_at IS NULL AND NEW.expired_at IS NOT NULL) EXECUTE FUNCTION inbox_forget_unsent_words();
"""
LET_GO = "DROP TRIGGER expired_words_are_not_found ON inbox_message;"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0036_messages_to_ask_for")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="expired_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its words and files had been kept as long as the network allows, and went.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(expired_at=None) | Q(text="", created_text=""), name="expired_words_are_gone"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(
                    deleted_at=None,
                    direction="in",
                    expired_at=None,
                    kind__in=["comment", "mention", "unsupported"],
                ),
                fields=["channel", "created_at"],
                name="public_words_kept",
            ),
        ),
        migrations.AddIndex(
            model_name="handle",
            index=models.Index(fields=["channel", "looked_up_at"], name="profiles_by_age"),
        ),
        migrations.RunSQL(FORGET, LET_GO),
    ]
