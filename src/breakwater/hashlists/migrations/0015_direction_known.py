from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0014_changes_hold_when_finished")]

    operations = [
        migrations.AlterField(
            "hashlist",
            "direction",
            models.CharField(
                choices=[
                    ("raise", "Raises the priority"),
                    ("lower", "Lowers the priority"),
                    ("known", "Says only that the file is known, and changes no priority"),
                ],
                default="raise",
                max_length=5,
            ),
        ),
    ]
