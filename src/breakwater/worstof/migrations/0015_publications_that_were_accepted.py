from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("worstof", "0014_guards_that_came_since"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="is_accepted",
            field=models.BooleanField(default=False),
        ),
    ]
