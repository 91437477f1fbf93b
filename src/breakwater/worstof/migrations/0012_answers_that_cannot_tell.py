"""Answers of a probe that cannot tell are counted apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0011_refusals")]

    operations = [
        migrations.AddField(
            model_name="probe",
            name="unclear",
            field=models.IntegerField(default=0),
        ),
    ]
