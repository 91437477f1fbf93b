"""The live check may have no name to ask for, which is neither good nor bad."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0009_rule_changes")]

    operations = [
        migrations.AlterField(
            model_name="publisherstate",
            name="probe",
            field=models.CharField(
                choices=[
                    ("off", "Off: no resolver was given to check with"),
                    ("none", "Off: the file of names that must never be blocked names none to ask"),
                    ("good", "Names that must never be blocked resolve"),
                    ("bad", "A name that must never be blocked did not resolve"),
                ],
                default="off",
                max_length=4,
            ),
        ),
    ]
