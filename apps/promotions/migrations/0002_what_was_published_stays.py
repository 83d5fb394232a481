"""Versions of campaigns and referrals are history: the database refuses to change them. A version's end may only come
earlier than it was published.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION promotions_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a campaign version is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT FROM promotions_campaign c
            WHERE c.id = NEW.campaign_id AND c.trigger = NEW.trigger AND c.beneficiary = NEW.beneficiary
        ) THEN
            RAISE EXCEPTION 'a version is of its campaign''s kind' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - 'ends_at') <> (to_jsonb(OLD) - 'ends_at')
        OR NEW.ends_at IS NULL OR NEW.ends_at >= OLD.ends_at THEN
        RAISE EXCEPTION 'a campaign version is never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_version BEFORE INSERT OR UPDATE OR DELETE ON promotions_campaignversion
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_version();

CREATE FUNCTION promotions_keep_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'committed_nanos') <> (to_jsonb(OLD) - 'committed_nanos') THEN
        RAISE EXCEPTION 'a campaign keeps its name and its kind' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_campaign BEFORE UPDATE OR DELETE ON promotions_campaign
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_campaign();

CREATE FUNCTION promotions_keep_referral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a referral is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_referral BEFORE UPDATE OR DELETE ON promotions_referral
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_referral();
"""
DROP = """
DROP TRIGGER keep_referral ON promotions_referral;
DROP FUNCTION promotions_keep_referral();
DROP TRIGGER keep_campaign ON promotions_campaign;
DROP FUNCTION promotions_keep_campaign();
DROP TRIGGER keep_version ON promotions_campaignversion;
DROP FUNCTION promotions_keep_version();
"""


class Migration(migrations.Migration):

    dependencies = [("promotions", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
