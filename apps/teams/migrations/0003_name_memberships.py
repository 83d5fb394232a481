"""Gives memberships a name for addresses; those that are there get theirs from PostgreSQL."""

import apps.core.ids
import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0002_invitations_and_budgets'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='uid',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=apps.core.ids.uuid7, editable=False, unique=True),
        ),
    ]
