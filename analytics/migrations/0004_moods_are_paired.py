from django.db import migrations


def sum_again(apps, schema_editor):
    """Days are summed by mood and one thing more now. Whoever follows next finds other settings and makes all sums anew."""
    apps.get_model("analytics", "Follower").objects.update(settings="")


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0003_mails_are_claimed_one_by_one"),
    ]

    operations = [
        migrations.RunPython(sum_again, sum_again),
    ]
