"""View counters kept by statement-level triggers; a message's state and platform id that cannot go back; a brand's sequence."""

from django.db import migrations

COUNT = """
CREATE FUNCTION inbox_views_of(state text, assignee_id bigint, channel_id bigint) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT view FROM (VALUES
        ('open', state = 'open'),
        ('unassigned', state = 'open' AND assignee_id IS NULL),
        ('mine:' || assignee_id, state = 'open' AND assignee_id IS NOT NULL),
        ('channel:' || channel_id, state = 'open'),
        ('resolved', state = 'resolved')) AS v(view, holds)
    WHERE holds
$$;

CREATE FUNCTION inbox_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_viewcount AS v (brand_id, view, total, unread)
    SELECT n.brand_id, w.view, count(*), count(*) FILTER (WHERE n.unread_count > 0)
      FROM new_rows n, inbox_views_of(n.state, n.assignee_id, n.channel_id) AS w(view)
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (brand_id, view) DO UPDATE SET total = v.total + excluded.total, unread = v.unread + excluded.unread;
    RETURN NULL;
END $$;

CREATE FUNCTION inbox_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_viewcount AS v (brand_id, view, total, unread)
    SELECT brand_id, view, sum(one), sum(unread) FROM (
        SELECT o.brand_id, w.view, -1 AS one, -(o.unread_count > 0)::int AS unread
          FROM old_rows o, inbox_views_of(o.state, o.assignee_id, o.channel_id) AS w(view)
        UNION ALL
        SELECT n.brand_id, w.view, 1, (n.unread_count > 0)::int
          FROM new_rows n, inbox_views_of(n.state, n.assignee_id, n.channel_id) AS w(view)
    ) AS moved GROUP BY 1, 2 HAVING sum(one) <> 0 OR sum(unread) <> 0 ORDER BY 1, 2
    ON CONFLICT (brand_id, view) DO UPDATE SET total = v.total + excluded.total, unread = v.unread + excluded.unread;
    RETURN NULL;
END $$;

CREATE FUNCTION inbox_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE inbox_viewcount v SET total = v.total - d.total, unread = v.unread - d.unread
      FROM (SELECT o.brand_id, w.view, count(*) AS total, count(*) FILTER (WHERE o.unread_count > 0) AS unread
              FROM old_rows o, inbox_views_of(o.state, o.assignee_id, o.channel_id) AS w(view) GROUP BY 1, 2) d
     WHERE v.brand_id = d.brand_id AND v.view = d.view;
    RETURN NULL;
END $$;

CREATE TRIGGER inbox_conversation_counted_in AFTER INSERT ON inbox_conversation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_count_inserted();
CREATE TRIGGER inbox_conversation_counted_over AFTER UPDATE ON inbox_conversation
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_count_updated();
CREATE TRIGGER inbox_conversation_counted_out AFTER DELETE ON inbox_conversation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_count_deleted();
"""

UNCOUNT = """
DROP TRIGGER inbox_conversation_counted_in ON inbox_conversation;
DROP TRIGGER inbox_conversation_counted_over ON inbox_conversation;
DROP TRIGGER inbox_conversation_counted_out ON inbox_conversation;
DROP FUNCTION inbox_count_inserted();
DROP FUNCTION inbox_count_updated();
DROP FUNCTION inbox_count_deleted();
DROP FUNCTION inbox_views_of(text, bigint, bigint);
"""

FORWARD = """
CREATE FUNCTION inbox_message_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.external_id IS NOT NULL AND NEW.external_id IS DISTINCT FROM OLD.external_id THEN
        RAISE EXCEPTION 'a message keeps its platform id (message %)', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'sending'), ('queued', 'failed'), ('queued', 'sent'),
        ('sending', 'sent'), ('sending', 'failed'), ('sending', 'uncertain'), ('sending', 'queued'),
        ('uncertain', 'sent'), ('uncertain', 'failed'), ('uncertain', 'queued'),
        ('failed', 'queued'), ('failed', 'sent'),
        ('sent', 'delivered'), ('sent', 'read'), ('delivered', 'read')
    ) THEN
        RAISE EXCEPTION 'a message does not go from % to % (message %)', OLD.state, NEW.state, OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER inbox_message_only_forward BEFORE UPDATE OF state, external_id ON inbox_message FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.external_id IS DISTINCT FROM NEW.external_id) EXECUTE FUNCTION inbox_message_only_forward();
"""

UNFORWARD = """
DROP TRIGGER inbox_message_only_forward ON inbox_message;
DROP FUNCTION inbox_message_only_forward();
"""


SEQUENCE = """
CREATE FUNCTION inbox_brand_gets_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_brandsequence (brand_id, last) VALUES (NEW.id, 0);
    RETURN NULL;
END $$;

CREATE TRIGGER inbox_brand_gets_sequence AFTER INSERT ON inbox_brand
    FOR EACH ROW EXECUTE FUNCTION inbox_brand_gets_sequence();
"""

UNSEQUENCE = """
DROP TRIGGER inbox_brand_gets_sequence ON inbox_brand;
DROP FUNCTION inbox_brand_gets_sequence();
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]

    operations = [
        migrations.RunSQL(COUNT, UNCOUNT),
        migrations.RunSQL(FORWARD, UNFORWARD),
        migrations.RunSQL(SEQUENCE, UNSEQUENCE),
    ]
