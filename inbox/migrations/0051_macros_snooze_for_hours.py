"""“8h” is asked back since: it may be an hour. What macros were told before meant a length, and goes on meaning it."""

from django.db import migrations

IN_HOURS = r"""
UPDATE inbox_macro SET snoozes = substring(snoozes FROM '\d+') || ' hours'
 WHERE snoozes ~* '^\s*((until|til)\s+)?(0?[5-9]|1\d|2[0-3])\s?h\s*$';
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0050_untold_messages_rest")]

    operations = [migrations.RunSQL(IN_HOURS, migrations.RunSQL.noop)]
