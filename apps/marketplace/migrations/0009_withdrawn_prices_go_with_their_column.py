"""Backwards only: an older release knows no withdrawal, so a price that was taken back would come into force there."""

from django.db import migrations

REMOVE = """
ALTER TABLE marketplace_pricechange DISABLE TRIGGER keep_row;
ALTER TABLE marketplace_priceversion DISABLE TRIGGER keep_price_version;
CREATE TEMPORARY TABLE withdrawn ON COMMIT DROP AS
    SELECT id FROM marketplace_priceversion WHERE withdrawn_at IS NOT NULL;
DELETE FROM marketplace_pricenotice n USING marketplace_pricechange c
    WHERE c.id = n.change_id AND c.version_id IN (SELECT id FROM withdrawn);
DELETE FROM marketplace_pricechange WHERE version_id IN (SELECT id FROM withdrawn);
DELETE FROM marketplace_priceversion WHERE id IN (SELECT id FROM withdrawn);
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE marketplace_priceversion ENABLE TRIGGER keep_price_version;
ALTER TABLE marketplace_pricechange ENABLE TRIGGER keep_row;
"""


class Migration(migrations.Migration):

    dependencies = [("marketplace", "0008_prices_never_begin_in_the_past")]

    operations = [migrations.RunSQL(migrations.RunSQL.noop, REMOVE)]
