import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_those_above(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """As `rules.folding.appealed` did when this was written."""
    Appeal = apps.get_model("worstof", "Appeal")
    AppealedName = apps.get_model("worstof", "AppealedName")
    for appeal in Appeal.objects.exclude(name="").iterator():
        labels = appeal.name.split(".")
        names = [".".join(labels[start:]) for start in range(len(labels))]
        rows = (AppealedName(appeal=appeal, name=name) for name in (*names, f"www.{appeal.name}"))
        AppealedName.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("worstof", "0022_digests_in_rows")]

    operations = [
        migrations.CreateModel(
            name="AppealedName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=253)),
                (
                    "appeal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="names",
                        to="worstof.appeal",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["name"], name="worstof_appealed_name")],
            },
        ),
        migrations.RunPython(name_those_above, migrations.RunPython.noop),
    ]
