"""Appeals and held changes are told apart by the country whose own list they are about."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worstof", "0006_log_counts")]

    operations = [
        migrations.AddField(
            model_name="appeal",
            name="part_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="worstof.appeal",
            ),
        ),
        migrations.AddField(
            model_name="heldchange",
            name="country",
            field=models.CharField(blank=True, default="", max_length=2),
            preserve_default=False,
        ),
    ]
