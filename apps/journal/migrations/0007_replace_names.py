"""Lets the audit trail forget a name, and nothing else, by `sql/names.sql`."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "names.sql").read_text()
UNDO = """
DROP FUNCTION journal_replace_name(bigint, text[], text, text, text);
CREATE OR REPLACE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [("journal", "0006_ways_to_send")]
    operations = [migrations.RunSQL(SQL, UNDO)]
