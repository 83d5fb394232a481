"""Rules of accounts: what they hold, what their transfers come to, where limits stand. Few rows, so asked of all."""

from apps.wallet.invariants.rules import Rule

RULES = (
    Rule(
        "account {} is overdrawn",
        """
        SELECT id, wallet_id FROM wallet_account
        WHERE kind <> 10 AND capped AND debits_posted + debits_pending > credits_posted
        """,
    ),
    Rule(
        "account {} holds something else than its open holds",
        """
        SELECT a.id, a.wallet_id FROM wallet_account a
        LEFT JOIN (SELECT x, sum(amount_nanos) AS held FROM wallet_hold, unnest(accounts) x GROUP BY x) h ON h.x = a.id
        WHERE a.debits_pending <> coalesce(h.held, 0)
        """,
    ),
    Rule(
        "account {} counts other calls under way than its open holds",
        """
        SELECT a.id, a.wallet_id FROM wallet_account a
        LEFT JOIN (
            SELECT x, count(*) AS slots
            FROM wallet_hold h, unnest(ARRAY[h.accounts[1], h.accounts[cardinality(h.accounts)]]) x
            WHERE h.has_slot GROUP BY x
        ) h ON h.x = a.id
        WHERE a.open_slots <> coalesce(h.slots, 0)
        """,
    ),
    Rule(
        "wallet {} was debited something else than its transfers",
        """
        SELECT a.id, a.wallet_id FROM wallet_account a LEFT JOIN <sums> t ON t.account_id = a.id
        WHERE a.id = a.wallet_id AND a.kind <> 10 AND a.debits_posted <> coalesce(t.debits, 0)
            AND <touched a.wallet_id>
        """,
    ),
    Rule(
        "wallet {} was credited something else than its transfers",
        """
        SELECT a.id, a.wallet_id FROM wallet_account a LEFT JOIN <sums> t ON t.account_id = a.id
        WHERE a.id = a.wallet_id AND a.kind <> 10 AND a.credits_posted <> coalesce(t.credits, 0)
            AND <touched a.wallet_id>
        """,
    ),
    Rule(
        "limit {} counts something else than the charges of its calls",
        """
        SELECT a.id, a.wallet_id FROM wallet_account a LEFT JOIN <sums> t ON t.account_id = a.id
        WHERE a.id <> a.wallet_id AND a.debits_posted <> coalesce(t.charged, 0) AND <touched a.wallet_id>
        """,
    ),
    Rule(
        "the lots of wallet {} do not add up to its grants",
        """
        SELECT coalesce(l.wallet_id, t.account_id), coalesce(l.wallet_id, t.account_id)
        FROM (
            SELECT wallet_id, sum(amount_nanos) AS total FROM wallet_lot
            WHERE source <> 'refund_restore' AND <touched wallet_id> GROUP BY 1
        ) l FULL JOIN (SELECT * FROM <sums> s WHERE <touched s.account_id>) t ON t.account_id = l.wallet_id
        WHERE coalesce(l.total, 0) <> coalesce(t.granted, 0)
        """,
    ),
    # Requirement R-7. Spent is net of what was refunded, which never raises what was granted; a lot that took the place
    # of one that had been paid back or taken back makes that undone.
    Rule(
        "what was granted to wallet {} is not what is there, spent, expired, refunded and taken back",
        """
        SELECT a.id, a.wallet_id
        FROM wallet_account a
            LEFT JOIN <sums> t ON t.account_id = a.id
            LEFT JOIN (
                SELECT wallet_id, sum(amount_nanos) FILTER (WHERE source <> 'refund_restore') AS granted,
                    sum(expired_nanos + refunded_nanos + withdrawn_nanos) AS gone
                FROM wallet_lot WHERE <touched wallet_id> GROUP BY wallet_id
            ) l ON l.wallet_id = a.id
            LEFT JOIN (
                SELECT s.wallet_id, sum(s.amount_nanos) AS back FROM wallet_lot s
                WHERE s.source = 'refund_restore' AND <touched s.wallet_id>
                    AND NOT EXISTS (SELECT 1 FROM wallet_return r WHERE r.transfer_id = s.transfer_id)
                GROUP BY s.wallet_id
            ) s ON s.wallet_id = a.id
        WHERE a.id = a.wallet_id AND a.kind = 1 AND <touched a.wallet_id>
            AND coalesce(l.granted, 0) <> a.credits_posted - a.debits_posted
                + coalesce(t.drawn, 0) - coalesce(t.returned, 0) + coalesce(l.gone, 0) - coalesce(s.back, 0)
        """,
    ),
    Rule(
        "what was refunded to wallet {} is not what went back into its lots",
        """
        SELECT a.id, a.wallet_id
        FROM wallet_account a
            LEFT JOIN <sums> t ON t.account_id = a.id
            LEFT JOIN (
                SELECT l.wallet_id, sum(r.amount_nanos) AS returned
                FROM wallet_return r JOIN wallet_lot l ON l.id = r.lot_id WHERE <touched l.wallet_id> GROUP BY 1
            ) r ON r.wallet_id = a.id
        WHERE a.id = a.wallet_id AND a.kind = 1 AND <touched a.wallet_id>
            AND coalesce(t.returned, 0) <> coalesce(r.returned, 0)
        """,
    ),
    Rule(
        "limit {} does not stand where it was set",
        """
        SELECT id, wallet_id FROM wallet_account
        WHERE limit_nanos IS NOT NULL
            AND credits_posted <> greatest(limit_base_nanos + limit_nanos, debits_posted + debits_pending)
        """,
    ),
    Rule(
        "call {} is open and ended at once",
        "SELECT h.id, h.wallet_id FROM wallet_hold h JOIN wallet_transfer t ON t.id = h.id",
    ),
    Rule(
        "house account {} has a live balance",
        """
        SELECT id, NULL FROM wallet_account
        WHERE kind = 10 AND (credits_posted <> 0 OR debits_posted <> 0 OR debits_pending <> 0)
        """,
    ),
    Rule(
        "key {} names a transfer that is not there",
        """
        SELECT p.key, NULL FROM wallet_posting p LEFT JOIN wallet_transfer t ON t.id = p.transfer_id
        WHERE t.id IS NULL AND <minted p.transfer_id>
        """,
    ),
    Rule(
        "hold {} was left by a process that ended over two minutes ago",
        """
        SELECT h.id, h.wallet_id FROM wallet_hold h LEFT JOIN wallet_owner o ON o.id = h.owner_id
        WHERE o.id IS NULL OR o.lease_until < clock_timestamp() - interval '2 minutes'
        """,
    ),
    Rule(
        "account {} was due over five minutes ago",
        "SELECT id, wallet_id FROM wallet_account WHERE wake_at < wallet_now() - interval '5 minutes'",
    ),
)
