-- Raises holds to absolute targets, so that a repeat changes nothing. A closed account does not stop a call under way.
CREATE FUNCTION wallet_extend(call_ids uuid[], targets bigint[])
RETURNS TABLE (refusal text, account bigint, have bigint, wait_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    none integer[] := '{}';
    deltas bigint[];
    pair_calls integer[];
    pair_accounts bigint[];
    demand wallet_demand;
    verdict wallet_verdict;
    granted record;
    instant bigint;
BEGIN
    PERFORM wallet_lock(array_agg(DISTINCT p.account))
        FROM wallet_hold h CROSS JOIN unnest(h.accounts) AS p (account) WHERE h.id = ANY (call_ids);
    instant := wallet_clock();
    SELECT array_agg(greatest(c.target - h.amount_nanos, 0) ORDER BY c.n) INTO deltas
        FROM unnest(call_ids, targets) WITH ORDINALITY AS c (id, target, n) LEFT JOIN wallet_hold h ON h.id = c.id;
    SELECT coalesce(array_agg(c.n ORDER BY c.n, p.n), '{}'), coalesce(array_agg(p.account ORDER BY c.n, p.n), '{}')
        INTO pair_calls, pair_accounts
        FROM unnest(call_ids) WITH ORDINALITY AS c (id, n) JOIN wallet_hold h ON h.id = c.id
            CROSS JOIN unnest(h.accounts) WITH ORDINALITY AS p (account, n);
    demand := wallet_demand_of(
        instant, false, NULL, deltas, deltas, pair_calls, pair_accounts, '{}'::bigint[], none, none, none);
    IF NOT demand.fits THEN
        SELECT * INTO granted FROM wallet_grant_in_order(
            instant, demand, NULL, deltas, deltas, pair_calls, pair_accounts, none, none, none);
        demand := granted.taken;
        verdict := granted.verdict;
    END IF;
    PERFORM wallet_set_aside(demand);
    UPDATE wallet_hold h SET amount_nanos = c.target
        FROM unnest(call_ids, targets) WITH ORDINALITY AS c (id, target, n)
        WHERE h.id = c.id AND c.target > h.amount_nanos AND verdict.refusals[c.n] IS NULL;

    RETURN QUERY
    SELECT CASE WHEN min(p.nth) IS NULL THEN 'gone' ELSE verdict.refusals[c.n] END,
        coalesce(verdict.refusing[c.n], 0),
        CASE WHEN verdict.refusals[c.n] IS NULL THEN coalesce(min(l.room - l.amount), 0) ELSE verdict.have[c.n] END,
        0::bigint
    FROM unnest(call_ids) WITH ORDINALITY AS c (id, n)
        LEFT JOIN unnest(pair_calls, pair_accounts) AS p (nth, account) ON p.nth = c.n
        LEFT JOIN unnest(demand.accounts, demand.room, demand.amounts) AS l (account, room, amount)
            ON l.account = p.account
    GROUP BY c.n ORDER BY c.n;
END $$;
