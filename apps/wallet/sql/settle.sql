-- Ends holds: each in exactly one transfer of the same id. `kinds`: 1 charge, 2 void, 3 expired. Transfers of kind 4
-- are late charges, 5 losses (`models.TransferKind`); account 1 is revenue, 3 loss (`types.House`).

-- Takes up to `wanted` from locked accounts, never more than every one of them affords.
CREATE FUNCTION wallet_take_what_is_there(ids bigint[], wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    SELECT least(wanted, greatest(min(wallet_room(capped, credits_posted, debits_posted, debits_pending)), 0))
        INTO taken FROM wallet_account WHERE id = ANY (ids);
    UPDATE wallet_account SET debits_posted = debits_posted + taken WHERE id = ANY (ids) AND taken > 0;
    RETURN coalesce(taken, 0);
END $$;

-- What could not be charged: from the loss account to revenue, with an alert in the same transaction.
CREATE FUNCTION wallet_book_loss(call_id uuid, wallet bigint, lost bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO wallet_transfer (id, hold_id, wallet_id, kind, debit_account, credit_account, amount_nanos, at)
        VALUES (wallet_leg_id(call_id, 'loss'), call_id, wallet, 5, 3, 1, lost, wallet_now());
    PERFORM journal_alert(
        'ledger-loss', 'ledger-loss:' || wallet,
        jsonb_build_object('wallet', wallet, 'call', call_id, 'lost_nanos', lost));
END $$;

-- A charge whose hold is gone: takes what is there, books the rest as loss. The derived ids make it happen once.
CREATE FUNCTION wallet_charge_late(
    call_id uuid, ids bigint[], charge bigint, OUT outcome text, OUT charged bigint, OUT lost bigint
) LANGUAGE plpgsql AS $$
DECLARE
    wallet bigint := ids[cardinality(ids)];
BEGIN
    SELECT coalesce(sum(t.amount_nanos) FILTER (WHERE t.kind IN (1, 4)), 0),
            coalesce(sum(t.amount_nanos) FILTER (WHERE t.kind = 5), 0)
        INTO charged, lost FROM wallet_transfer t
        WHERE t.id IN (call_id, wallet_leg_id(call_id, 'late'), wallet_leg_id(call_id, 'loss')) AND t.kind IN (1, 4, 5)
        HAVING count(*) > 0;
    IF FOUND THEN
        outcome := 'repeated';
        RETURN;
    END IF;
    outcome := 'late';
    charged := wallet_take_what_is_there(ids, charge);
    lost := charge - charged;
    INSERT INTO wallet_transfer (
        id, hold_id, wallet_id, kind, debit_account, credit_account, amount_nanos, accounts, at)
        VALUES (wallet_leg_id(call_id, 'late'), call_id, wallet, 4, wallet, 1, charged, ids, wallet_now());
    IF lost > 0 THEN
        PERFORM wallet_book_loss(call_id, wallet, lost);
    END IF;
END $$;

-- Gives back what the holds set aside and posts what the calls cost, as far as held. Returns what each call held; -1
-- where there is no hold.
CREATE FUNCTION wallet_release(call_ids uuid[], kinds smallint[], charges bigint[], used_tokens bigint[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    held bigint[];
    instant bigint := wallet_clock();
BEGIN
    WITH ended AS MATERIALIZED (
        SELECT c.n, h.amount_nanos AS held, h.accounts, h.has_slot, least(c.charge, h.amount_nanos) AS charge,
            cardinality(h.accounts) AS last,
            CASE WHEN c.kind = 3 THEN 0
                ELSE wallet_token_shift(c.tokens, h.tokens, h.token_tpm, h.token_tpm_stamp, instant)
            END AS token_shift,
            CASE WHEN c.kind = 3 THEN 0
                ELSE wallet_token_shift(c.tokens, h.tokens, h.wallet_tpm, h.wallet_tpm_stamp, instant)
            END AS wallet_shift
        FROM unnest(call_ids, kinds, charges, used_tokens) WITH ORDINALITY AS c (id, kind, charge, tokens, n)
            JOIN wallet_hold h ON h.id = c.id
    ), part AS (
        SELECT p.account, sum(e.held)::bigint AS held, sum(e.charge)::bigint AS charge,
            (count(*) FILTER (WHERE e.has_slot AND p.place IN (1, e.last)))::integer AS slots,
            sum(CASE p.place WHEN 1 THEN e.token_shift WHEN e.last THEN e.wallet_shift ELSE 0 END)::bigint AS shift
        FROM ended e CROSS JOIN unnest(e.accounts) WITH ORDINALITY AS p (account, place)
        GROUP BY p.account
    ), posted AS (
        UPDATE wallet_account a
        SET debits_pending = a.debits_pending - p.held,
            debits_posted = a.debits_posted + p.charge,
            credits_posted = wallet_limit_credits(a.credits_posted, a.limit_base_nanos, a.limit_nanos,
                a.debits_posted + p.charge + a.debits_pending - p.held),
            open_slots = a.open_slots - p.slots,
            tokens_stamp = p.shift
                + CASE WHEN p.shift > 0 THEN greatest(a.tokens_stamp, instant) ELSE a.tokens_stamp END
        FROM part p WHERE a.id = p.account
    )
    SELECT array_agg(coalesce(e.held, -1) ORDER BY c.n) INTO held
        FROM unnest(call_ids) WITH ORDINALITY AS c (id, n) LEFT JOIN ended e ON e.n = c.n;
    RETURN held;
END $$;

-- The way of the hold that is charged above its amount or is gone, one call after the other.
CREATE FUNCTION wallet_settle_apart(
    call_id uuid, kind smallint, charge bigint, held bigint, ids bigint[],
    OUT outcome text, OUT charged bigint, OUT lost bigint
) LANGUAGE plpgsql AS $$
BEGIN
    IF held >= 0 THEN
        SELECT h.accounts INTO ids FROM wallet_hold h WHERE h.id = call_id;
        outcome := 'charged';
        charged := held + wallet_take_what_is_there(ids, charge - held);
        lost := charge - charged;
        IF lost > 0 THEN
            PERFORM wallet_book_loss(call_id, ids[cardinality(ids)], lost);
        END IF;
    ELSIF kind = 1 THEN
        SELECT * INTO outcome, charged, lost FROM wallet_charge_late(call_id, ids, charge);
    ELSE
        outcome := 'repeated';
        charged := 0;
        lost := 0;
    END IF;
END $$;

CREATE FUNCTION wallet_settle(
    call_ids uuid[], kinds smallint[], charges bigint[], used_tokens bigint[],
    pair_calls integer[], pair_accounts bigint[]
) RETURNS TABLE (id uuid, outcome text, charged bigint, available bigint, lost bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    held bigint[];
    outcomes text[] := (SELECT array_agg(CASE k WHEN 1 THEN 'charged' ELSE 'voided' END) FROM unnest(kinds) k);
    charged bigint[] := charges;
    lost bigint[];
    apart record;
    special bigint[];
BEGIN
    SELECT wallet_lock(array_agg(DISTINCT p.account)) INTO special FROM (
        SELECT unnest(pair_accounts) AS account
        UNION ALL
        SELECT unnest(h.accounts) FROM unnest(call_ids, kinds) AS c (id, kind) JOIN wallet_hold h ON h.id = c.id
        WHERE c.kind <> 1
    ) p;
    IF special IS NOT NULL THEN
        SELECT * INTO pair_calls, pair_accounts FROM wallet_with_free(pair_calls, pair_accounts);
    END IF;
    held := wallet_release(call_ids, kinds, charges, used_tokens);
    FOR apart IN
        SELECT c.n, s.outcome, s.charged, s.lost
        FROM unnest(call_ids, kinds, charges, held) WITH ORDINALITY AS c (id, kind, charge, held, n)
            CROSS JOIN LATERAL (SELECT array_agg(p.account ORDER BY p.n) AS accounts
                FROM unnest(pair_calls, pair_accounts) WITH ORDINALITY AS p (nth, account, n) WHERE p.nth = c.n) a
            CROSS JOIN LATERAL wallet_settle_apart(c.id, c.kind, c.charge, c.held, a.accounts) s
        WHERE c.charge > c.held ORDER BY c.n
    LOOP
        outcomes[apart.n] := apart.outcome;
        charged[apart.n] := apart.charged;
        lost[apart.n] := apart.lost;
    END LOOP;

    WITH ended AS (
        DELETE FROM wallet_hold h USING unnest(call_ids, kinds, charged) AS c (id, kind, charge) WHERE h.id = c.id
        RETURNING h.id, h.wallet_id, h.accounts, h.amount_nanos, c.kind, c.charge
    )
    INSERT INTO wallet_transfer (
        id, hold_id, wallet_id, kind, debit_account, credit_account, amount_nanos, held_nanos, accounts, at)
        SELECT e.id, e.id, e.wallet_id, e.kind, e.wallet_id, 1, e.charge, e.amount_nanos, e.accounts, wallet_now()
        FROM ended e;
    IF special IS NOT NULL THEN
        PERFORM wallet_book_calls(special, (
            SELECT array_agg(c.id) FROM unnest(call_ids, held, outcomes) AS c (id, held, outcome)
            WHERE c.held >= 0 OR c.outcome = 'late'));
    END IF;

    RETURN QUERY
    WITH room AS MATERIALIZED (
        SELECT a.id, wallet_room(a.capped, a.credits_posted, a.debits_posted, a.debits_pending) AS room
        FROM wallet_account a WHERE a.id = ANY (pair_accounts)
    )
    SELECT call_ids[c.n], outcomes[c.n], charged[c.n], coalesce(min(r.room), 0), coalesce(lost[c.n], 0)
    FROM generate_subscripts(call_ids, 1) AS c (n)
        LEFT JOIN unnest(pair_calls, pair_accounts) AS p (nth, account) ON p.nth = c.n
        LEFT JOIN room r ON r.id = p.account
    GROUP BY c.n ORDER BY c.n;
END $$;
