from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0005_hashlist_was_valid")]

    operations = [
        migrations.CreateModel(
            "Calls",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("minute", models.BigIntegerField()),
                ("count", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["name", "minute"], name="calls_once"),
                ]
            },
        ),
    ]
