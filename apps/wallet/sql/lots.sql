-- Lots: what spending drew from, what ends when, what free credit is left. Charges touch no lot; spending is booked at
-- boundaries (grant, end, refund, return, switch), in burn order. The wallet's row is locked by whoever calls.

-- Takes spending from lots in burn order: what ended lots keep for this call; then, where only free credit may be spent,
-- free before paid; soonest end; free before paid; oldest. What no lot had is a defect, and alarms.
CREATE FUNCTION wallet_draw_from_lots(wallet bigint, spent bigint, call_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place bigint := coalesce(
        (SELECT d.starts_nanos + d.amount_nanos FROM wallet_draw d
            WHERE d.wallet_id = wallet ORDER BY d.starts_nanos DESC LIMIT 1), 0);
    free_first boolean := (SELECT a.free_account_id IS NOT NULL FROM wallet_account a WHERE a.id = wallet);
    drawn bigint;
BEGIN
    WITH live AS (
        SELECT l.*, l.amount_nanos - l.consumed_nanos - l.expired_nanos - l.refunded_nanos - l.withdrawn_nanos AS has,
            CASE WHEN l.kept_nanos = 0 THEN 1 WHEN call_id < wallet_uuid_floor(l.spend_until) THEN 0 ELSE 2 END AS rank
        FROM wallet_lot l
        WHERE l.wallet_id = wallet
            AND l.amount_nanos > l.consumed_nanos + l.expired_nanos + l.refunded_nanos + l.withdrawn_nanos
    ), queue AS (
        SELECT l.id, l.has, sum(l.has) OVER (
            ORDER BY l.rank, free_first AND l.paid_minor > 0, l.spend_until NULLS LAST, l.paid_minor > 0, l.created_at, l.id
        ) - l.has AS before
        FROM live l
    ), part AS (
        SELECT q.id, q.before, least(q.has, spent - q.before) AS amount FROM queue q WHERE q.before < spent
    ), booked AS (
        UPDATE wallet_lot l SET consumed_nanos = l.consumed_nanos + p.amount,
                kept_nanos = greatest(l.kept_nanos - p.amount, 0)
            FROM part p WHERE l.id = p.id
    ), noted AS (
        INSERT INTO wallet_draw (wallet_id, lot_id, starts_nanos, amount_nanos, at)
            SELECT wallet, p.id, place + p.before, p.amount, wallet_now() FROM part p
    )
    SELECT coalesce(sum(p.amount), 0) INTO drawn FROM part p;
    UPDATE wallet_account SET allocated_nanos = allocated_nanos + drawn WHERE id = wallet;
    IF drawn < spent THEN
        PERFORM journal_alert(
            'ledger-lots', 'ledger-lots:' || wallet, jsonb_build_object('wallet', wallet, 'missing_nanos', spent - drawn));
    END IF;
END $$;

-- Books what was spent since the last boundary.
CREATE FUNCTION wallet_book_spending(wallet bigint) RETURNS void LANGUAGE sql AS $$
    SELECT wallet_draw_from_lots(wallet, a.debits_posted - a.allocated_nanos, NULL)
    FROM wallet_account a WHERE a.id = wallet AND a.kind = 1 AND a.debits_posted > a.allocated_nanos
$$;

-- Lots past their end keep what the calls minted before that end still hold, the one that ended first before the
-- others; the rest expires. Runs at the end of a lot, and when a call ends that lots keep something for.
CREATE FUNCTION wallet_end_lots(wallet bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lot record;
    keeps bigint;
    ending bigint;
    kept bigint := 0;
    ended bigint := 0;
    available bigint := (
        SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM wallet_account a WHERE a.id = wallet);
BEGIN
    FOR lot IN
        SELECT l.id, l.spend_until,
            l.amount_nanos - l.consumed_nanos - l.expired_nanos - l.refunded_nanos - l.withdrawn_nanos AS has
        FROM wallet_lot l
        WHERE l.wallet_id = wallet AND l.spend_until <= wallet_now()
            AND l.amount_nanos > l.consumed_nanos + l.expired_nanos + l.refunded_nanos + l.withdrawn_nanos
        ORDER BY l.spend_until, l.paid_minor > 0, l.created_at, l.id
    LOOP
        SELECT least(lot.has, greatest(coalesce(sum(h.amount_nanos), 0) - kept, 0)) INTO keeps
            FROM wallet_hold h WHERE h.wallet_id = wallet AND h.id < wallet_uuid_floor(lot.spend_until);
        -- A call minted by a clock that runs ahead was granted on this lot although it looks younger than its end.
        ending := least(lot.has - keeps, available - ended);
        ended := ended + ending;
        keeps := lot.has - ending;
        kept := kept + keeps;
        UPDATE wallet_lot SET expired_nanos = expired_nanos + ending, kept_nanos = keeps WHERE id = lot.id;
        IF ending > 0 THEN
            INSERT INTO wallet_transfer (
                id, wallet_id, kind, debit_account, credit_account, amount_nanos, lot_id, at)
                VALUES (wallet_new_id(), wallet, 8, wallet, 4, ending, lot.id, wallet_now());
        END IF;
    END LOOP;
    UPDATE wallet_account SET debits_posted = debits_posted + ended, allocated_nanos = allocated_nanos + ended,
            kept_nanos = kept,
            wake_at = (
                SELECT min(l.spend_until) FROM wallet_lot l
                WHERE l.wallet_id = wallet AND l.kept_nanos = 0
                    AND l.amount_nanos > l.consumed_nanos + l.expired_nanos + l.refunded_nanos + l.withdrawn_nanos)
        WHERE id = wallet;
END $$;

-- The account of the free credit has what the free lots have left.
CREATE FUNCTION wallet_count_free(wallet bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE wallet_account f
        SET capped = true, limit_nanos = l.has, limit_base_nanos = f.debits_posted,
            credits_posted = wallet_limit_credits(0, f.debits_posted, l.has, f.debits_posted + f.debits_pending)
        FROM wallet_account w CROSS JOIN LATERAL (
            SELECT coalesce(sum(
                l.amount_nanos - l.consumed_nanos - l.expired_nanos - l.refunded_nanos - l.withdrawn_nanos), 0)::bigint AS has
            FROM wallet_lot l
            WHERE l.wallet_id = wallet AND l.paid_minor = 0
                AND l.amount_nanos > l.consumed_nanos + l.expired_nanos + l.refunded_nanos + l.withdrawn_nanos
        ) l
        WHERE w.id = wallet AND f.id = w.free_account_id
$$;

-- A boundary: everything spent is booked, everything ended has expired, free credit is counted. Safe to repeat.
CREATE FUNCTION wallet_tend_lots(wallet bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wallet_book_spending(wallet);
    PERFORM wallet_end_lots(wallet);
    PERFORM wallet_count_free(wallet);
END $$;

-- While lots keep something, the end of a call that they keep it for is followed at once: what was spent before is
-- booked, then the calls of the batch one by one in the order of their transfers. Other calls change nothing about what
-- is kept; their spending waits for a boundary, as always. (A call with the id of a clock that runs ahead may be what
-- something is kept for, too: then more is kept than the calls minted before that end hold.)
CREATE FUNCTION wallet_book_calls(wallets bigint[], call_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    purse record;
    ended record;
BEGIN
    FOR purse IN
        SELECT a.id, a.debits_posted - a.allocated_nanos - sum(t.amount_nanos)::bigint AS spent_before
        FROM wallet_account a
            CROSS JOIN LATERAL (
                SELECT wallet_uuid_floor(max(l.spend_until)) AS younger FROM wallet_lot l
                WHERE l.wallet_id = a.id AND l.kept_nanos > 0
                    AND l.amount_nanos > l.consumed_nanos + l.expired_nanos + l.refunded_nanos + l.withdrawn_nanos
            ) ends
            CROSS JOIN unnest(call_ids) AS c (id)
            CROSS JOIN LATERAL (VALUES (c.id), (wallet_leg_id(c.id, 'late'))) AS leg (id)
            JOIN wallet_transfer t ON t.id = leg.id AND t.wallet_id = a.id
        WHERE a.id = ANY (wallets) AND a.kept_nanos > 0
        GROUP BY a.id, ends.younger
        HAVING min(c.id::text)::uuid < ends.younger OR a.kept_nanos > (
            SELECT coalesce(sum(h.amount_nanos), 0) FROM wallet_hold h
            WHERE h.wallet_id = a.id AND h.id < ends.younger)
    LOOP
        IF purse.spent_before > 0 THEN
            PERFORM wallet_draw_from_lots(purse.id, purse.spent_before, NULL);
        END IF;
        FOR ended IN
            SELECT t.amount_nanos, t.hold_id
            FROM unnest(call_ids) AS c (id)
                CROSS JOIN LATERAL (VALUES (c.id), (wallet_leg_id(c.id, 'late'))) AS leg (id)
                JOIN wallet_transfer t ON t.id = leg.id AND t.wallet_id = purse.id AND t.amount_nanos > 0
            ORDER BY t.at, t.id
        LOOP
            PERFORM wallet_draw_from_lots(purse.id, ended.amount_nanos, ended.hold_id);
        END LOOP;
        PERFORM wallet_tend_lots(purse.id);
    END LOOP;
END $$;

-- What the clock brings to locked accounts: lots end, limits are refilled. Calls that are open then count in the new
-- period, so that no period is ever overspent.
CREATE FUNCTION wallet_tend(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE wallet_account a
        SET limit_base_nanos = debits_posted, wake_at = wallet_next_refill(refill, refill_zone, wallet_now()),
            credits_posted = wallet_limit_credits(0, debits_posted, limit_nanos, debits_posted + debits_pending)
        WHERE a.id = ANY (ids) AND a.refill <> '' AND a.wake_at <= wallet_now();
    PERFORM wallet_tend_lots(a.id) FROM wallet_account a
        WHERE a.id = ANY (ids) AND a.kind = 1 AND a.wake_at <= wallet_now();
END $$;

-- Those of the accounts that are due although nobody calls. Returns how many it met.
CREATE FUNCTION wallet_tend_due(among bigint[], at_most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(q.id) INTO due FROM (
        SELECT a.id FROM wallet_account a
        WHERE a.wake_at <= wallet_now() AND a.id = ANY (among) ORDER BY a.wake_at LIMIT at_most
    ) q;
    IF due IS NOT NULL THEN
        PERFORM wallet_lock(due);
    END IF;
    RETURN coalesce(cardinality(due), 0);
END $$;
