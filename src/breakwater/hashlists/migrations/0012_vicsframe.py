import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0011_entry_keys")]

    operations = [
        migrations.CreateModel(
            "VicsFrame",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("frame", models.TextField()),
                ("root", models.TextField()),
                ("case", models.TextField(blank=True)),
                (
                    "hash_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vics_frames",
                        to="hashlists.hashlist",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "vicsframe",
            models.UniqueConstraint(fields=["hash_list", "key"], name="vics_frame_once"),
        ),
    ]
