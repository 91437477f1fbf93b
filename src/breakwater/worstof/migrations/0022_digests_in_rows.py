"""The digests of the 4096 buckets, so far in one row, move into 256; the roots stay what was signed."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OCTETS = 16 * 32  # of the digests in a row


def divide(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("worstof", "ZoneDigests")
    for every, international in apps.get_model("worstof", "DigestsInOneRow").objects.values_list(
        "every", "international"
    ):
        rows.objects.bulk_create(
            rows(
                number=place // OCTETS,
                every=bytes(every[place : place + OCTETS]),
                international=bytes(international[place : place + OCTETS]),
            )
            for place in range(0, len(every), OCTETS)
        )


class Migration(migrations.Migration):
    dependencies = [("worstof", "0021_time_lived")]

    operations = [
        migrations.RenameModel("ZoneDigests", "DigestsInOneRow"),
        migrations.CreateModel(
            name="ZoneDigests",
            fields=[
                ("number", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("every", models.BinaryField()),
                ("international", models.BinaryField(null=True)),
            ],
        ),
        migrations.RunPython(divide, migrations.RunPython.noop),
        migrations.DeleteModel(name="DigestsInOneRow"),
    ]
