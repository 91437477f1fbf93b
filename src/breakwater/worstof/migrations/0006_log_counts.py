"""Leaves of the transparency log are counted by year and verb as they come; those there are counted."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def count(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    leaves = apps.get_model("worstof", "LogLeaf").objects.values_list("year", "verb").order_by()
    kept = apps.get_model("worstof", "LogCount")
    rows = leaves.annotate(n=models.Count("pk"))
    kept.objects.bulk_create(kept(year=year, verb=verb, leaves=n) for year, verb, n in rows)


class Migration(migrations.Migration):
    dependencies = [("worstof", "0005_digests_in_one_row")]

    operations = [
        migrations.CreateModel(
            name="LogCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("verb", models.CharField(max_length=20)),
                ("leaves", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("year", "verb"), name="worstof_year_once")
                ],
            },
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
