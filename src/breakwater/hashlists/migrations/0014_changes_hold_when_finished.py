import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0013_entries_name_finished_changes")]

    operations = [
        migrations.RemoveIndex("entry", "entry_changed"),
        migrations.RemoveField("entry", "changed_at"),
        migrations.RemoveField("listchange", "hashes_before"),
        migrations.AddIndex(
            "entry", models.Index(fields=["changed_by", "id"], name="entry_changed_by")
        ),
        migrations.CreateModel(
            "Amendment",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry_id", models.BigIntegerField()),
                ("member", models.CharField(blank=True, max_length=120)),
                (
                    "media",
                    models.SmallIntegerField(
                        choices=[(0, "Unknown"), (1, "Picture"), (2, "Video")]
                    ),
                ),
                ("grade", models.CharField(blank=True, max_length=60)),
                ("mapped_grade", models.CharField(blank=True, max_length=12)),
                ("is_deleted", models.BooleanField()),
                ("facts", models.BinaryField()),
                ("has_other_hashes", models.BooleanField()),
                (
                    "change",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hashlists.listchange",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "amendment",
            models.UniqueConstraint(fields=["change", "entry_id"], name="amendment_once"),
        ),
        migrations.CreateModel(
            "AmendedHash",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry_id", models.BigIntegerField()),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[
                            (1, "MD5"), (2, "SHA-1"), (3, "SHA-256"), (4, "PDQ"), (5, "PhotoDNA"),
                        ]
                    ),
                ),
                ("value", models.BinaryField(max_length=144)),
                (
                    "change",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hashlists.listchange",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "amendedhash", models.Index(fields=["change", "entry_id"], name="amended_hash_entry")
        ),
    ]  # fmt: skip
