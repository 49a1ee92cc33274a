"""A view of its own for what is snoozed, marked people, and how far new weights have come."""

from django.db import migrations, models

COUNT_SNOOZED = """
CREATE OR REPLACE FUNCTION inbox_views_of(state text, assignee_id bigint, channel_id bigint) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT view FROM (VALUES
        ('open', state = 'open'),
        ('unassigned', state = 'open' AND assignee_id IS NULL),
        ('mine:' || assignee_id, state = 'open' AND assignee_id IS NOT NULL),
        ('channel:' || channel_id, state = 'open'),
        ('snoozed', state = 'snoozed'),
        ('resolved', state = 'resolved')) AS v(view, holds)
    WHERE holds
$$;
INSERT INTO inbox_viewcount (brand_id, view, total, unread)
SELECT brand_id, 'snoozed', count(*), count(*) FILTER (WHERE unread_count > 0)
  FROM inbox_conversation WHERE state = 'snoozed' GROUP BY 1
ON CONFLICT (brand_id, view) DO UPDATE SET total = excluded.total, unread = excluded.unread;
"""

UNCOUNT_SNOOZED = """
CREATE OR REPLACE FUNCTION inbox_views_of(state text, assignee_id bigint, channel_id bigint) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT view FROM (VALUES
        ('open', state = 'open'),
        ('unassigned', state = 'open' AND assignee_id IS NULL),
        ('mine:' || assignee_id, state = 'open' AND assignee_id IS NOT NULL),
        ('channel:' || channel_id, state = 'open'),
        ('resolved', state = 'resolved')) AS v(view, holds)
    WHERE holds
$$;
DELETE FROM inbox_viewcount WHERE view = 'snoozed';
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0008_triage")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="vip",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A colleague marked this person; it weighs in priorities.",
            ),
        ),
        migrations.AddField(
            model_name="priorityweights",
            name="rescored_version",
            field=models.IntegerField(
                default=1,
                help_text="By which all conversations under way are scored. Behind: there are some left.",
            ),
        ),
        migrations.AddField(
            model_name="priorityweights",
            name="rescored_after",
            field=models.BigIntegerField(
                default=0, help_text="Those up to this id are scored by the newest version already."
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["brand", "-last_message_at", "-id"],
                name="list_snoozed",
                condition=models.Q(("state", "snoozed")),
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["brand", "id"],
                name="under_way",
                condition=models.Q(("state__in", ["open", "pending", "snoozed"])),
            ),
        ),
        migrations.RunSQL(COUNT_SNOOZED, UNCOUNT_SNOOZED),
    ]
