from django.db import migrations

ONLY_FORWARD = """
CREATE OR REPLACE FUNCTION inbox_message_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.external_id IS NOT NULL AND NEW.external_id IS DISTINCT FROM OLD.external_id{but} THEN
        RAISE EXCEPTION 'a message keeps its platform id (message %)', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'sending'), ('queued', 'failed'), ('queued', 'sent'),
        ('sending', 'sent'), ('sending', 'failed'), ('sending', 'uncertain'), ('sending', 'queued'),
        ('uncertain', 'sent'), ('uncertain', 'failed'), ('uncertain', 'queued'),
        ('failed', 'queued'), ('failed', 'sent'),
        ('sent', 'delivered'), ('sent', 'read'), ('delivered', 'read')
    ) THEN
        RAISE EXCEPTION 'a message does not go from % to % (message %)', OLD.state, NEW.state, OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
NAMED = "\n       AND current_setting('parley.releases', true) IS DISTINCT FROM OLD.id::text"


class Migration(migrations.Migration):
    """A reply that was taken for an echo with the same words gets its own id back when the platform's answer names it. One transaction
    names one message (inbox.actions._twins); all others keep what they have."""

    dependencies = [("inbox", "0053_which_message_a_tag_is_about")]

    operations = [
        migrations.RunSQL(ONLY_FORWARD.format(but=NAMED), ONLY_FORWARD.format(but="")),
    ]
