"""Rules of lots, draws, returns, dues and the free credit's account; asked of wallets that something happened to."""

from apps.wallet.invariants.rules import Rule

RULES = (
    Rule(
        "the lots of wallet {} have something else left than was not booked on them",
        """
        SELECT a.id, a.id
        FROM wallet_account a
            LEFT JOIN (
                SELECT l.wallet_id, sum(<left>) AS has FROM wallet_lot l WHERE <touched l.wallet_id> GROUP BY 1
            ) l ON l.wallet_id = a.id
        WHERE a.kind = 1 AND <touched a.id> AND coalesce(l.has, 0) <> a.credits_posted - a.allocated_nanos
        """,
    ),
    Rule(
        "what is booked on the lots of wallet {} is not what was drawn from them and what left them",
        """
        SELECT a.id, a.id
        FROM wallet_account a
            LEFT JOIN (
                SELECT d.wallet_id, sum(d.amount_nanos) AS drawn FROM wallet_draw d
                WHERE <touched d.wallet_id> GROUP BY 1
            ) d ON d.wallet_id = a.id
            LEFT JOIN (
                SELECT t.wallet_id, sum(t.amount_nanos) AS gone FROM wallet_transfer t
                WHERE t.lot_id IS NOT NULL AND t.debit_account = t.wallet_id AND <touched t.wallet_id> GROUP BY 1
            ) t ON t.wallet_id = a.id
        WHERE a.kind = 1 AND <touched a.id> AND a.allocated_nanos <> coalesce(d.drawn, 0) + coalesce(t.gone, 0)
        """,
    ),
    Rule(
        "the draws of wallet {} do not follow each other from 0 on",
        """
        SELECT DISTINCT q.wallet_id, q.wallet_id FROM (
            SELECT d.wallet_id, d.starts_nanos, lag(d.starts_nanos + d.amount_nanos, 1, 0::bigint)
                OVER (PARTITION BY d.wallet_id ORDER BY d.starts_nanos) AS reached
            FROM wallet_draw d WHERE <touched d.wallet_id>
        ) q WHERE q.starts_nanos <> q.reached
        """,
    ),
    Rule(
        "draw {} names a lot of another wallet",
        """
        SELECT d.id, d.wallet_id FROM wallet_draw d LEFT JOIN wallet_lot l ON l.id = d.lot_id
        WHERE l.wallet_id IS DISTINCT FROM d.wallet_id AND <touched d.wallet_id>
        """,
    ),
    Rule(
        "what lot {} counts as spent is not what was drawn from it less what came back",
        """
        SELECT l.id, l.wallet_id
        FROM wallet_lot l
            LEFT JOIN (
                SELECT d.lot_id, sum(d.amount_nanos) AS drawn FROM wallet_draw d WHERE <touched d.wallet_id> GROUP BY 1
            ) d ON d.lot_id = l.id
            LEFT JOIN (
                SELECT r.lot_id, sum(r.amount_nanos) AS back
                FROM wallet_return r JOIN wallet_lot o ON o.id = r.lot_id
                WHERE r.into_lot_id = r.lot_id AND <touched o.wallet_id> GROUP BY 1
            ) r ON r.lot_id = l.id
        WHERE <touched l.wallet_id> AND l.consumed_nanos <> coalesce(d.drawn, 0) - coalesce(r.back, 0)
        """,
    ),
    Rule(
        "more came back from lot {} than was drawn from it",
        """
        SELECT l.id, l.wallet_id
        FROM (
            SELECT r.lot_id, sum(r.amount_nanos) AS back FROM wallet_return r JOIN wallet_lot o ON o.id = r.lot_id
            WHERE <touched o.wallet_id> GROUP BY 1
        ) r JOIN wallet_lot l ON l.id = r.lot_id
        WHERE r.back > (SELECT coalesce(sum(d.amount_nanos), 0) FROM wallet_draw d WHERE d.lot_id = l.id)
        """,
    ),
    Rule(
        "lot {} keeps credits before its end",
        """
        SELECT l.id, l.wallet_id FROM wallet_lot l
        WHERE l.kept_nanos > 0 AND (l.spend_until IS NULL OR l.spend_until > wallet_now()) AND <touched l.wallet_id>
        """,
    ),
    # A call that a fast clock dated after the end keeps its part too, but only when the wallet has nothing else.
    Rule(
        "lot {} keeps more than the calls that began before its end hold",
        """
        SELECT q.id, q.wallet_id
        FROM (
            SELECT l.id, l.wallet_id, l.spend_until, l.kept_nanos,
                sum(l.kept_nanos) OVER (PARTITION BY l.wallet_id ORDER BY l.spend_until) AS kept
            FROM wallet_lot l WHERE l.kept_nanos > 0 AND l.spend_until IS NOT NULL AND <touched l.wallet_id>
        ) q JOIN wallet_account a ON a.id = q.wallet_id
        WHERE q.kept > (
                SELECT coalesce(sum(h.amount_nanos), 0) FROM wallet_hold h
                WHERE h.wallet_id = q.wallet_id AND h.id < wallet_uuid_floor(q.spend_until))
            AND (q.kept > a.debits_pending OR a.credits_posted > a.debits_posted + a.debits_pending)
        """,
    ),
    Rule(
        "wallet {} keeps something else than its lots",
        """
        SELECT a.id, a.id
        FROM wallet_account a
            LEFT JOIN (
                SELECT l.wallet_id, sum(l.kept_nanos) AS kept FROM wallet_lot l WHERE <touched l.wallet_id> GROUP BY 1
            ) l ON l.wallet_id = a.id
        WHERE <touched a.id> AND a.kept_nanos <> coalesce(l.kept, 0)
        """,
    ),
    Rule(
        "lot {} ended over five minutes ago and still has more than it keeps",
        """
        SELECT l.id, l.wallet_id FROM wallet_lot l
        WHERE l.spend_until < wallet_now() - interval '5 minutes' AND <left> > l.kept_nanos AND <touched l.wallet_id>
        """,
    ),
    # What was paid back or taken back may have been brought back: into the lot itself, or as a lot in its place.
    Rule(
        "what left lot {} is not what its transfers took",
        """
        SELECT l.id, l.wallet_id
        FROM wallet_lot l
            LEFT JOIN (
                SELECT t.lot_id, sum(t.amount_nanos) FILTER (WHERE t.kind = 8) AS expired,
                    sum(t.amount_nanos - coalesce(b.back, 0)) FILTER (WHERE t.kind = 7) AS refunded,
                    sum(t.amount_nanos - coalesce(b.back, 0)) FILTER (WHERE t.kind NOT IN (7, 8)) AS withdrawn
                FROM wallet_transfer t LEFT JOIN LATERAL (
                    SELECT sum(r.amount_nanos) AS back FROM wallet_transfer r
                    WHERE r.reverses_id = t.id AND r.kind = 10
                        AND NOT EXISTS (SELECT 1 FROM wallet_lot s WHERE s.transfer_id = r.id)
                ) b ON true
                WHERE t.lot_id IS NOT NULL AND <touched t.wallet_id> GROUP BY 1
            ) t ON t.lot_id = l.id
        WHERE <touched l.wallet_id> AND (l.expired_nanos, l.refunded_nanos, l.withdrawn_nanos)
            <> (coalesce(t.expired, 0), coalesce(t.refunded, 0), coalesce(t.withdrawn, 0))
        """,
    ),
    Rule(
        "lot {} belongs to no grant",
        """
        SELECT l.id, l.wallet_id FROM wallet_lot l
        LEFT JOIN wallet_transfer t ON t.id = l.transfer_id
            AND t.kind = 6 AND t.credit_account = l.wallet_id AND t.amount_nanos = l.amount_nanos
        WHERE t.id IS NULL AND l.source <> 'refund_restore' AND <touched l.wallet_id>
        """,
    ),
    Rule(
        "restored lot {} is not what came back for the lot that it stands for",
        """
        SELECT l.id, l.wallet_id FROM wallet_lot l
        WHERE l.source = 'refund_restore' AND <touched l.wallet_id>
            AND NOT EXISTS (
                SELECT 1 FROM wallet_return r WHERE r.transfer_id = l.transfer_id AND r.lot_id = l.restores_id
                    AND r.into_lot_id = l.id AND r.amount_nanos = l.amount_nanos)
            AND NOT EXISTS (
                SELECT 1 FROM wallet_transfer t JOIN wallet_transfer c ON c.id = t.reverses_id
                WHERE t.id = l.transfer_id AND t.kind = 10 AND t.amount_nanos = l.amount_nanos
                    AND c.lot_id = l.restores_id)
        """,
    ),
    Rule(
        "refund {} is not what went back into lots by it",
        """
        SELECT t.id, t.wallet_id
        FROM wallet_transfer t
            LEFT JOIN wallet_transfer c ON c.id = t.reverses_id
            LEFT JOIN LATERAL (
                SELECT sum(r.amount_nanos) AS back FROM wallet_return r WHERE r.transfer_id = t.id
            ) r ON true
        WHERE t.reverses_id IS NOT NULL AND t.credit_account = t.wallet_id AND <touched t.wallet_id>
            AND (t.kind = 13 OR c.lot_id IS NULL) AND t.amount_nanos <> coalesce(r.back, 0)
        """,
    ),
    Rule(
        "the refunds of transfer {} are more than it took, or went to another wallet",
        """
        SELECT r.reverses_id, min(r.wallet_id)
        FROM (
            SELECT t.reverses_id, t.wallet_id, sum(t.amount_nanos) AS back FROM wallet_transfer t
            WHERE t.kind IN (10, 13) AND t.reverses_id IS NOT NULL AND <touched t.wallet_id> GROUP BY 1, 2
        ) r LEFT JOIN wallet_transfer c ON c.id = r.reverses_id
        WHERE c.id IS NULL OR c.wallet_id <> r.wallet_id OR r.back > c.amount_nanos
        GROUP BY r.reverses_id
        """,
    ),
    Rule(
        "the free credit's account of wallet {} stands elsewhere than the free lots",
        """
        SELECT a.id, a.id
        FROM wallet_account a
            LEFT JOIN wallet_account f ON f.id = a.free_account_id AND f.wallet_id = a.id AND f.kind = 8 AND f.capped
            LEFT JOIN (
                SELECT l.wallet_id, sum(<left>) AS has FROM wallet_lot l
                WHERE l.paid_minor = 0 AND <touched l.wallet_id> GROUP BY 1
            ) l ON l.wallet_id = a.id
        WHERE a.free_account_id IS NOT NULL AND <touched a.id>
            -- Calls that began before the switch may have spent more than the free credit.
            AND (f.id IS NULL OR greatest(f.limit_nanos - (f.debits_posted - f.limit_base_nanos), 0)
                <> greatest(coalesce(l.has, 0) - (a.debits_posted - a.allocated_nanos), 0))
        """,
    ),
    Rule(
        "hold {} does not count on the free credit of its wallet",
        """
        SELECT h.id, h.wallet_id FROM wallet_hold h JOIN wallet_account a ON a.id = h.wallet_id
        WHERE a.free_account_id IS NOT NULL AND NOT a.free_account_id = ANY (h.accounts)
        """,
    ),
    Rule(
        "due {} was settled by something else than its amount",
        """
        SELECT d.key, d.wallet_id FROM wallet_due d LEFT JOIN wallet_transfer t
            ON t.id = d.transfer_id AND t.debit_account = d.wallet_id AND t.amount_nanos = d.amount_nanos
                AND t.kind = d.kind
        WHERE d.settled_at IS NOT NULL AND t.id IS NULL AND <since d.settled_at>
        """,
    ),
)
