-- Opening accounts, changing and refilling their limits.

-- When a limit is filled up again after this instant: at the next midnight, Monday or first of a month of its zone.
CREATE FUNCTION wallet_next_refill(refill text, zone text, instant timestamptz) RETURNS timestamptz LANGUAGE sql STABLE
AS $$
    SELECT (date_trunc(unit, instant AT TIME ZONE nullif(zone, '')) + ('1 ' || unit)::interval) AT TIME ZONE nullif(zone, '')
    FROM (VALUES ('daily', 'day'), ('weekly', 'week'), ('monthly', 'month')) AS u (name, unit) WHERE u.name = refill
$$;

-- `used` is what was already used of the allowance elsewhere.
CREATE FUNCTION wallet_open(
    account_kind smallint, of_wallet bigint, account_label text, allowance bigint,
    refills text DEFAULT '', zone text DEFAULT '', used bigint DEFAULT 0
) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO wallet_account (
        id, wallet_id, kind, label, capped, limit_nanos, limit_base_nanos, credits_posted, refill, refill_zone, wake_at)
        SELECT n, coalesce(of_wallet, n), account_kind, account_label, of_wallet IS NULL OR allowance IS NOT NULL,
            allowance, -used, greatest(coalesce(allowance, 0) - used, 0), refills, zone,
            wallet_next_refill(refills, zone, wallet_now())
        FROM nextval(pg_get_serial_sequence('wallet_account', 'id')) AS n
        RETURNING id
$$;

-- A limit below what is used and held blocks further calls; it shrinks to its figure as holds end. A limit that begins
-- to be refilled starts its first period empty.
CREATE FUNCTION wallet_set_limit(account_id bigint, allowance bigint, refills text DEFAULT '', zone text DEFAULT '')
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wallet_lock(ARRAY[account_id]);
    UPDATE wallet_account a
        SET limit_nanos = allowance, capped = allowance IS NOT NULL, limit_base_nanos = b.base,
            credits_posted = CASE WHEN allowance IS NULL THEN 0
                ELSE wallet_limit_credits(0, b.base, allowance, a.debits_posted + a.debits_pending) END,
            refill = refills, refill_zone = zone, wake_at = wallet_next_refill(refills, zone, wallet_now())
        FROM (
            SELECT CASE WHEN refill = '' AND refills <> '' THEN debits_posted ELSE limit_base_nanos END AS base
            FROM wallet_account WHERE id = account_id
        ) b
        WHERE a.id = account_id AND a.id <> a.wallet_id AND a.kind <> 8;
    RETURN FOUND;
END $$;

CREATE FUNCTION wallet_set_closed(account_id bigint, is_closed boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wallet_lock(ARRAY[account_id]);
    UPDATE wallet_account SET closed_at = CASE WHEN is_closed THEN coalesce(closed_at, wallet_now()) END
        WHERE id = account_id AND kind NOT IN (8, 10);
    RETURN FOUND;
END $$;

-- The switch "stop when free credit is used up". The calls that are open when it is turned on count as well. Returns
-- the account of the free credit; 0 when there is no such wallet.
CREATE FUNCTION wallet_set_free_only(wallet bigint, is_on boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    free bigint;
BEGIN
    PERFORM wallet_lock(ARRAY[wallet]);
    IF NOT EXISTS (SELECT 1 FROM wallet_account WHERE id = wallet AND kind = 1) THEN
        RETURN 0;
    END IF;
    PERFORM wallet_tend_lots(wallet);
    SELECT id INTO free FROM wallet_account WHERE wallet_id = wallet AND kind = 8 FOR NO KEY UPDATE;
    IF is_on THEN
        free := coalesce(free, wallet_open(8::smallint, wallet, 'free credit', 0));
        UPDATE wallet_hold h
            SET accounts = h.accounts[:cardinality(h.accounts) - 1] || free || h.accounts[cardinality(h.accounts)]
            WHERE h.wallet_id = wallet AND NOT free = ANY (h.accounts);
        UPDATE wallet_account SET capped = false, closed_at = NULL,
                debits_pending = (SELECT coalesce(sum(h.amount_nanos), 0) FROM wallet_hold h WHERE h.wallet_id = wallet)
            WHERE id = free;
    ELSE
        UPDATE wallet_account SET capped = false, limit_nanos = NULL, credits_posted = 0,
                closed_at = coalesce(closed_at, wallet_now())
            WHERE id = free;
    END IF;
    UPDATE wallet_account SET free_account_id = CASE WHEN is_on THEN free END WHERE id = wallet;
    PERFORM wallet_tend_lots(wallet);
    RETURN coalesce(free, wallet);
END $$;
