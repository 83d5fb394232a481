"""An official price is history too. A trigger without arguments has none, not an empty list, and nothing minus NULL
was ever refused."""

from django.db import migrations

KEEP_ROW = """
CREATE OR REPLACE FUNCTION marketplace_keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% is never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - coalesce(TG_ARGV, '{}')) <> (to_jsonb(OLD) - coalesce(TG_ARGV, '{}')) THEN
        RAISE EXCEPTION '% is never edited', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP_ROW_BEFORE = KEEP_ROW.replace("coalesce(TG_ARGV, '{}')", "TG_ARGV")


class Migration(migrations.Migration):

    dependencies = [("marketplace", "0004_marks_and_lasting_history")]

    operations = [migrations.RunSQL(KEEP_ROW, KEEP_ROW_BEFORE)]
