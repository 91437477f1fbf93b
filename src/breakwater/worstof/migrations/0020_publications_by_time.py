from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0019_effect_for_international_recipients")]

    operations = [
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["at", "serial"], name="worstof_publication_at"),
        ),
    ]
