import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Exists, OuterRef


def name_changes(apps, schema_editor) -> None:
    """Let each entry name the finished change that recipients are told it by."""
    alias = schema_editor.connection.alias
    changes = apps.get_model("hashlists", "ListChange").objects.using(alias).order_by("pk")
    entries = apps.get_model("hashlists", "Entry").objects.using(alias)
    hashes = apps.get_model("hashlists", "Fingerprint").objects.using(alias)
    # A list that was reinstated was told anew at that time.
    for back in changes.filter(form="terms", name="hashlists.list.reinstated"):
        told = entries.filter(hash_list=back.hash_list_id, changed_at=back.finished_at)
        told.update(changed_by=back)
    # What an unfinished change wrote over entries that spoke before it goes on speaking.
    for half in changes.filter(finished_at=None):
        done = changes.filter(hash_list=half.hash_list_id).exclude(finished_at=None).last()
        if done is not None:
            before = hashes.filter(entry=OuterRef("pk"), pk__lte=half.hashes_before)
            entries.filter(Exists(before), changed_by=half).update(changed_by=done)


class Migration(migrations.Migration):
    # PostgreSQL changes no table whose rows were changed in the same transaction.
    atomic = False
    dependencies = [("hashlists", "0012_vicsframe")]

    operations = [
        migrations.RunPython(name_changes, migrations.RunPython.noop),
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
