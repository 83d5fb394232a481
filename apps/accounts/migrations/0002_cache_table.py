"""The table of Django's database cache: sign-in limits and lock-outs count in it."""

from django.db import migrations

CREATE = """
CREATE TABLE cache_entry (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX cache_entry_expires ON cache_entry (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE cache_entry")]
