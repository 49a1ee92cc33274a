"""What each person has, by kind and priority, kept by row triggers that look only where one of the two changes hands."""

from __future__ import annotations

from django.db import migrations

# A row trigger with a condition, not a statement trigger with tables of what changed: messages move conversations all the time
# and hardly ever an assignee, and what the condition refuses costs nothing.
COUNT = """
CREATE FUNCTION inbox_add_to_workload(brand bigint, person bigint, kind text, priority smallint, by int) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO inbox_workload AS w (brand_id, person_id, kind, priority, conversations) VALUES (brand, person, kind, priority, by)
    ON CONFLICT (brand_id, person_id, kind, priority) DO UPDATE SET conversations = w.conversations + excluded.conversations
$$;

CREATE FUNCTION inbox_take_from_workload(brand bigint, person bigint, of_kind text, of_priority smallint) RETURNS void
LANGUAGE sql AS $$
    UPDATE inbox_workload SET conversations = conversations - 1
     WHERE brand_id = brand AND person_id = person AND kind = of_kind AND priority = of_priority
$$;

CREATE FUNCTION inbox_count_workload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'open' AND OLD.assignee_id IS NOT NULL THEN
        PERFORM inbox_take_from_workload(OLD.brand_id, OLD.assignee_id, OLD.kind, OLD.priority);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'open' AND NEW.assignee_id IS NOT NULL THEN
        PERFORM inbox_add_to_workload(NEW.brand_id, NEW.assignee_id, NEW.kind, NEW.priority, 1);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER inbox_conversation_workload_in AFTER INSERT ON inbox_conversation FOR EACH ROW
    WHEN (NEW.assignee_id IS NOT NULL) EXECUTE FUNCTION inbox_count_workload();
CREATE TRIGGER inbox_conversation_workload_over AFTER UPDATE ON inbox_conversation FOR EACH ROW
    WHEN ((OLD.assignee_id IS NOT NULL OR NEW.assignee_id IS NOT NULL)
          AND (OLD.state, OLD.assignee_id, OLD.kind, OLD.priority) IS DISTINCT FROM (NEW.state, NEW.assignee_id, NEW.kind, NEW.priority))
    EXECUTE FUNCTION inbox_count_workload();
CREATE TRIGGER inbox_conversation_workload_out AFTER DELETE ON inbox_conversation FOR EACH ROW
    WHEN (OLD.assignee_id IS NOT NULL) EXECUTE FUNCTION inbox_count_workload();

INSERT INTO inbox_workload (brand_id, person_id, kind, priority, conversations)
SELECT brand_id, assignee_id, kind, priority, count(*) FROM inbox_conversation
 WHERE state = 'open' AND assignee_id IS NOT NULL GROUP BY 1, 2, 3, 4;
"""

UNCOUNT = """
DROP TRIGGER inbox_conversation_workload_in ON inbox_conversation;
DROP TRIGGER inbox_conversation_workload_over ON inbox_conversation;
DROP TRIGGER inbox_conversation_workload_out ON inbox_conversation;
DROP FUNCTION inbox_count_workload();
DROP FUNCTION inbox_add_to_workload(bigint, bigint, text, smallint, int);
DROP FUNCTION inbox_take_from_workload(bigint, bigint, text, smallint);
DELETE FROM inbox_workload;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0015_teams_and_routing")]

    operations = [migrations.RunSQL(COUNT, UNCOUNT)]
