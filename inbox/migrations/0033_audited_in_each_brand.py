from django.db import migrations

# As in 0032, and: what concerns a person stands in the log of every brand that the person works for.
FUNCTION = """
CREATE OR REPLACE FUNCTION parley_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told constant jsonb := nullif(current_setting('parley.caller', true), '')::jsonb;
    ignored constant text[] := string_to_array(TG_ARGV[1], ',');
    was jsonb := '{}';
    now_is jsonb := '{}';
    said jsonb;
    of_brand bigint;
    of_brands bigint[];
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
            SELECT array_agg(DISTINCT brand_id) INTO of_brands FROM inbox_membership WHERE person_id = (said ->> 'id')::bigint;
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
    SELECT
        each_brand, (told ->> 'person')::bigint, coalesce(told ->> 'name', ''), coalesce(told ->> 'address', ''),
        coalesce(told ->> 'request', ''), CASE TG_OP WHEN 'INSERT' THEN 'made' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END,
        TG_ARGV[0], (said ->> CASE WHEN said ? 'id' THEN 'id' ELSE TG_ARGV[3] END)::bigint,
        left(concat_ws(' of ', nullif(said ->> TG_ARGV[2], ''), nullif(whose, '')), 300), was, now_is
    FROM unnest(coalesce(of_brands, ARRAY[of_brand])) each_brand;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0032_audited_in_full")]

    # Backwards it stays: it does all that the one before did.
    operations = [migrations.RunSQL(FUNCTION, migrations.RunSQL.noop)]
