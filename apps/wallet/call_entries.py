"""What the ledger knows of one call: what was held, charged and given back, and when. `queries` is its door."""

from uuid import UUID

from django.db import connection

from apps.wallet.models import TransferKind
from apps.wallet.types import CallEntries, Refunded

_CORRECTIONS = (TransferKind.CHARGE_REFUND, TransferKind.REVERSAL)
_LEGS = """
WITH charge AS (SELECT unnest(ARRAY[%(call)s, wallet_leg_id(%(call)s, 'late')]) AS id)
SELECT t.kind, t.at, t.amount_nanos, t.held_nanos, t.reason FROM wallet_transfer t JOIN charge USING (id)
UNION ALL
SELECT t.kind, t.at, t.amount_nanos, 0, t.reason FROM wallet_transfer t JOIN charge c ON t.reverses_id = c.id
ORDER BY at
"""


def entries_of_call(call_id: UUID) -> CallEntries | None:
    """None for a call that is not over, or never held anything. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LEGS, {"call": call_id})
        legs = cursor.fetchall()
    own = [leg for leg in legs if leg[0] not in _CORRECTIONS]
    corrections = [leg for leg in legs if leg[0] in _CORRECTIONS]
    if not own:
        return None
    return CallEntries(
        held_nanos=sum(held for _kind, _at, _amount, held, _reason in own),
        charged_nanos=sum(amount for _kind, _at, amount, _held, _reason in own),
        settled_at=own[-1][1],
        refunds=tuple(Refunded(at, amount, reason) for _kind, at, amount, _held, reason in corrections),
    )
