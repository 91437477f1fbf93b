from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0009_page_trail")]

    operations = [
        migrations.AddField("listchange", "met", models.BigIntegerField(default=0)),
        migrations.AddField("listchange", "to_meet", models.BigIntegerField(null=True)),
    ]
