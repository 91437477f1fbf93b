from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0008_hashes_before")]

    operations = [
        migrations.AddField("listchange", "met", models.BigIntegerField(default=0)),
        migrations.AddField("listchange", "to_meet", models.BigIntegerField(null=True)),
    ]
