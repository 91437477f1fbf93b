from django.db import migrations
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
    # Apart from the next one: PostgreSQL changes no table whose rows were changed in the same
    # transaction.
    dependencies = [("hashlists", "0012_vicsframe")]

    operations = [migrations.RunPython(name_changes, migrations.RunPython.noop)]
