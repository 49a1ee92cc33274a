from django.db import migrations

# (1) What nothing had closed, and was opened: it came from history. (2) A next response that is waited for where nobody has had a first one.
# The look that is due tells which of them need anything; for the others it changes nothing.
LOOK_AGAIN = """
INSERT INTO inbox_timer AS t (brand_id, conversation_id, clock_id, kind, percent, due_at)
SELECT c.brand_id, c.id, NULL, 'turn', 0, now()
  FROM inbox_conversation c
 WHERE c.state IN ('open', 'pending', 'snoozed')
   AND ((SELECT e.kind = 'conversation.reopened' AND coalesce(e.data->>'before', '') NOT IN ('pending', 'snoozed')
           FROM inbox_event e
          WHERE e.conversation_id = c.id AND e.kind IN ('conversation.resolved', 'conversation.reopened', 'conversation.spam')
          ORDER BY e.seq LIMIT 1)
        OR EXISTS (SELECT FROM inbox_clock k WHERE k.conversation_id = c.id AND k.kind = 'next' AND k.ended_at IS NULL)
           AND NOT EXISTS (SELECT FROM inbox_clock k WHERE k.conversation_id = c.id AND k.kind = 'first'))
ON CONFLICT (conversation_id, clock_id, kind, percent) DO UPDATE SET due_at = least(t.due_at, excluded.due_at), fired_at = NULL
"""


class Migration(migrations.Migration):
    """Clocks of conversations under way that begin otherwise than they did: the sweep looks at each once more, and writes what differs."""

    dependencies = [("inbox", "0059_what_waits_for_a_post_and_other_names")]

    operations = [migrations.RunSQL(LOOK_AGAIN, migrations.RunSQL.noop)]
