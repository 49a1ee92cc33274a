from django.db import migrations, models


class Migration(migrations.Migration):
    """What was kept for an answer that never came is found by its age, in a sweep of its own."""

    dependencies = [("inbox", "0055_echoes_taken_for_replies")]

    operations = [
        migrations.AddIndex(
            model_name="takenecho", index=models.Index(fields=["taken_at"], name="taken_echoes_by_age")
        ),
    ]
