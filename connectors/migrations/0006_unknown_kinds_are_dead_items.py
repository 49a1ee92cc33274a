from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("connectors", "0005_audited_syncs")]

    operations = [migrations.RemoveField(model_name="channelhealth", name="unrecognised")]
