from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_mails_that_leave_are_no_entries")]

    operations = [
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                fields=["brand", "kind", "person_id", "at", "id"],
                name="facts_of_person",
                condition=Q(person_id__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                fields=["brand", "kind", "at", "id"], name="facts_missed", condition=Q(hit=False)
            ),
        ),
    ]
