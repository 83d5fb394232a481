"""Makes the tables and indexes of the ledger's verification, from `sql/watch.sql`."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "watch.sql").read_text()
REVERSE = """
DROP INDEX wallet_posting_transfer;
DROP INDEX wallet_transfer_bookings;
DROP INDEX wallet_draw_at;
DROP INDEX wallet_transfer_at;
DROP TABLE wallet_seal;
DROP TABLE wallet_checkpoint_mark;
DROP TABLE wallet_checkpoint;
"""


class Migration(migrations.Migration):

    dependencies = [("wallet", "0008_staff_permissions")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
