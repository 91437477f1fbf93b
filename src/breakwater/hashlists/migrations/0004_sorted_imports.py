from django.db import migrations, models
from django.db.models import F


def begin_anew(apps, schema_editor) -> None:
    """Let imports in work be read again: what is written already is found, and not doubled."""
    changes = apps.get_model("hashlists", "ListChange")
    half = changes.objects.filter(
        state__in=["waiting", "running"], form__in=["table", "vics", "collection"]
    )
    half.update(done=0, bytes_read=0)
    # Every line set aside was counted as its value and as its entry.
    rest = changes.objects.exclude(state__in=["waiting", "running"]).exclude(form="sharing")
    rest.update(done=F("added") + F("changed") + F("unchanged") + F("removed") + F("faulty"))


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0003_drafts_and_grades")]

    operations = [
        migrations.AddField("listchange", "to_write", models.BigIntegerField(default=0)),
        migrations.AddField("listchange", "written", models.BigIntegerField(default=0)),
        migrations.RunPython(begin_anew, migrations.RunPython.noop),
    ]
