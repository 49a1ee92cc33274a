"""Tables of words for search. They are new and empty, so nothing is locked; actions.indexing fills them from the events, the past in the background."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# The database sees to it that nothing is found which is no more, whoever takes it away or moves it.
KEEP_TRUE = """
ALTER TABLE inbox_messagewords ADD CONSTRAINT words_go_with_their_message
    FOREIGN KEY (message_id) REFERENCES inbox_message (id) ON DELETE CASCADE;
ALTER TABLE inbox_contactwords ADD CONSTRAINT words_go_with_their_contact
    FOREIGN KEY (contact_id) REFERENCES inbox_contact (id) ON DELETE CASCADE;

CREATE FUNCTION inbox_forget_unsent_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM inbox_messagewords WHERE message_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER unsent_words_are_not_found AFTER UPDATE OF deleted_at ON inbox_message FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION inbox_forget_unsent_words();

CREATE FUNCTION inbox_move_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE inbox_messagewords SET conversation_id = NEW.conversation_id WHERE message_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER words_follow_their_message AFTER UPDATE OF conversation_id ON inbox_message FOR EACH ROW
    WHEN (OLD.conversation_id IS DISTINCT FROM NEW.conversation_id) EXECUTE FUNCTION inbox_move_words();
"""
LET_GO = """
DROP TRIGGER unsent_words_are_not_found ON inbox_message;
DROP TRIGGER words_follow_their_message ON inbox_message;
DROP FUNCTION inbox_forget_unsent_words();
DROP FUNCTION inbox_move_words();
"""
# What happened before is read backwards from here, what happens from now on forwards.
BEGIN_HERE = """
INSERT INTO inbox_searchcursor (brand_id, seq, older_than)
SELECT brand_id, last, last + 1 FROM inbox_brandsequence WHERE last > 0
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0021_views_are_saved")]

    operations = [
        migrations.CreateModel(
            name="MessageWords",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="inbox.message",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("in", "From the customer"),
                            ("out", "From the brand"),
                            ("note", "Internal note"),
                        ],
                        max_length=4,
                    ),
                ),
                ("sent_at", models.DateTimeField()),
                (
                    "words",
                    django.contrib.postgres.search.SearchVectorField(
                        help_text="Words, marks of neighbouring words, marks of brand and time; no positions."
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="inbox.brand",
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="inbox.conversation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["words"], name="words_of_messages"
                    ),
                    models.Index(fields=["brand", "-sent_at", "-message"], name="newest_words"),
                    models.Index(fields=["conversation"], name="words_of_conversation"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactWords",
            fields=[
                (
                    "contact",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="inbox.contact",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["words"], name="words_of_people"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchCursor",
            fields=[
                (
                    "brand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_cursor",
                        serialize=False,
                        to="inbox.brand",
                    ),
                ),
                ("seq", models.BigIntegerField(default=0)),
                (
                    "older_than",
                    models.BigIntegerField(default=0, help_text="0: the past has been read."),
                ),
            ],
        ),
        migrations.RunSQL(KEEP_TRUE, LET_GO),
        migrations.RunSQL(BEGIN_HERE, migrations.RunSQL.noop),
    ]
