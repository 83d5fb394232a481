"""How far limits are used, for whoever warns before they end. Reads accounts, writes nothing."""

from django.db import connection

from apps.wallet.types import LimitInUse, LimitKind

WARNED_KINDS = (LimitKind.TOKEN, LimitKind.PROJECT, LimitKind.MEMBER, LimitKind.TEAM)

USED_LIMITS = f"""
    SELECT id AS account_id, wallet_id, kind, label, limit_base_nanos AS base_nanos, limit_nanos,
           debits_posted - limit_base_nanos AS used_nanos, CASE WHEN refill <> '' THEN wake_at END AS resets_at
    FROM wallet_account
    WHERE capped AND limit_nanos > 0 AND closed_at IS NULL AND kind IN ({", ".join(str(int(k)) for k in WARNED_KINDS)})
      AND (refill = '' OR wake_at > wallet_now())
"""  # noqa: S608  constants
"""A relation for other apps' statements: every open limit in its present period. `base_nanos` names the period: it
grows with each refill that something was used before. A period that ended and waits for its refill is left out."""

_NEAR = f"""
    SELECT account_id, wallet_id, kind, label, limit_nanos, used_nanos, resets_at
    FROM ({USED_LIMITS}) AS used
    WHERE wallet_id = %s AND used_nanos::numeric * 100 >= limit_nanos::numeric * %s
    ORDER BY used_nanos::numeric / limit_nanos DESC, account_id LIMIT %s
"""  # noqa: S608  constants


def limits_near_end(wallet_id: int, *, percent: int, at_most: int) -> list[LimitInUse]:
    """The wallet's limits of which so much is used in their present period, the fullest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [wallet_id, percent, at_most])
        return [LimitInUse(*row) for row in cursor.fetchall()]
