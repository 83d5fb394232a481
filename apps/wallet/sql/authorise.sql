-- Holds for a batch of calls: one durable answer a call, in the order asked.
-- First delivery: the caller minted the id a moment ago and the primary key of the hold is the guard (a clash fails the
-- batch; send it again with `resend`). Resend: the accounts are locked first, then what an earlier delivery did is
-- found: a hold means granted, a transfer means that the call is over.
CREATE FUNCTION wallet_authorise(
    owner bigint, resend boolean, call_ids uuid[], call_amounts bigint[], call_tokens bigint[], max_seconds integer[],
    pair_calls integer[], pair_accounts bigint[],
    rated_accounts bigint[], concurrency integer[], rpm integer[], tpm integer[]
) RETURNS TABLE (refusal text, account bigint, have bigint, wait_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    calls integer := cardinality(call_ids);
    demand wallet_demand;
    verdict wallet_verdict;
    granted record;
    instant bigint;
    fresh boolean[];
    resolved boolean[];
BEGIN
    IF wallet_lock(pair_accounts) IS NOT NULL THEN
        SELECT * INTO pair_calls, pair_accounts FROM wallet_with_free(pair_calls, pair_accounts);
    END IF;
    IF resend THEN
        SELECT array_agg(h.id IS NULL AND t.id IS NULL ORDER BY c.n),
            array_agg(h.id IS NULL AND t.id IS NOT NULL ORDER BY c.n)
        INTO fresh, resolved
        FROM unnest(call_ids) WITH ORDINALITY AS c (id, n)
            LEFT JOIN wallet_hold h ON h.id = c.id
            LEFT JOIN LATERAL (SELECT t.id FROM wallet_transfer t WHERE t.id = c.id) t ON true;
    END IF;
    instant := wallet_clock();
    demand := wallet_demand_of(
        instant, true, fresh, call_amounts, call_tokens, pair_calls, pair_accounts,
        rated_accounts, concurrency, rpm, tpm);
    IF NOT demand.fits THEN
        SELECT * INTO granted FROM wallet_grant_in_order(
            instant, demand, fresh, call_amounts, call_tokens, pair_calls, pair_accounts, concurrency, rpm, tpm);
        demand := granted.taken;
        verdict := granted.verdict;
    END IF;
    PERFORM wallet_set_aside(demand);

    RETURN QUERY
    WITH left_over AS (
        SELECT l.account, l.room - l.amount AS room, l.tokens_from + l.tokens AS stamp
        FROM unnest(demand.accounts, demand.room, demand.amounts, demand.tokens_from, demand.tokens)
            AS l (account, room, amount, tokens_from, tokens)
    ), asked AS (
        SELECT p.nth, array_agg(p.account ORDER BY p.n) AS accounts, min(l.room) AS room
        FROM unnest(pair_calls, pair_accounts) WITH ORDINALITY AS p (nth, account, n)
            LEFT JOIN left_over l ON l.account = p.account
        GROUP BY p.nth
    ), held AS (
        INSERT INTO wallet_hold (
            id, wallet_id, accounts, amount_nanos, tokens, has_slot,
            token_tpm, wallet_tpm, token_tpm_stamp, wallet_tpm_stamp, owner_id, max_until)
        SELECT call_ids[a.nth], rated_accounts[calls + a.nth], a.accounts, call_amounts[a.nth], call_tokens[a.nth],
            true, tpm[a.nth], tpm[calls + a.nth], t.stamp, w.stamp, owner,
            wallet_now() + make_interval(secs => max_seconds[a.nth])
        FROM asked a
            JOIN left_over t ON t.account = rated_accounts[a.nth]
            JOIN left_over w ON w.account = rated_accounts[calls + a.nth]
        WHERE verdict.refusals[a.nth] IS NULL AND fresh[a.nth] IS NOT FALSE
    )
    SELECT CASE WHEN resolved[a.nth] THEN 'resolved' ELSE verdict.refusals[a.nth] END,
        coalesce(verdict.refusing[a.nth], 0),
        CASE WHEN verdict.refusals[a.nth] IS NULL THEN coalesce(a.room, 0) ELSE verdict.have[a.nth] END,
        coalesce(verdict.wait_ms[a.nth], 0)
    FROM asked a ORDER BY a.nth;
END $$;
