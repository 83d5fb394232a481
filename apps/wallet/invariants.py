"""What must always be true of the ledger, as queries that find the rows where it is not.

Each rule is one statement, so it sees one instant of a ledger at work, and no long snapshot slows the hot rows.
"""

from django.db import connection

RULES: tuple[tuple[str, str], ...] = (
    (
        "account {} is overdrawn",
        """
        SELECT id FROM wallet_account
        WHERE kind <> 10 AND capped AND debits_posted + debits_pending > credits_posted
        """,
    ),
    (
        "account {} holds something else than its open holds",
        """
        SELECT a.id FROM wallet_account a
        LEFT JOIN (SELECT x, sum(amount_nanos) AS held FROM wallet_hold, unnest(accounts) x GROUP BY x) h ON h.x = a.id
        WHERE a.debits_pending <> coalesce(h.held, 0)
        """,
    ),
    (
        "account {} counts other calls under way than its open holds",
        """
        SELECT a.id FROM wallet_account a
        LEFT JOIN (
            SELECT x, count(*) AS slots
            FROM wallet_hold h, unnest(ARRAY[h.accounts[1], h.accounts[cardinality(h.accounts)]]) x
            WHERE h.has_slot GROUP BY x
        ) h ON h.x = a.id
        WHERE a.open_slots <> coalesce(h.slots, 0)
        """,
    ),
    (
        "wallet {} was debited something else than its transfers",
        """
        SELECT a.id FROM wallet_account a
        LEFT JOIN (SELECT debit_account, sum(amount_nanos) AS total FROM wallet_transfer
        GROUP BY 1) t ON t.debit_account = a.id
        WHERE a.id = a.wallet_id AND a.kind <> 10 AND a.debits_posted <> coalesce(t.total, 0)
        """,
    ),
    (
        "wallet {} was credited something else than its transfers",
        """
        SELECT a.id FROM wallet_account a
        LEFT JOIN (SELECT credit_account, sum(amount_nanos) AS total FROM wallet_transfer
        GROUP BY 1) t ON t.credit_account = a.id
        WHERE a.id = a.wallet_id AND a.kind <> 10 AND a.credits_posted <> coalesce(t.total, 0)
        """,
    ),
    (
        "limit {} counts something else than the charges of its calls",
        """
        SELECT a.id FROM wallet_account a
        LEFT JOIN (SELECT x, sum(amount_nanos) AS total FROM wallet_transfer, unnest(accounts) x
        WHERE kind IN (1, 4) GROUP BY x) t ON t.x = a.id
        WHERE a.id <> a.wallet_id AND a.debits_posted <> coalesce(t.total, 0)
        """,
    ),
    (
        "limit {} does not stand where it was set",
        """
        SELECT id FROM wallet_account
        WHERE limit_nanos IS NOT NULL
            AND credits_posted <> greatest(limit_base_nanos + limit_nanos, debits_posted + debits_pending)
        """,
    ),
    (
        "call {} is open and ended at once",
        "SELECT h.id FROM wallet_hold h JOIN wallet_transfer t ON t.id = h.id",
    ),
    (
        "house account {} has a live balance",
        """
        SELECT id FROM wallet_account
        WHERE kind = 10 AND (credits_posted <> 0 OR debits_posted <> 0 OR debits_pending <> 0)
        """,
    ),
    (
        "the lots of wallet {} do not add up to its grants",
        """
        SELECT coalesce(l.wallet_id, t.wallet_id)
        FROM (
            SELECT wallet_id, sum(amount_nanos) AS total FROM wallet_lot WHERE source <> 'refund_restore' GROUP BY 1
        ) l
        FULL JOIN (SELECT wallet_id, sum(amount_nanos) AS total FROM wallet_transfer WHERE kind = 6 GROUP BY 1) t
            ON t.wallet_id = l.wallet_id
        WHERE l.total IS DISTINCT FROM t.total
        """,
    ),
    (
        "lot {} belongs to no grant",
        """
        SELECT l.id FROM wallet_lot l
        LEFT JOIN wallet_transfer t ON t.id = l.transfer_id
            AND t.kind = 6 AND t.credit_account = l.wallet_id AND t.amount_nanos = l.amount_nanos
        WHERE t.id IS NULL AND l.source <> 'refund_restore'
        """,
    ),
    (
        "key {} names a transfer that is not there",
        "SELECT p.key FROM wallet_posting p LEFT JOIN wallet_transfer t ON t.id = p.transfer_id WHERE t.id IS NULL",
    ),
    (
        "hold {} was left by a process that ended over two minutes ago",
        """
        SELECT h.id FROM wallet_hold h LEFT JOIN wallet_owner o ON o.id = h.owner_id
        WHERE o.id IS NULL OR o.lease_until < now() - interval '2 minutes'
        """,
    ),
)
HALF_FULL = (
    "SELECT id FROM wallet_account WHERE greatest(credits_posted, debits_posted) > 4611686018427387903 AND kind <> 10"
)
AT_MOST = 20


def violations() -> list[str]:
    """One sentence for each row that breaks a rule, at most 20 a rule; empty when the ledger is right."""
    return [sentence.format(key) for sentence, query in RULES for key in _keys(query)]


def warnings() -> list[str]:
    """What is still right and will not stay so."""
    return [f"account {key} has used half of what an account can count" for key in _keys(HALF_FULL)]


def _keys(query: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {AT_MOST}")
        return [row[0] for row in cursor.fetchall()]
