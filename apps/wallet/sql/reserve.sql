-- Sets amounts, slots and allowance aside on locked accounts: the core of authorise and extend.
-- Calls are numbered by their place in the batch. `pair_*` names every account of every call; `rated_*` names the token
-- account of each call, then the wallet of each call, with the limits that hold for this call.

-- What the accounts of a batch have (arrays by account) and what the batch asks of them.
CREATE TYPE wallet_demand AS (
    accounts bigint[], known boolean[], closed boolean[], room bigint[], open_slots integer[],
    requests_from bigint[], tokens_from bigint[],
    amounts bigint[], slots integer[], requests bigint[], tokens bigint[], fits boolean
);

-- Why calls were refused; absent arrays mean that all were granted.
CREATE TYPE wallet_verdict AS (refusals text[], refusing bigint[], have bigint[], wait_ms bigint[]);

CREATE FUNCTION wallet_demand_of(
    instant bigint, opening boolean, fresh boolean[], call_amounts bigint[], call_tokens bigint[],
    pair_calls integer[], pair_accounts bigint[],
    rated_accounts bigint[], concurrency integer[], rpm integer[], tpm integer[]
) RETURNS wallet_demand LANGUAGE plpgsql AS $$
DECLARE
    demand wallet_demand;
    calls integer := cardinality(call_amounts);
BEGIN
    WITH need AS (
        SELECT p.account, sum(CASE WHEN fresh[p.nth] IS NOT FALSE THEN call_amounts[p.nth] ELSE 0 END)::bigint AS amount
        FROM unnest(pair_calls, pair_accounts) AS p (nth, account)
        GROUP BY p.account
    ), rate AS (
        SELECT r.account, count(*)::integer AS slots, min(nullif(r.concurrency, 0)) AS fewest,
            sum(wallet_door_cost(1, r.rpm))::bigint AS requests,
            sum(wallet_door_cost(call_tokens[1 + (r.place - 1) % calls], r.tpm))::bigint AS tokens
        FROM unnest(rated_accounts, concurrency, rpm, tpm) WITH ORDINALITY AS r (account, concurrency, rpm, tpm, place)
        WHERE fresh[1 + (r.place - 1) % calls] IS NOT FALSE
        GROUP BY r.account
    ), state AS (
        SELECT n.account, a.id IS NOT NULL AS known, opening AND a.closed_at IS NOT NULL AS closed,
            coalesce(wallet_room(a.capped, a.credits_posted, a.debits_posted, a.debits_pending), -1) AS room,
            coalesce(a.open_slots, 0) AS open_slots,
            greatest(a.requests_stamp, instant) AS requests_from, greatest(a.tokens_stamp, instant) AS tokens_from,
            n.amount, coalesce(r.slots, 0) AS slots, r.fewest,
            coalesce(r.requests, 0) AS requests, coalesce(r.tokens, 0) AS tokens
        FROM need n LEFT JOIN wallet_account a ON a.id = n.account LEFT JOIN rate r ON r.account = n.account
    )
    SELECT array_agg(account), array_agg(known), array_agg(closed), array_agg(room), array_agg(open_slots),
        array_agg(requests_from), array_agg(tokens_from),
        array_agg(amount), array_agg(slots), array_agg(requests), array_agg(tokens),
        bool_and(
            known AND NOT closed AND amount <= room AND (fewest IS NULL OR open_slots + slots <= fewest)
            AND (requests = 0 OR requests_from + requests <= instant + 60000000000)
            AND (tokens = 0 OR tokens_from + tokens <= instant + 60000000000)
        )
    INTO demand FROM state;
    RETURN demand;
END $$;

-- What one call asks of its accounts, and where they stand in the demand: token first, wallet last. The limits are
-- pairs of the token's and the wallet's; an extension has none.
CREATE TYPE wallet_asking AS (
    places integer[], amount bigint, concurrency integer[], requests bigint[], tokens bigint[]
);

