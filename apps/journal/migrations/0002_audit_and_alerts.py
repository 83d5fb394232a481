"""Installs the audit table with its guards and the alert function from `sql/journal.sql`."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "journal.sql").read_text()
REVERSE = """
DROP FUNCTION journal_alert(text, text, jsonb);
DROP TABLE journal_auditentry;
DROP FUNCTION journal_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
