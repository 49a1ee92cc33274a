"""Names of people stood in what was told of a merge, and a platform may want them gone. Who they are is looked up since."""

from django.db import migrations

WITHOUT_NAMES = """
UPDATE inbox_event SET data = data - 'kept' - 'absorbed' WHERE kind IN ('contacts.merged', 'contacts.parted');
UPDATE inbox_undo SET words = 'Said that two contacts are one person' WHERE kind = 'person';
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0048_who_was_late_is_asked_of_events")]

    operations = [migrations.RunSQL(WITHOUT_NAMES, migrations.RunSQL.noop)]
