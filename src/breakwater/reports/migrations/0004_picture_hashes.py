"""Number the PDQ values that reports named, and keep how far pictures of one bundle are apart."""

import django.db.models.deletion
from django.db import migrations, models

from breakwater.reports.rules.perceptual import PREFIX, pdq_code

AT_ONCE = 10_000


def number_pictures(apps, schema_editor):
    Selector = apps.get_model('reports', 'Selector')
    PictureHash = apps.get_model('reports', 'PictureHash')
    named = Selector.objects.filter(kind='phash', value__startswith=PREFIX).order_by('first_seen_at', 'id')
    waiting = []
    for pk, value in named.values_list('id', 'value').iterator(AT_ONCE):
        code = pdq_code(value)
        if code:
            waiting.append(PictureHash(selector_id=pk, code=code))
        if len(waiting) >= AT_ONCE:
            PictureHash.objects.bulk_create(waiting)
            waiting = []
    PictureHash.objects.bulk_create(waiting)


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0003_appearances_unchecked'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='via_distance',
            field=models.SmallIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='PictureHash',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.BinaryField(max_length=32)),
                ('selector', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='reports.selector')),
            ],
        ),
        migrations.RunPython(number_pictures, migrations.RunPython.noop),
    ]
