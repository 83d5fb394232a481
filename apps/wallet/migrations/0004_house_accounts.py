"""Opens the house accounts and the owner of tasks. They have fixed ids; other accounts are numbered from 1001 on."""

from django.db import migrations

SEED = """
INSERT INTO wallet_account (id, wallet_id, kind, label, capped)
    VALUES (1, 1, 10, 'revenue', false), (2, 2, 10, 'funding', false), (3, 3, 10, 'loss', false), (4, 4, 10, 'expired', false);
SELECT setval(pg_get_serial_sequence('wallet_account', 'id'), 1000);
INSERT INTO wallet_owner (id, label, lease_until) VALUES (1, 'tasks', '9999-12-31T00:00:00Z');
SELECT setval(pg_get_serial_sequence('wallet_owner', 'id'), 1000);
"""
REVERSE = """
DELETE FROM wallet_owner WHERE id = 1;
DELETE FROM wallet_account WHERE id <= 4;
"""


class Migration(migrations.Migration):

    dependencies = [("wallet", "0003_functions")]
    operations = [migrations.RunSQL(SEED, REVERSE)]
