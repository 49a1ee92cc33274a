import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

COLUMNS = ("channel", "person", "team", "label", "priority", "hour", "hit", "bucket", "business")
# The numbers are read in one go, and taking them out of a compression would cost more than it saves.
AS_THEY_ARE = "ALTER TABLE analytics_dayfacts " + ", ".join(
    f"ALTER COLUMN {name} SET STORAGE EXTERNAL" for name in COLUMNS
)


def numbers(help_text="", **more):
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.BigIntegerField(), help_text=help_text, size=None, **more
    )


def brand():
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.brand"
    )


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0008_counted_by_these_definitions"),
    ]

    operations = [
        # Its histograms by two things are not kept any more, and those by one thing stand together in a row.
        migrations.DeleteModel("Rollup"),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("id", key()),
                ("brand", brand()),
                ("at", models.DateTimeField(help_text="When the day begins.")),
                ("kind", models.CharField(db_collation="C", max_length=24)),
                ("basis", models.SmallIntegerField(help_text="0: by the calendar, 1: in business hours.")),
                ("dim", models.CharField(blank=True, db_collation="C", max_length=12, help_text="By what it is split: one of analytics.packing.DIMS, or nothing.")),
                ("values", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, max_length=60), help_text="As text. Empty: without any.", size=None)),
                ("counts", models.BinaryField(help_text="Four bytes a value.")),
                ("hits", models.BinaryField(help_text="Four bytes a value.")),
                ("sizes", models.BinaryField(help_text="How many pairs the histogram of each value has, two bytes.")),
                ("pairs", models.BinaryField(help_text="The histograms, one after the other: bucket and number (analytics.histogram.PAIR).")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("brand", "kind", "dim", "basis", "at"), name="a_day_is_summed_once")],
                "indexes": [models.Index(fields=["brand", "at"], name="rollups_of_period")],
            },
        ),
        migrations.CreateModel(
            name="Labels",
            fields=[
                ("id", key()),
                ("brand", brand()),
                ("mark", models.CharField(help_text="MD5 of the mood and the tags, a line each.", max_length=32)),
                ("sentiment", models.CharField(blank=True, max_length=8)),
                ("tags", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("brand", "mark"), name="labels_are_known_once")]},
        ),
        migrations.CreateModel(
            name="DayFacts",
            fields=[
                ("id", key()),
                ("brand", brand()),
                ("at", models.DateTimeField(help_text="When the day begins.")),
                ("kind", models.CharField(db_collation="C", max_length=24)),
                ("count", models.IntegerField()),
                ("channels", numbers()),
                ("people", numbers("0: nobody.")),
                ("teams", numbers("0: none.")),
                ("labels", numbers("Ids of Labels.")),
                ("channel", models.BinaryField()),
                ("person", models.BinaryField()),
                ("team", models.BinaryField()),
                ("label", models.BinaryField()),
                ("priority", models.BinaryField()),
                ("hour", models.BinaryField(help_text="Of the brand's own day.")),
                ("hit", models.BinaryField(help_text="1 or 0. Empty: 0.")),
                ("bucket", models.BinaryField(help_text="Of the value, in the buckets of analytics.histogram; packing.NONE, or empty: it has none.")),
                ("business", models.BinaryField(help_text="The same in business hours.")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["brand", "kind", "at"], name="dayfacts_of_chart"),
                    models.Index(fields=["brand", "at"], name="dayfacts_of_period"),
                ]
            },
        ),
        migrations.RunSQL(AS_THEY_ARE, ""),
    ]  # fmt: skip
