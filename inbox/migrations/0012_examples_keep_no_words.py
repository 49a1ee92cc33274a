import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0011_clocks_are_written_often"),
    ]

    operations = [
        migrations.RemoveField(model_name="example", name="text"),
        migrations.AlterField(
            model_name="example",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.message"
            ),
        ),
    ]
