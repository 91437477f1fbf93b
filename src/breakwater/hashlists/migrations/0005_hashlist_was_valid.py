from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0004_sorted_imports")]

    operations = [
        migrations.AddField("hashlist", "was_valid", models.BooleanField(default=True)),
    ]
