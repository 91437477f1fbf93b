"""Number the PhotoDNA values that reports named, so that a list that names such meets the archive."""

import django.db.models.deletion
from django.db import migrations, models

from breakwater.reports.rules.perceptual import PREFIX, photodna_code

AT_ONCE = 10_000


def number_values(apps, schema_editor):
    Selector = apps.get_model('reports', 'Selector')
    PhotodnaHash = apps.get_model('reports', 'PhotodnaHash')
    named = Selector.objects.filter(kind='phash').exclude(value__startswith=PREFIX)
    waiting = []
    for pk, value in named.order_by('first_seen_at', 'id').values_list('id', 'value').iterator(AT_ONCE):
        code = photodna_code(value)
        if code:
            waiting.append(PhotodnaHash(selector_id=pk, code=code))
        if len(waiting) >= AT_ONCE:
            PhotodnaHash.objects.bulk_create(waiting)
            waiting = []
    PhotodnaHash.objects.bulk_create(waiting)


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0005_url_hosts'),
    ]

    operations = [
        migrations.CreateModel(
            name='PhotodnaHash',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.BinaryField(max_length=144)),
                ('selector', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='reports.selector')),
            ],
        ),
        migrations.RunPython(number_values, migrations.RunPython.noop),
    ]
