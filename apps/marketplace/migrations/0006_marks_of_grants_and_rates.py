"""Marks of what lists of models also show: who was granted what, and what a unit of a currency is worth."""

from django.db import migrations

WATCHED = ["teams_accessgrant", "marketplace_modelgrant", "marketplace_creditrate"]


def mark(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION marketplace_mark('models')",
        f"DROP TRIGGER mark ON {table}",
    )


class Migration(migrations.Migration):

    dependencies = [("marketplace", "0005_official_prices_are_final")]

    operations = [*map(mark, WATCHED)]
