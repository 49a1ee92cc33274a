"""A row says by itself whether its person is marked, and what is pending or spam is read from an index like the rest."""

from django.db import migrations, models

FILL = """
UPDATE inbox_conversation c SET contact_vip = true FROM inbox_contact p WHERE p.id = c.contact_id AND p.vip;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0019_two_contacts_may_be_one")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="contact_vip",
            field=models.BooleanField(db_default=False, default=False, help_text="As the person is marked."),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["brand", "-last_message_at", "-id"],
                name="list_pending",
                condition=models.Q(("state", "pending")),
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["brand", "-last_message_at", "-id"],
                name="list_spam",
                condition=models.Q(("state", "spam")),
            ),
        ),
    ]
