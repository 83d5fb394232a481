"""Backwards only: an older release has one multiplier a group, which is the announced one where that has begun."""

from django.db import migrations

KEEP = """
UPDATE teams_accessgroup SET multiplier = coming_multiplier, coming_multiplier = NULL, coming_at = NULL
    WHERE coming_at <= now();
SET CONSTRAINTS ALL IMMEDIATE
"""


class Migration(migrations.Migration):

    dependencies = [("teams", "0005_all_lines_and_announced_multipliers")]

    operations = [migrations.RunSQL(migrations.RunSQL.noop, KEEP)]
