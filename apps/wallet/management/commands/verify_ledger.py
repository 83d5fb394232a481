"""Checks the ledger against its rules; the end of every restore and of every night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from apps.wallet import invariants


class Command(BaseCommand):
    help = "Check that holds, transfers, lots and balances agree. Exit code 1 and one line for each row that does not."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10min'")
            found, warnings = invariants.violations(), invariants.warnings()
        for line in warnings:
            self.stderr.write(f"Warning: {line}.")
        for line in found:
            self.stderr.write(f"Wrong: {line}.")
        if found:
            raise CommandError(f"The ledger breaks {len(found)} of its rules' checks.")
        self.stdout.write("The ledger is right.")
