from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("worstof", "0013_appeal_of_an_unlisted_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="new_guards",
            field=models.JSONField(default=list),
        ),
    ]
