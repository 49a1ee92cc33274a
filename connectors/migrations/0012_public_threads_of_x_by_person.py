"""Who speaks under a post on X has a conversation of their own, and an answer names the post that it answers: also what is there already.

Where several people wrote in an old conversation it stays that of its first one; the others get one of their own with their next post.
"""

from django.db import migrations

BY_PERSON = r"""
UPDATE inbox_conversation SET thread_key = thread_key || ':' || recipient_key
 WHERE platform = 'x' AND kind = 'comment' AND recipient_key <> '' AND thread_key ~ '^comment:[0-9]+$'
   AND NOT EXISTS (SELECT FROM inbox_conversation o WHERE o.channel_id = inbox_conversation.channel_id
                      AND o.thread_key = inbox_conversation.thread_key || ':' || inbox_conversation.recipient_key)
"""
ANSWERED = """
UPDATE inbox_message m SET reply_to = coalesce((
         SELECT a.external_id FROM inbox_message a
          WHERE a.conversation_id = m.conversation_id AND a.direction = 'in' AND a.external_id IS NOT NULL
            AND a.deleted_at IS NULL AND a.created_at <= m.created_at
          ORDER BY a.sent_at DESC, a.order_key DESC, a.id DESC LIMIT 1), '')
  FROM inbox_conversation c
 WHERE c.id = m.conversation_id AND c.platform = 'x' AND c.kind = 'comment' AND m.direction = 'out'
   AND m.external_id IS NULL AND m.reply_to = '' AND m.state IN ('queued', 'failed')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0011_unread_items_wait_once"),
        ("inbox", "0038_away_through_silence"),
    ]

    operations = [
        migrations.RunSQL(BY_PERSON, migrations.RunSQL.noop),
        migrations.RunSQL(ANSWERED, migrations.RunSQL.noop),
    ]
