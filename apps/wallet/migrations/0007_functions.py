"""Installs the ledger's functions from `sql/*.sql`, in place of those of earlier versions."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "sql"
FILES = ["basics", "reserve", "authorise", "extend", "settle", "expire", "lots", "accounts", "post"]
DROP = """
DO $$ DECLARE one regprocedure; BEGIN
    FOR one IN SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'wallet\\_%' AND proname <> 'wallet_refuse_change'
    LOOP EXECUTE 'DROP FUNCTION ' || one; END LOOP;
END $$;
DROP TYPE IF EXISTS wallet_asking, wallet_verdict, wallet_demand;
"""


class Migration(migrations.Migration):

    dependencies = [("wallet", "0006_corrections"), ("journal", "0002_audit_and_alerts")]
    operations = [
        migrations.RunSQL(
            "\n".join((DROP, *((FOLDER / f"{name}.sql").read_text() for name in FILES))), DROP
        )
    ]
