from django.db import migrations

# As in 0029, and: rows that belong to opening hours or to a team stand in the log of their brand, under its name and theirs.
FUNCTION = """
CREATE OR REPLACE FUNCTION parley_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told constant jsonb := nullif(current_setting('parley.caller', true), '')::jsonb;
    ignored constant text[] := string_to_array(TG_ARGV[1], ',');
    was jsonb := '{}';
    now_is jsonb := '{}';
    said jsonb;
    of_brand bigint;
    whose text := '';
    who text;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - ignored; END IF;
    IF TG_OP <> 'DELETE' THEN now_is := to_jsonb(NEW) - ignored; END IF;
    IF TG_OP = 'UPDATE' AND was = now_is THEN RETURN NULL; END IF;
    said := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    CASE TG_ARGV[3]
        WHEN 'channel' THEN
            SELECT brand_id, name INTO of_brand, whose FROM inbox_channel WHERE id = (said ->> 'channel_id')::bigint;
        WHEN 'hours' THEN
            SELECT brand_id, name INTO of_brand, whose FROM inbox_businesshours WHERE id = (said ->> 'hours_id')::bigint;
        WHEN 'team' THEN
            SELECT brand_id, name INTO of_brand, whose FROM inbox_team WHERE id = (said ->> 'team_id')::bigint;
        WHEN 'person' THEN
            SELECT brand_id INTO of_brand FROM inbox_membership WHERE person_id = (said ->> 'id')::bigint ORDER BY id LIMIT 1;
        WHEN '' THEN NULL;
        ELSE of_brand := (said ->> TG_ARGV[3])::bigint;
    END CASE;
    IF said ? 'person_id' THEN
        SELECT coalesce(nullif(name, ''), email) INTO who FROM inbox_person WHERE id = (said ->> 'person_id')::bigint;
        whose := concat_ws(' of ', who, nullif(whose, ''));
    END IF;
    IF TG_OP = 'UPDATE' THEN  -- only what differs
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO now_is FROM jsonb_each(now_is) WHERE value IS DISTINCT FROM was -> key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) WHERE now_is ? key;
    END IF;
    INSERT INTO inbox_auditentry (brand_id, person_id, person_name, address, request, act, subject, subject_id, subject_name, before, after)
    VALUES (
        of_brand, (told ->> 'person')::bigint, coalesce(told ->> 'name', ''), coalesce(told ->> 'address', ''),
        coalesce(told ->> 'request', ''), CASE TG_OP WHEN 'INSERT' THEN 'made' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END,
        TG_ARGV[0], (said ->> CASE WHEN said ? 'id' THEN 'id' ELSE TG_ARGV[3] END)::bigint,
        left(concat_ws(' of ', nullif(said ->> TG_ARGV[2], ''), nullif(whose, '')), 300), was, now_is
    );
    RETURN NULL;
END $$;
"""
FINAL = """
CREATE TRIGGER audit_log_is_final_as_a_whole BEFORE TRUNCATE ON inbox_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION parley_audit_is_final();
"""
VIEW = "'view', 'id,public_id,brand_id,created_at,position,version,counted_version,counted_after', 'name', 'brand_id'"
MERGE = "'merge', 'id,public_id,brand_id,kept_id,absorbed_id,handles,vip_before,merged_by_id,undone_by_id', '', 'brand_id'"


def watch(table, values, name="audited", when="INSERT OR UPDATE OR DELETE", condition=""):
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION parley_audit({values})",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("inbox", "0031_more_is_undone")]

    operations = [
        # Backwards it stays: the older triggers find in it what they did before.
        migrations.RunSQL(FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(FINAL, "DROP TRIGGER audit_log_is_final_as_a_whole ON inbox_auditentry"),
        watch("inbox_holiday", "'holiday', 'id,hours_id', 'name', 'hours'"),
        watch("inbox_teammember", "'team member', 'id,team_id,person_id', '', 'team'"),
        watch("inbox_contactmerge", MERGE),
        # Views that others see, too; what one keeps for oneself is nobody's business.
        watch("inbox_savedview", VIEW, "audited_in", "INSERT", "WHEN (NEW.owner_id IS NULL)"),
        watch(
            "inbox_savedview",
            VIEW,
            "audited",
            "UPDATE",
            "WHEN (OLD.owner_id IS NULL OR NEW.owner_id IS NULL)",
        ),
        watch("inbox_savedview", VIEW, "audited_out", "DELETE", "WHEN (OLD.owner_id IS NULL)"),
    ]
