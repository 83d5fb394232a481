"""Whether the books are right."""

from django.db import connection, transaction

from apps.wallet import invariants


def ledger_violations() -> list[str]:
    """A sentence for each row that breaks a rule of the ledger; empty when it is right. Takes its time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        return invariants.violations()


def ledger_warnings() -> list[str]:
    """What is still right and will not stay so."""
    return invariants.warnings()
