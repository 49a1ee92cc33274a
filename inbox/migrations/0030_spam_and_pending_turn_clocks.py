from django.db import migrations, models

KINDS = [
    "conversation.resolved",
    "conversation.reopened",
    "conversation.snoozed",
    "conversation.woken",
    "conversation.no_reply_needed",
    "conversation.pending",
    "conversation.spam",
]


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0029_audit_log"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="event", name="turns_of_conversation"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("kind__in", KINDS)),
                fields=["conversation", "seq"],
                name="turns_of_conversation",
            ),
        ),
    ]
