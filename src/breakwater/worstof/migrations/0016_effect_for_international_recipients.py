from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0015_publications_that_were_accepted")]

    operations = [
        migrations.AddField(
            model_name="zonechange",
            name="effect_international",
            field=models.SmallIntegerField(default=0),
        ),
    ]
