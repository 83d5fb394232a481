-- Opening accounts and changing their limits.

CREATE FUNCTION wallet_open(account_kind smallint, of_wallet bigint, account_label text, allowance bigint)
RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO wallet_account (id, wallet_id, kind, label, capped, limit_nanos, credits_posted)
        SELECT n, coalesce(of_wallet, n), account_kind, account_label, of_wallet IS NULL OR allowance IS NOT NULL,
            allowance, coalesce(allowance, 0)
        FROM nextval(pg_get_serial_sequence('wallet_account', 'id')) AS n
        RETURNING id
$$;

-- A limit below what is used and held blocks further calls; it shrinks to its figure as holds end.
CREATE FUNCTION wallet_set_limit(account_id bigint, allowance bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wallet_lock(ARRAY[account_id]);
    UPDATE wallet_account
        SET limit_nanos = allowance, capped = allowance IS NOT NULL,
            credits_posted = CASE WHEN allowance IS NULL THEN 0
                ELSE wallet_limit_credits(0, limit_base_nanos, allowance, debits_posted + debits_pending) END
        WHERE id = account_id AND id <> wallet_id;
    RETURN FOUND;
END $$;

CREATE FUNCTION wallet_set_closed(account_id bigint, is_closed boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wallet_lock(ARRAY[account_id]);
    UPDATE wallet_account SET closed_at = CASE WHEN is_closed THEN coalesce(closed_at, clock_timestamp()) END
        WHERE id = account_id AND kind <> 10;
    RETURN FOUND;
END $$;
