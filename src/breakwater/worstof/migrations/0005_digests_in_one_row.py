"""The digests of the 4096 buckets move into one row; the roots they give stay what was signed."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EMPTY = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def pack(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    rows = list(
        apps.get_model("worstof", "ZoneBucket").objects.values_list(
            "number", "digest", "international"
        )
    )
    if not rows:
        return
    digests = {"every": bytearray(EMPTY * 4096), "international": bytearray(EMPTY * 4096)}
    for number, *found in rows:
        for whole, digest in zip(digests.values(), found, strict=True):
            whole[number * 32 : number * 32 + 32] = bytes(digest)
    packed = {key: bytes(whole) for key, whole in digests.items()}
    apps.get_model("worstof", "ZoneDigests").objects.create(pk=1, **packed)


class Migration(migrations.Migration):
    dependencies = [("worstof", "0004_partner_files")]

    operations = [
        migrations.CreateModel(
            name="ZoneDigests",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("every", models.BinaryField()),
                ("international", models.BinaryField()),
            ],
        ),
        migrations.RunPython(pack, migrations.RunPython.noop),
        migrations.DeleteModel(name="ZoneBucket"),
    ]
