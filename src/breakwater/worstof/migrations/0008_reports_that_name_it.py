"""How many reports name a domain is kept with it for the order of the queue."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0007_each_country_decides_its_own_list")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="reports",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="entry",
            name="reports_counted_at",
            field=models.DateTimeField(null=True),
        ),
    ]
