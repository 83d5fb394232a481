"""Makes the append-only, partitioned table of transfers and tunes the hot tables, from `sql/transfer.sql`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "transfer.sql").read_text()
REVERSE = """
ALTER TABLE wallet_hold RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE wallet_account RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
DROP TABLE wallet_transfer;
DROP FUNCTION wallet_refuse_change();
"""


def create_this_month(apps, schema_editor):
    """The first partition; `core.partitions` keeps the next ones ahead."""
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    low, high = (f"{int(at.timestamp() * 1000):012x}{'0' * 20}" for at in (start, end))
    name = f"wallet_transfer_{start:%Y%m}"
    schema_editor.execute(f"CREATE TABLE {name} PARTITION OF wallet_transfer FOR VALUES FROM ('{low}') TO ('{high}')")
    schema_editor.execute(
        f"CREATE TRIGGER wallet_transfer_no_truncate BEFORE TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION wallet_refuse_change()"
    )


class Migration(migrations.Migration):

    dependencies = [("wallet", "0001_initial")]
    operations = [
        migrations.RunSQL(SQL, REVERSE),
        migrations.RunPython(create_this_month, migrations.RunPython.noop),
    ]
