import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashlists", "0006_calls")]

    operations = [
        migrations.CreateModel(
            "ForeignOpinion",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("member_id", models.CharField(blank=True, max_length=40)),
                ("member", models.CharField(blank=True, max_length=120)),
                ("agrees", models.BooleanField()),
                ("reason_guid", models.CharField(blank=True, max_length=80)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="foreign_opinions",
                        to="hashlists.entry",
                    ),
                ),
            ],
        ),
    ]
