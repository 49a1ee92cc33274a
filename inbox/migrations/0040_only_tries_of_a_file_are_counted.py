"""What waited for a grant or a limit was counted as a try until now, and six tries are the end."""

from django.db import migrations

AFRESH = "UPDATE inbox_attachment SET fetch_attempts = 0 WHERE fetch_state = 'pending' AND fetch_attempts > 0"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0039_automatic_answers_and_zones_of_browsers")]

    operations = [migrations.RunSQL(AFRESH, migrations.RunSQL.noop)]
