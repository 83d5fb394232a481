-- Entries that are not calls, at most once per key. Same key and digest: the first result; another digest: SL001.
-- House accounts (kind 10) have no live balance: they are neither locked nor updated.
CREATE FUNCTION wallet_post(
    keys text[], digests bytea[], kinds smallint[], debit_accounts bigint[], credit_accounts bigint[], amounts bigint[],
    wallet_ids bigint[], reasons text[], actors bigint[], reverses uuid[],
    lots uuid[] DEFAULT '{}', calls uuid[] DEFAULT '{}', dates date[] DEFAULT '{}', approvals bigint[] DEFAULT '{}'
) RETURNS TABLE (transfer_id uuid, repeated boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    fresh text[];
    special bigint[];
BEGIN
    SELECT wallet_lock(array_agg(DISTINCT a.id)) INTO special FROM wallet_account a
        WHERE a.id = ANY (debit_accounts || credit_accounts) AND a.kind <> 10;
    IF EXISTS (SELECT 1 FROM unnest(debit_accounts || credit_accounts) AS p (account)
            LEFT JOIN wallet_account a ON a.id = p.account WHERE a.id IS NULL) THEN
        RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL002';
    END IF;
    WITH claimed AS (
        INSERT INTO wallet_posting (key, digest, transfer_id, approval_id)
            SELECT k.key, k.digest, wallet_new_id(), k.approval
            FROM unnest(keys, digests, approvals) AS k (key, digest, approval)
            ON CONFLICT (key) DO NOTHING RETURNING key
    )
    SELECT coalesce(array_agg(key), '{}') INTO fresh FROM claimed;
    IF EXISTS (SELECT 1 FROM unnest(keys, digests) AS k (key, digest) JOIN wallet_posting p ON p.key = k.key
            WHERE p.digest <> k.digest) THEN
        RAISE EXCEPTION 'key used for something else' USING ERRCODE = 'SL001';
    END IF;
    WITH entry AS (
        SELECT e.debit, e.credit, e.amount, e.lot
        FROM unnest(keys, debit_accounts, credit_accounts, amounts, lots) AS e (key, debit, credit, amount, lot)
        WHERE e.key = ANY (fresh)
    ), side AS (
        SELECT s.account, sum(s.debit)::bigint AS debit, sum(s.credit)::bigint AS credit,
            sum(s.of_lot)::bigint AS of_lot
        FROM (
            SELECT debit AS account, amount AS debit, 0 AS credit, CASE WHEN lot IS NOT NULL THEN amount ELSE 0 END AS of_lot
            FROM entry
            UNION ALL SELECT credit, 0, amount, 0 FROM entry
        ) s GROUP BY s.account
    )
    UPDATE wallet_account a SET debits_posted = a.debits_posted + s.debit, credits_posted = a.credits_posted + s.credit,
            allocated_nanos = a.allocated_nanos + s.of_lot
        FROM side s WHERE a.id = s.account AND a.kind <> 10;
    INSERT INTO wallet_transfer (
        id, wallet_id, kind, debit_account, credit_account, amount_nanos, reason, actor_id, reverses_id,
        lot_id, hold_id, business_on, at)
        SELECT p.transfer_id, e.wallet, e.kind, e.debit, e.credit, e.amount, e.reason, e.actor, e.reverses,
            e.lot, e.call, e.business_on, wallet_now()
        FROM unnest(
                keys, kinds, debit_accounts, credit_accounts, amounts, wallet_ids, reasons, actors, reverses,
                lots, calls, dates)
                AS e (key, kind, debit, credit, amount, wallet, reason, actor, reverses, lot, call, business_on)
            JOIN wallet_posting p ON p.key = e.key
        WHERE e.key = ANY (fresh);
    PERFORM wallet_tend_lots(w) FROM unnest(special) AS w;
    RETURN QUERY
    SELECT p.transfer_id, NOT p.key = ANY (fresh)
    FROM unnest(keys) WITH ORDINALITY AS k (key, n) JOIN wallet_posting p ON p.key = k.key ORDER BY k.n;
END $$;