-- The first thing that says no to one call, after what the calls before it took; no row when nothing does.
CREATE FUNCTION wallet_refusal(instant bigint, taken wallet_demand, asked wallet_asking)
RETURNS TABLE (refusal text, account bigint, have bigint, wait_ms bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH spot AS (
        SELECT p.at, p.n, CASE p.n WHEN 1 THEN 1 WHEN cardinality(asked.places) THEN 2 END AS rated
        FROM unnest(asked.places) WITH ORDINALITY AS p (at, n)
    ), left_over AS (
        SELECT s.*, greatest(taken.room[s.at] - taken.amounts[s.at], 0) AS room,
            taken.open_slots[s.at] + taken.slots[s.at] AS open_slots, asked.concurrency[s.rated] AS concurrency,
            asked.requests[s.rated] AS requests, asked.tokens[s.rated] AS tokens,
            taken.requests_from[s.at] + taken.requests[s.at] + asked.requests[s.rated] - instant - 60000000000
                AS requests_late,
            taken.tokens_from[s.at] + taken.tokens[s.at] + asked.tokens[s.rated] - instant - 60000000000 AS tokens_late
        FROM spot s
    )
    SELECT c.refusal, taken.accounts[l.at], l.room, ceil(c.late / 1000000.0)::bigint
    FROM left_over l CROSS JOIN LATERAL (VALUES
        (1, 'unknown', NOT taken.known[l.at], 0::bigint),
        (2, 'closed', taken.closed[l.at], 0),
        (3, 'concurrency', l.concurrency > 0 AND l.open_slots >= l.concurrency, 1000000000),
        (4, 'rpm', l.requests > 0 AND l.requests_late > 0, l.requests_late),
        (5, 'tpm', l.tokens > 0 AND l.tokens_late > 0, l.tokens_late),
        (6, 'funds', l.room < asked.amount, 0)
    ) AS c (rank, refusal, refused, late)
    WHERE c.refused ORDER BY c.rank, l.n LIMIT 1;
END $$;

CREATE FUNCTION wallet_take(taken wallet_demand, asked wallet_asking) RETURNS wallet_demand LANGUAGE plpgsql AS $$
DECLARE
    place integer;
    rated integer;
BEGIN
    FOR n IN 1..cardinality(asked.places) LOOP
        place := asked.places[n];
        rated := CASE n WHEN 1 THEN 1 WHEN cardinality(asked.places) THEN 2 END;
        taken.amounts[place] := taken.amounts[place] + asked.amount;
        IF asked.concurrency[rated] IS NOT NULL THEN
            taken.slots[place] := taken.slots[place] + 1;
            taken.requests[place] := taken.requests[place] + asked.requests[rated];
            taken.tokens[place] := taken.tokens[place] + asked.tokens[rated];
        END IF;
    END LOOP;
    RETURN taken;
END $$;

-- The exact pass, in order of arrival, for when a sum says that not all can be granted. A refused call takes nothing.
CREATE FUNCTION wallet_grant_in_order(
    instant bigint, demand wallet_demand, fresh boolean[], call_amounts bigint[], call_tokens bigint[],
    pair_calls integer[], pair_accounts bigint[], concurrency integer[], rpm integer[], tpm integer[],
    OUT taken wallet_demand, OUT verdict wallet_verdict
) LANGUAGE plpgsql AS $$
DECLARE
    calls integer := cardinality(call_amounts);
    nothing bigint[] := array_fill(0::bigint, ARRAY[calls]);
    places integer[];
    asked wallet_asking;
    refused record;
    pair integer := 1;
    following integer;
BEGIN
    taken := demand;
    taken.amounts := array_fill(0::bigint, ARRAY[cardinality(demand.accounts)]);
    taken.slots := array_fill(0, ARRAY[cardinality(demand.accounts)]);
    taken.requests := taken.amounts;
    taken.tokens := taken.amounts;
    verdict := ROW (array_fill(NULL::text, ARRAY[calls]), nothing, nothing, nothing);
    SELECT array_agg(array_position(demand.accounts, p.account) ORDER BY p.n)
        INTO places FROM unnest(pair_accounts) WITH ORDINALITY AS p (account, n);
    FOR nth IN 1..calls LOOP
        following := pair;
        WHILE pair_calls[following] = nth LOOP
            following := following + 1;
        END LOOP;
        asked := ROW (
            places[pair:following - 1], call_amounts[nth], ARRAY[concurrency[nth], concurrency[calls + nth]],
            ARRAY[wallet_door_cost(1, rpm[nth]), wallet_door_cost(1, rpm[calls + nth])],
            ARRAY[wallet_door_cost(call_tokens[nth], tpm[nth]), wallet_door_cost(call_tokens[nth], tpm[calls + nth])]
        );
        pair := following;
        CONTINUE WHEN NOT fresh[nth];
        SELECT r.* INTO refused FROM wallet_refusal(instant, taken, asked) r;
        IF FOUND THEN
            verdict.refusals[nth] := CASE
                WHEN refused.refusal = 'funds' AND EXISTS (
                    SELECT 1 FROM wallet_account a WHERE a.id = refused.account AND a.kind = 8
                ) THEN 'free' ELSE refused.refusal END;
            verdict.refusing[nth] := refused.account;
            verdict.have[nth] := refused.have;
            verdict.wait_ms[nth] := refused.wait_ms;
        ELSE
            taken := wallet_take(taken, asked);
        END IF;
    END LOOP;
END $$;

-- The accounts of each call with that of the free credit before the wallet, where the wallet's switch is on.
CREATE FUNCTION wallet_with_free(INOUT pair_calls integer[], INOUT pair_accounts bigint[]) LANGUAGE sql AS $$
    SELECT coalesce(array_agg(q.nth ORDER BY q.nth, q.place), '{}'),
        coalesce(array_agg(q.account ORDER BY q.nth, q.place), '{}')
    FROM (
        SELECT p.nth, p.account, 2 * p.n AS place
        FROM unnest(pair_calls, pair_accounts) WITH ORDINALITY AS p (nth, account, n)
        UNION ALL
        SELECT p.nth, w.free_account_id, 2 * p.n - 1
        FROM unnest(pair_calls, pair_accounts) WITH ORDINALITY AS p (nth, account, n)
            JOIN wallet_account w ON w.id = p.account AND w.free_account_id IS NOT NULL
    ) q
$$;

-- Writes what was granted to the accounts; the rows are locked. The rest of the demand becomes what is left.
CREATE FUNCTION wallet_set_aside(demand wallet_demand) RETURNS void LANGUAGE sql AS $$
    UPDATE wallet_account a
    SET debits_pending = a.debits_pending + d.amount,
        open_slots = a.open_slots + d.slots,
        requests_stamp = CASE WHEN d.requests > 0 THEN d.requests_from + d.requests ELSE a.requests_stamp END,
        tokens_stamp = CASE WHEN d.tokens > 0 THEN d.tokens_from + d.tokens ELSE a.tokens_stamp END
    FROM unnest(
        demand.accounts, demand.amounts, demand.slots,
        demand.requests_from, demand.requests, demand.tokens_from, demand.tokens
    ) AS d (account, amount, slots, requests_from, requests, tokens_from, tokens)
    WHERE a.id = d.account AND (d.amount > 0 OR d.slots > 0 OR d.requests > 0 OR d.tokens > 0)
$$;
