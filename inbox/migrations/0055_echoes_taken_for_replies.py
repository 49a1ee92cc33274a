import django.db.models.deletion
from django.db import migrations, models

ONLY_FORWARD = """
CREATE OR REPLACE FUNCTION inbox_message_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.external_id IS NOT NULL AND NEW.external_id IS DISTINCT FROM OLD.external_id
       AND current_setting('parley.releases', true) IS DISTINCT FROM OLD.id::text THEN
        RAISE EXCEPTION 'a message keeps its platform id (message %)', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'sending'), ('queued', 'failed'), ('queued', 'sent'),
        ('sending', 'sent'), ('sending', 'failed'), ('sending', 'uncertain'), ('sending', 'queued'),
        ('uncertain', 'sent'), ('uncertain', 'failed'), ('uncertain', 'queued'),
        ('failed', 'queued'), ('failed', 'sent'),
        ('sent', 'delivered'), ('sent', 'read'), ('delivered', 'read')
    ){but} THEN
        RAISE EXCEPTION 'a message does not go from % to % (message %)', OLD.state, NEW.state, OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
NAMED = """ AND NOT (
        NEW.external_id IS DISTINCT FROM OLD.external_id AND (OLD.state, NEW.state) IN (('delivered', 'sent'), ('read', 'sent'))
    )"""


class Migration(migrations.Migration):
    """A reply that gets its own id back keeps nothing of what was told of the other's, and that one is as whole as if it had come plainly."""

    dependencies = [("inbox", "0054_an_answer_releases_an_id")]

    operations = [
        migrations.CreateModel(
            name="TakenEcho",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="inbox.message",
                    ),
                ),
                ("told", models.JSONField()),
                ("taken_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(ONLY_FORWARD.replace("{but}", NAMED), ONLY_FORWARD.replace("{but}", "")),
    ]
