from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0020_publications_by_time")]

    operations = [
        migrations.AddField(
            model_name="publication", name="lived", field=models.FloatField(null=True)
        ),
        migrations.AddField(
            model_name="publisherstate", name="boot", field=models.CharField(blank=True, max_length=36)
        ),
        migrations.AddField(
            model_name="publisherstate", name="boot_seconds", field=models.FloatField(default=0)
        ),
        migrations.AddField(
            model_name="publisherstate", name="lived", field=models.FloatField(default=0)
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["lived", "serial"], name="worstof_publication_lived"),
        ),
    ]
