"""Clocks and timers are written with each message, so they carry no index that nobody reads; and what was done is found by itself."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0010_languages_and_who_set_it"),
    ]

    operations = [
        migrations.AlterField(
            model_name="clock",
            name="conversation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="clocks",
                to="inbox.conversation",
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="counted",
            field=models.FloatField(
                default=0, help_text="Seconds; of a clock under way, as of its last writing."
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="policy",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.slapolicy",
            ),
        ),
        migrations.AlterField(
            model_name="clocksegment",
            name="clock",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="segments",
                to="inbox.clock",
            ),
        ),
        migrations.AlterField(
            model_name="timer",
            name="brand",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.brand",
            ),
        ),
        migrations.AlterField(
            model_name="timer",
            name="conversation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="timers",
                to="inbox.conversation",
            ),
        ),
        migrations.AlterField(
            model_name="timer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("warning", "Warning"),
                    ("breach", "Breach"),
                    ("wake", "Snooze ends"),
                    ("window", "Reply window closes"),
                    ("turn", "Time changes the score"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "conversation.resolved",
                            "conversation.reopened",
                            "conversation.snoozed",
                            "conversation.woken",
                            "conversation.no_reply_needed",
                        ],
                    )
                ),
                fields=["conversation", "seq"],
                name="turns_of_conversation",
            ),
        ),
    ]
