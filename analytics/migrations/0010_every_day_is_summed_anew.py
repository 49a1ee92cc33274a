from django.db import migrations

# On its own: the one before takes locks that nobody should wait for while all facts are read. Hours have sums of agents alone, and these stand.
# They are long due, so that the pages say at once that days are missing.
MARK = """
    INSERT INTO analytics_period (brand_id, level, at, due_at)
    SELECT DISTINCT b.id, 'day', date_trunc('day', f.at, b.time_zone), now() - interval '1 hour'
      FROM analytics_fact f JOIN inbox_brand b ON b.id = f.brand_id
    ON CONFLICT DO NOTHING
"""
# Whoever goes back has sums of hours again, and none of them stands.
MARK_BOTH = ";".join((MARK, MARK.replace("'day'", "'hour'")))


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0009_days_are_kept_as_columns"),
    ]

    operations = [
        migrations.RunSQL(MARK, MARK_BOTH),
    ]
