from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0018_who_brought_a_file_in")]

    operations = [
        migrations.AddField(
            model_name="zonechange",
            name="effect_international",
            field=models.SmallIntegerField(default=0),
        ),
    ]
