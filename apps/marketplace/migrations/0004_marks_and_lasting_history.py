"""Marks for who remembers the catalogue; a scheduled price may be withdrawn before it begins; history is never edited."""

from django.db import migrations

# What a price version may still learn: its end, once; when it was withdrawn; and its end again, when the version that
# had closed it was withdrawn.
KEEP = """
CREATE OR REPLACE FUNCTION marketplace_keep_price_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a price version is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - 'ends_at' - 'withdrawn_at') <> (to_jsonb(OLD) - 'ends_at' - 'withdrawn_at') THEN
        RAISE EXCEPTION 'a price version is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a withdrawn price version stays withdrawn' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ends_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at AND NOT EXISTS (
        SELECT FROM marketplace_priceversion v
        WHERE v.model_id = OLD.model_id AND v.starts_at = OLD.ends_at AND v.withdrawn_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a price version is never edited: its end is final' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP_BEFORE = """
CREATE OR REPLACE FUNCTION marketplace_keep_price_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a price version is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ends_at IS NOT NULL OR (to_jsonb(NEW) - 'ends_at') <> (to_jsonb(OLD) - 'ends_at') THEN
        RAISE EXCEPTION 'a price version is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# Columns that a row may still learn after it was written; everything else stays.
LASTING = [
    ("marketplace_officialprice", ()),
    ("marketplace_pricechange", ("told_at",)),
    ("marketplace_pricingtemplate", ("is_deprecated",)),
]
KEEP_ROW = """
CREATE FUNCTION marketplace_keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% is never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - TG_ARGV) <> (to_jsonb(OLD) - TG_ARGV) THEN
        RAISE EXCEPTION '% is never edited', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
MARK = """
CREATE FUNCTION marketplace_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO marketplace_cataloguemark (topic)
        SELECT unnest(TG_ARGV);
    RETURN NULL;
END $$;
"""
WATCHED = [
    ("marketplace_vendor", ("models",)),
    ("marketplace_modeltype", ("models", "model_types")),
    ("marketplace_model", ("models", "model_types")),
    ("marketplace_model_access_groups", ("models", "model_types")),
    ("marketplace_priceversion", ("models",)),
    ("marketplace_officialprice", ("models",)),
    ("marketplace_pricingtemplate", ("pricing_templates", "model_types")),
    ("marketplace_pricingtemplate_model_types", ("pricing_templates", "model_types")),
    ("teams_accessgroup", ("models",)),
]


def _arguments(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def keep(table: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    # A template that nothing uses may go; the foreign key of prices refuses for the others.
    events = "UPDATE" if table == "marketplace_pricingtemplate" else "UPDATE OR DELETE"
    return migrations.RunSQL(
        f"CREATE TRIGGER keep_row BEFORE {events} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION marketplace_keep_row({_arguments(columns)})",
        f"DROP TRIGGER keep_row ON {table}",
    )


def mark(table: str, topics: tuple[str, ...]) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION marketplace_mark({_arguments(topics)})",
        f"DROP TRIGGER mark ON {table}",
    )


class Migration(migrations.Migration):

    dependencies = [
        ("marketplace", "0003_official_prices_templates_and_subscriptions"),
        ("teams", "0005_all_lines_and_announced_multipliers"),
    ]

    operations = [
        migrations.RunSQL(KEEP, KEEP_BEFORE),
        migrations.RunSQL(KEEP_ROW, "DROP FUNCTION marketplace_keep_row()"),
        *(keep(*row) for row in LASTING),
        migrations.RunSQL(MARK, "DROP FUNCTION marketplace_mark()"),
        *(mark(*row) for row in WATCHED),
    ]
