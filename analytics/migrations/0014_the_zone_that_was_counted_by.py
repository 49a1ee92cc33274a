from django.db import migrations, models

# Nobody could choose another zone before. Who has no mark of settings is summed anew in any case.
KNOWN = """UPDATE analytics_follower f SET zone = b.time_zone FROM inbox_brand b WHERE b.id = f.brand_id AND f.settings <> ''"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0013_every_day_is_summed_anew_once_more")]

    operations = [
        migrations.AddField(
            model_name="follower",
            name="zone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The brand's time zone, by which days were summed.",
                max_length=64,
            ),
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
