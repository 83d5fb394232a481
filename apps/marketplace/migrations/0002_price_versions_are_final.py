"""A published price is history: the database refuses to change or delete it. Only an open end may be closed, once."""

from django.db import migrations

CREATE = """
CREATE FUNCTION marketplace_keep_price_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a price version is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ends_at IS NOT NULL OR (to_jsonb(NEW) - 'ends_at') <> (to_jsonb(OLD) - 'ends_at') THEN
        RAISE EXCEPTION 'a price version is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_price_version BEFORE UPDATE OR DELETE ON marketplace_priceversion
    FOR EACH ROW EXECUTE FUNCTION marketplace_keep_price_version();
"""
DROP = """
DROP TRIGGER keep_price_version ON marketplace_priceversion;
DROP FUNCTION marketplace_keep_price_version();
"""


class Migration(migrations.Migration):

    dependencies = [("marketplace", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
