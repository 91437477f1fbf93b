"""The hosts of addresses on the web, so that reports that name one are counted by an index."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from breakwater.reports.rules.identify import url_hosts

AT_ONCE = 5000


def fill(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    kept = apps.get_model("reports", "UrlHost")
    rows = apps.get_model("reports", "Selector").objects.filter(kind="url")
    waiting = []
    for pk, value in rows.values_list("pk", "value").iterator(chunk_size=AT_ONCE):
        waiting += [kept(host=host, selector_id=pk) for host in url_hosts(value)]
        if len(waiting) >= AT_ONCE:
            kept.objects.bulk_create(waiting)
            waiting = []
    kept.objects.bulk_create(waiting)


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_picture_hashes")]

    operations = [
        migrations.CreateModel(
            name="UrlHost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=253)),
                (
                    "selector",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="reports.selector",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["host", "selector"], name="urlhost_host")],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
