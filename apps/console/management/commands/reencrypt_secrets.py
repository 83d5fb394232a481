"""Rewrites every stored secret under the first of FIELD_ENCRYPTION_KEYS; docs/operations.md tells when."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console import key_rotation
from apps.console.key_rotation import ENCRYPTED_COLUMNS, ColumnCount, EncryptedColumn
from apps.core import clock

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Write every stored secret under the first of FIELD_ENCRYPTION_KEYS. A second run finds nothing to do; a run "
        "that was stopped is continued by the next."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would be rewritten, write nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        counts = {column.name: self._go_round(column, dry_run=dry_run) for column in ENCRYPTED_COLUMNS}
        if not dry_run and any(count.rewritten for count in counts.values()):
            key_rotation.record_round(counts, at=clock.now())
        left = [sentence for name, count in counts.items() for sentence in _left_over(name, count)]
        if left:
            raise CommandError("\n".join(left))
        if not dry_run:
            self.stdout.write("Every stored secret is under the first key.")

    def _go_round(self, column: EncryptedColumn, *, dry_run: bool) -> ColumnCount:
        count = ColumnCount()
        for count in key_rotation.go_round(column, dry_run=dry_run):
            self.stderr.write(f"{column.name}: {count.rows} rows", ending="\r")
        verb = "to rewrite" if dry_run else "rewritten"
        self.stdout.write(f"{column.name}: {count.rows} rows, {count.rewritten} {verb}")
        return count


def _left_over(name: str, count: ColumnCount) -> list[str]:
    left = []
    if count.unreadable:
        left.append(f"{name}: no configured key opens row {_listed(count.unreadable)}. Keep the keys that are there.")
    if count.busy:
        left.append(f"{name}: somebody else held row {_listed(count.busy)}. Run this again.")
    return left


def _listed(keys: tuple[int, ...]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(map(str, keys[:_SHOWN])) + more
