import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

QUIET = "id,channel_id,cursor,next_run_at,lease_until,lease_owner,is_slow,failures,last_error,last_remedy,last_success_at"


def watch(ignored):
    return f"""
        DROP TRIGGER audited ON connectors_syncschedule;
        CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON connectors_syncschedule FOR EACH ROW
            EXECUTE FUNCTION parley_audit('schedule', '{ignored}', 'task', 'channel');
    """


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0006_unknown_kinds_are_dead_items"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="syncschedule",
            name="once",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Somebody wants one run of it although it is paused.",
            ),
        ),
        migrations.RemoveIndex(model_name="syncschedule", name="schedules_due"),
        migrations.AddIndex(
            model_name="syncschedule",
            index=models.Index(
                fields=["next_run_at"], name="schedules_due", condition=Q(paused=False) | Q(once=True)
            ),
        ),
        migrations.RunSQL(watch(f"{QUIET},once"), watch(QUIET)),
        migrations.AddField(
            model_name="deaditem",
            name="historical_before",
            field=models.DateTimeField(
                blank=True,
                help_text="What it says of the time before rings no bell: a walk brought it.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="alarm",
            name="mailed_at",
            field=models.DateTimeField(blank=True, help_text="When everybody's mail had left.", null=True),
        ),
        migrations.CreateModel(
            name="AlarmMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tried_at", models.DateTimeField()),
                ("refused", models.BooleanField(default=False)),
                (
                    "alarm",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="connectors.alarm",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("alarm", "person"), name="one_mail_per_alarm_and_person")
                ],
            },
        ),
    ]
