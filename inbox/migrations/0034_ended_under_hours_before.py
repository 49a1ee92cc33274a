from django.db import migrations

# A policy's version tells under which hours a clock ended, but until now it did not rise when hours changed. Clocks that ended may
# have been counted by other hours than today's: with a new version nobody counts them again by these.
RAISE = "UPDATE inbox_slapolicy SET version = version + 1 WHERE hours_id IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0033_audited_in_each_brand")]

    # Backwards it stays: a version only rises.
    operations = [migrations.RunSQL(RAISE, migrations.RunSQL.noop)]
