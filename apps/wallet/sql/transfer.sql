-- The append-only table. Partitions by month over the UUIDv7 itself keep PRIMARY KEY (id) unique over all months;
-- `apps.core.partitions` keeps them ahead.
CREATE TABLE wallet_transfer (
    id uuid PRIMARY KEY,
    hold_id uuid,
    wallet_id bigint NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_nanos bigint NOT NULL CONSTRAINT wallet_transfer_amount_not_negative CHECK (amount_nanos >= 0),
    held_nanos bigint NOT NULL DEFAULT 0,
    actor_id bigint,
    reverses_id uuid,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind smallint NOT NULL,
    accounts bigint[],
    reason text NOT NULL DEFAULT '',
    CONSTRAINT wallet_transfer_two_sides CHECK (debit_account <> credit_account)
) PARTITION BY RANGE (id);

CREATE INDEX wallet_transfer_wallet ON wallet_transfer (wallet_id, id);

CREATE FUNCTION wallet_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'wallet_transfer is append-only: correct it by a reversal, a refund or an adjustment'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER wallet_transfer_append_only BEFORE UPDATE OR DELETE ON wallet_transfer
    FOR EACH ROW EXECUTE FUNCTION wallet_refuse_change();
CREATE TRIGGER wallet_transfer_no_truncate BEFORE TRUNCATE ON wallet_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION wallet_refuse_change();

-- The hot rows: room on the page for new versions of a row, and vacuum by count, not by share of the table.
ALTER TABLE wallet_account
    SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE wallet_hold
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
