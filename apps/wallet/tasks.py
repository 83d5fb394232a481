"""The ledger's upkeep that runs by the clock."""

from celery import shared_task
from django.db import connection, transaction

from apps.core import clock
from apps.journal import services as journal
from apps.wallet import invariants

VERIFICATION = "verify_ledger"


@shared_task(name="wallet.verify_ledger", ignore_result=True)
def verify_ledger(**_: object) -> int:
    """Every night, and after a pause of more than a day: what breaks a rule becomes an operator alert."""
    run = journal.start_run(VERIFICATION, at=clock.now())
    found = _violations()
    if found:
        journal.raise_alert("ledger", dedupe_key=VERIFICATION, details={"violations": found[:20], "count": len(found)})
    journal.end_run(run, outcome="failed" if found else "finished", at=clock.now(), details={"violations": len(found)})
    return len(found)


def _violations() -> list[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '4min'")
        return invariants.violations()
