-- Time, ids, rates and locks: what the acts below share.

-- The ledger's one clock: ends of lots, refills, leases and rates use the database's time, never a caller's.
CREATE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

-- The same in nanoseconds since 1970.
CREATE FUNCTION wallet_clock() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM wallet_now()) * 1000000)::bigint * 1000
$$;

-- The smallest UUIDv7 that is not before an instant: ids below it were minted before.
CREATE FUNCTION wallet_uuid_floor(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(ceil(extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION wallet_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM wallet_now()) * 1000)::bigint), 12, '0') || '7'
        || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

-- The id of a further leg of a call: same millisecond, so same partition; UUIDv8, so never a call's own id.
CREATE FUNCTION wallet_leg_id(call_id uuid, leg text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (left(replace(call_id::text, '-', ''), 12) || '8' || left(digest, 3) || '8' || substr(digest, 4, 15))::uuid
    FROM md5(call_id::text || ':' || leg) AS digest
$$;

-- GCRA: units of a minute's allowance as nanoseconds of that minute; 0 where there is no limit.
CREATE FUNCTION wallet_rate_cost(units bigint, per_minute bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN per_minute > 0 THEN least(units, 100000000) * 60000000000 / per_minute ELSE 0 END
$$;

-- What a call may cost at the door: at most the whole minute, so that a call above the limit passes an idle account.
CREATE FUNCTION wallet_door_cost(units bigint, per_minute bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT least(wallet_rate_cost(units, per_minute), 60000000000)
$$;

-- How far a stamp moves when the real tokens of a call are known. Allowance is given back only as far as the minute
-- has not yet run past the stamp of the grant: what time has refilled is not refilled twice.
CREATE FUNCTION wallet_token_shift(
    used bigint, estimated bigint, per_minute bigint, granted_stamp bigint, instant bigint
) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN per_minute > 0 THEN greatest(
        wallet_rate_cost(used, per_minute) - wallet_door_cost(estimated, per_minute),
        least(instant - granted_stamp, 0)
    ) ELSE 0 END
$$;

-- In debug: a second ledger function in a transaction may only meet accounts that the first one locked. That of the free
-- credit (kind 8) goes with its wallet.
CREATE FUNCTION wallet_guard(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    locked bigint[] := nullif(current_setting('sluice.locked_accounts', true), '')::bigint[];
BEGIN
    IF locked IS NOT NULL AND EXISTS (
        SELECT 1 FROM wallet_account a WHERE a.id = ANY (ids) AND a.kind <> 8 AND a.id <> ALL (locked)
    ) THEN
        RAISE EXCEPTION 'ledger accounts % meet a transaction that locked only %', ids, locked
            USING ERRCODE = 'SL003', HINT = 'Call lock_accounts once, first, with all ids.';
    END IF;
    PERFORM set_config('sluice.locked_accounts', coalesce(locked, ids)::text, true);
END $$;

-- All account rows of an act, in ascending order, before anything else: the one rule that keeps deadlocks away. The
-- account of a wallet's free credit comes after its wallet, always, so it needs no place in that order.
-- What is due on the accounts (lots that ended, limits to refill) happens here, before the act. Returns the wallets
-- whose lots an act has to follow at once; NULL, as a rule.
CREATE FUNCTION wallet_lock(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
    special bigint[];
BEGIN
    IF current_setting('sluice.ledger_guard', true) = 'on' AND ids IS NOT NULL THEN
        PERFORM wallet_guard(ids);
    END IF;
    SELECT array_agg(l.id) FILTER (WHERE l.wake_at <= wallet_now()),
        array_agg(l.id) FILTER (WHERE l.kept_nanos > 0 OR l.free_account_id IS NOT NULL)
    INTO due, special
    FROM (
        SELECT id, wake_at, kept_nanos, free_account_id FROM wallet_account
        WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE
    ) l;
    IF special IS NOT NULL THEN
        PERFORM 1 FROM wallet_account
            WHERE id IN (SELECT w.free_account_id FROM wallet_account w WHERE w.id = ANY (special))
            ORDER BY id FOR NO KEY UPDATE;
    END IF;
    IF due IS NOT NULL THEN
        PERFORM wallet_tend(due);
        SELECT array_agg(a.id) INTO special FROM wallet_account a
            WHERE a.id = ANY (ids) AND (a.kept_nanos > 0 OR a.free_account_id IS NOT NULL);
    END IF;
    RETURN special;
END $$;

-- What can still be spent; far above any amount where nothing limits.
CREATE FUNCTION wallet_room(capped boolean, credits bigint, debits bigint, held bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN capped THEN credits - debits - held ELSE 9223372036854775807 END
$$;

-- Credits of a limit: never below what is used and held, so that a lowered limit blocks without breaking the rule.
CREATE FUNCTION wallet_limit_credits(credits bigint, base bigint, allowance bigint, used bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN allowance IS NULL THEN credits ELSE greatest(base + allowance, used) END
$$;
