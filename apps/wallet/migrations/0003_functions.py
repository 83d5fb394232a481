"""Installs the ledger's functions from `sql/*.sql`."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "sql"
FILES = ["basics", "reserve", "authorise", "extend", "settle", "expire", "accounts", "post"]
REVERSE = """
DO $$ DECLARE one regprocedure; BEGIN
    FOR one IN SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'wallet\\_%' AND proname <> 'wallet_refuse_change'
    LOOP EXECUTE 'DROP FUNCTION ' || one; END LOOP;
END $$;
DROP TYPE wallet_asking;
DROP TYPE wallet_verdict;
DROP TYPE wallet_demand;
"""


class Migration(migrations.Migration):

    dependencies = [("wallet", "0002_transfers"), ("journal", "0002_audit_and_alerts")]
    operations = [migrations.RunSQL("\n".join((FOLDER / f"{name}.sql").read_text() for name in FILES), REVERSE)]
