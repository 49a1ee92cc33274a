import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is told of a public post ahead of what it belongs to, or without its own name, is kept until that is known."""

    dependencies = [("inbox", "0058_teams_that_are_being_removed")]

    operations = [
        migrations.CreateModel(
            name="EarlyPost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(db_collation="C", max_length=400)),
                (
                    "reply_to",
                    models.CharField(
                        db_collation="C",
                        help_text="External id of the post that it waits for.",
                        max_length=400,
                    ),
                ),
                ("sent_at", models.DateTimeField()),
                ("told", models.JSONField()),
                ("told_at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.channel",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["channel", "reply_to"], name="early_posts_by_answered"),
                    models.Index(fields=["channel", "told_at"], name="early_posts_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "external_id"), name="one_early_post_per_platform_post"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OtherName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=400)),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.channel",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.message"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "name"), name="another_name_is_of_one_message")
                ],
            },
        ),
    ]
