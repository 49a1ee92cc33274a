from django.db import migrations

# On its own, as 0010 is.
MARK = """
    INSERT INTO analytics_period (brand_id, level, at, due_at)
    SELECT DISTINCT b.id, 'day', date_trunc('day', f.at, b.time_zone), now() - interval '1 hour'
      FROM analytics_fact f JOIN inbox_brand b ON b.id = f.brand_id
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0012_facts_stand_in_stretches"),
    ]

    operations = [
        migrations.RunSQL(MARK, MARK),
    ]
