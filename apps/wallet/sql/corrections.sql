-- Movements of a wallet are read in the order in which they were posted. Ids tell when a call began, which may be hours
-- before; so the index by time takes the place of the one by id.
ALTER TABLE wallet_transfer ADD COLUMN lot_id uuid, ADD COLUMN business_on date;
DROP INDEX wallet_transfer_wallet;
CREATE INDEX wallet_transfer_movements ON wallet_transfer (wallet_id, at, id);
CREATE INDEX wallet_transfer_corrections ON wallet_transfer (reverses_id) WHERE reverses_id IS NOT NULL;

CREATE OR REPLACE FUNCTION wallet_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it by a reversal, a refund or an adjustment', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER wallet_draw_append_only BEFORE UPDATE OR DELETE ON wallet_draw
    FOR EACH ROW EXECUTE FUNCTION wallet_refuse_change();
CREATE TRIGGER wallet_draw_no_truncate BEFORE TRUNCATE ON wallet_draw
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_refuse_change();
CREATE TRIGGER wallet_return_append_only BEFORE UPDATE OR DELETE ON wallet_return
    FOR EACH ROW EXECUTE FUNCTION wallet_refuse_change();
CREATE TRIGGER wallet_return_no_truncate BEFORE TRUNCATE ON wallet_return
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_refuse_change();

-- Lots that were granted before ends were watched.
UPDATE wallet_account a SET wake_at = l.ends
    FROM (SELECT wallet_id, min(spend_until) AS ends FROM wallet_lot GROUP BY wallet_id) l
    WHERE a.id = l.wallet_id AND l.ends IS NOT NULL;
