"""Gives transfers a lot and a business date, and makes draws and returns append-only, from `sql/corrections.sql`."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "corrections.sql").read_text()
REVERSE = """
DROP TRIGGER wallet_return_no_truncate ON wallet_return;
DROP TRIGGER wallet_return_append_only ON wallet_return;
DROP TRIGGER wallet_draw_no_truncate ON wallet_draw;
DROP TRIGGER wallet_draw_append_only ON wallet_draw;
DROP INDEX wallet_transfer_corrections;
DROP INDEX wallet_transfer_movements;
CREATE INDEX wallet_transfer_wallet ON wallet_transfer (wallet_id, id);
ALTER TABLE wallet_transfer DROP COLUMN business_on, DROP COLUMN lot_id;
"""


class Migration(migrations.Migration):

    dependencies = [("wallet", "0005_lots_and_dues")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
