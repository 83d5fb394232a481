"""Checks the books against their rules; the end of every restore and of every night."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.usage import verification
from apps.wallet import services as wallet


class Command(BaseCommand):
    help = "Check what is new in the ledger and the usage records. Exit code 1 and one line for each row that is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--full", action="store_true", help="trust nothing that was verified before: add up every transfer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verification.verify_ledger(now=clock.now, is_full=options["full"]).violations
        for line in wallet.ledger_warnings():
            self.stderr.write(f"Warning: {line}.")
        for line in found:
            self.stderr.write(f"Wrong: {line}.")
        if found:
            raise CommandError(f"The ledger breaks {len(found)} of its rules' checks.")
        self.stdout.write("The ledger is right.")
