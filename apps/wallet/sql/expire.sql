-- Closes what a dead process left open, and what ran past its time. Safe to run anywhere, any number of times.

-- `patience`: for how long a lease may have run out before its owner counts as dead.
CREATE FUNCTION wallet_expired_holds(among uuid[], at_most integer, patience interval) RETURNS uuid[]
LANGUAGE sql VOLATILE AS $$
    SELECT array_agg(q.id) FROM (
        SELECT h.id FROM wallet_hold h LEFT JOIN wallet_owner o ON o.id = h.owner_id
        WHERE (among IS NULL OR h.id = ANY (among))
            AND (o.lease_until IS NULL OR o.lease_until < wallet_now() - patience OR h.max_until < wallet_now())
        LIMIT at_most
    ) q
$$;

-- The candidates are read without a lock (hold rows never before accounts), then read again behind the account locks:
-- a lease may have been renewed meanwhile.
CREATE FUNCTION wallet_expire(at_most integer, patience interval DEFAULT '0') RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := wallet_expired_holds(NULL, at_most, patience);
    none bigint[];
BEGIN
    IF ids IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM wallet_lock(array_agg(DISTINCT p.account))
        FROM wallet_hold h CROSS JOIN unnest(h.accounts) AS p (account) WHERE h.id = ANY (ids);
    ids := wallet_expired_holds(ids, at_most, patience);
    IF ids IS NULL THEN
        RETURN 0;
    END IF;
    none := array_fill(0::bigint, ARRAY[cardinality(ids)]);
    PERFORM wallet_settle(ids, array_fill(3::smallint, ARRAY[cardinality(ids)]), none, none, '{}', '{}');
    RETURN cardinality(ids);
END $$;

-- A first delivery that sat in a dead connection while its resend was granted and settled leaves a second hold of an
-- ended call. It is given back without another transfer: the call has its one already.
CREATE FUNCTION wallet_drop_echoes(older_than interval) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[];
    none bigint[];
    special bigint[];
BEGIN
    SELECT array_agg(h.id) INTO ids FROM wallet_hold h
        WHERE h.id < wallet_uuid_floor(wallet_now() - older_than)
            AND EXISTS (SELECT 1 FROM wallet_transfer t WHERE t.id = h.id);
    IF ids IS NULL THEN
        RETURN 0;
    END IF;
    SELECT wallet_lock(array_agg(DISTINCT p.account)) INTO special
        FROM wallet_hold h CROSS JOIN unnest(h.accounts) AS p (account) WHERE h.id = ANY (ids);
    none := array_fill(0::bigint, ARRAY[cardinality(ids)]);
    PERFORM wallet_release(ids, array_fill(2::smallint, ARRAY[cardinality(ids)]), none, none);
    DELETE FROM wallet_hold WHERE id = ANY (ids);
    PERFORM wallet_tend_lots(w) FROM unnest(special) AS w;
    RETURN cardinality(ids);
END $$;

-- Passes a hold to another owner (a task that outlives its request), with a new latest end and without its slot.
CREATE FUNCTION wallet_hand_over(call_id uuid, new_owner bigint, new_max_until timestamptz, release_slot boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    hold wallet_hold;
BEGIN
    PERFORM wallet_lock(h.accounts) FROM wallet_hold h WHERE h.id = call_id;
    SELECT * INTO hold FROM wallet_hold h WHERE h.id = call_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF release_slot AND hold.has_slot THEN
        UPDATE wallet_account SET open_slots = open_slots - 1
            WHERE id IN (hold.accounts[1], hold.accounts[cardinality(hold.accounts)]);
    END IF;
    UPDATE wallet_hold SET owner_id = new_owner, max_until = new_max_until, has_slot = has_slot AND NOT release_slot
        WHERE id = call_id;
    RETURN true;
END $$;
