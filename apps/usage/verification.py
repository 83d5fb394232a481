"""The whole check of the books: the ledger's own rules, and that calls were charged what their records say.

It lives here because the wallet does not know what a call was for.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from apps.journal import services as journal
from apps.wallet import services as wallet

JOB = "verify_ledger"
SHOWN = 20
MISCHARGED = """
SELECT coalesce(u.id, t.hold_id)
FROM (
    SELECT hold_id, sum(amount_nanos) AS charged FROM wallet_transfer WHERE kind IN (1, 4) GROUP BY hold_id
) t FULL JOIN usage_record u ON u.id = t.hold_id
WHERE coalesce(t.charged, 0) <> coalesce(u.charge_nanos, 0)
LIMIT 20
"""


def violations() -> list[str]:
    """A sentence for each row that is wrong; empty when the books are right."""
    return wallet.ledger_violations() + [f"call {id_} was charged something else than its record" for id_ in _ids()]


def verify_ledger(*, now: Callable[[], datetime]) -> int:
    """Checks the books, records the run, and makes an operator alert of what is wrong. Returns how much is."""
    run = journal.start_run(JOB, at=now())
    found = violations()
    if found:
        journal.raise_alert("ledger", dedupe_key=JOB, details={"violations": found[:SHOWN], "count": len(found)})
    outcome = "failed" if found else "finished"
    journal.end_run(run, outcome=outcome, at=now(), details={"violations": len(found)})
    return len(found)


def _ids() -> list[object]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute(MISCHARGED)
        return [row[0] for row in cursor.fetchall()]
