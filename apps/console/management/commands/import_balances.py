"""Brings in another system's balances and tokens, as `docs/moving.md` explains; `--close` ends that for good."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.console.moving import closing, report
from apps.console.moving.errors import RowsBad
from apps.console.moving.files import CSV, JSON, ImportFile, open_file
from apps.console.moving.importing import Moving, Options
from apps.core import clock
from apps.core.errors import SluiceError


class Command(BaseCommand):
    help = (
        "Import the balances and tokens of another system (CSV or JSON). A second run changes nothing; nothing is "
        "imported while a row is bad."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="balances, .csv or .json; JSON may carry tokens")
        parser.add_argument("--tokens", type=Path, metavar="FILE", help="tokens, .csv")
        parser.add_argument(
            "--format", choices=[CSV, JSON], default="", help="of the file of balances, if not its name"
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, print the totals, keep nothing")
        parser.add_argument("--skip-bad", action="store_true", help="import the good rows although others are bad")
        parser.add_argument("--create-users", action="store_true", help="add users for unknown addresses, no password")
        parser.add_argument("--close", action="store_true", help="end imports for good; nothing takes this back")
        parser.add_argument("--yes", action="store_true", help="with --close: do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["close"] and (options["file"] or options["tokens"]):
            raise CommandError("Close on its own, after the last import: leave out the files.")
        if not (options["close"] or options["file"] or options["tokens"]):
            raise CommandError("Name a file of balances, or --tokens FILE, or --close.")
        try:
            if options["close"]:
                self._close(is_sure=options["yes"])
            else:
                self._import(_files(options), _chosen(options))
        except SluiceError as error:
            raise CommandError(str(error.text)) from None

    def _import(self, files: list[ImportFile], options: Options) -> None:
        closing.refuse_closed()
        at = clock.now()
        in_use = closing.rate_in_use(at=at)
        moving = Moving(files, in_use.rate, options, at, tell=self.stderr.write)
        before = report.read_books()
        self._say(report.rate_lines(in_use))
        try:
            moving.check()
        except RowsBad:
            self._say(report.file_lines(moving.tally, options))
            raise
        self._say(report.file_lines(moving.tally, options))
        moving.write()
        after = report.would_be(before, moving.tally) if options.dry_run else report.read_books()
        self._say(report.result_lines(moving.tally, options, before=before, after=after))

    def _close(self, *, is_sure: bool) -> None:
        moved = report.read_books().moved
        if closing.closed_at() is None and not is_sure:
            self.stdout.write(
                f"{moved.lots:,} lots came from another system. After this, no balance and no token is imported ever "
                "again, and nothing takes that back."
            )
            if not _typed("close"):
                raise CommandError("Nothing was closed. Type the word, or say --yes.")
        is_new = closing.close_import(at=clock.now(), reason="import_balances --close")
        done = closing.closed_at()
        self.stdout.write(f"{'Closed' if is_new else 'It was closed'} for good on {done:%Y-%m-%d %H:%M} UTC.")

    def _say(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)


def _files(options: dict[str, Any]) -> list[ImportFile]:
    """Balances before tokens, so that the users they add are there."""
    files = [open_file(options["file"], file_format=options["format"])] if options["file"] else []
    return files + ([open_file(options["tokens"], holds_tokens=True)] if options["tokens"] else [])


def _chosen(options: dict[str, Any]) -> Options:
    return Options(options["dry_run"], options["skip_bad"], options["create_users"])


def _typed(word: str) -> bool:
    try:
        return input(f"Type {word} to go on: ").strip() == word
    except EOFError:
        return False
