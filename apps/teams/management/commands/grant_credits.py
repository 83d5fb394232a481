"""Grants credits to a team's wallet, for a reason that stays in the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import arguments
from apps.core.errors import SluiceError
from apps.core.ids import uuid7
from apps.core.money import credits_text, nanos_from_text
from apps.teams import queries
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.quota_types import refuse_gone
from apps.wallet.types import Mandate

SOURCES = ("adjustment", "gift", "campaign")


class Command(BaseCommand):
    help = "Grant credits to a team. With --key, a repetition grants nothing more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--team", required=True, type=arguments.text(at_most=80), metavar="ID", help="public id, team_…"
        )
        parser.add_argument("--amount", required=True, metavar="CREDITS", help='such as "10" or "0.5"')
        parser.add_argument("--reason", required=True, type=arguments.text(at_most=200))
        parser.add_argument(
            "--source", default="adjustment", metavar="SOURCE", help=f"what the credits are: {', '.join(SOURCES)}"
        )
        parser.add_argument(
            "--key", type=arguments.text(at_most=100), help="idempotency key; a new one each time if absent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        team = queries.team_by_public_id(options["team"])
        if team is None:
            raise CommandError(f"There is no open team {options['team']}.")
        try:
            wallet.grant_lot(
                team.wallet_id,
                Mandate(f"grant-credits:{options['key'] or uuid7()}", options["reason"], actor=None),
                amount_nanos=_positive(options["amount"]),
                source=_source(options["source"]),
            )
        except SluiceError as error:
            raise CommandError(str(error.text)) from None
        balance = wallet_queries.balance_of(team.wallet_id)
        self.stdout.write(f"{team.public_id}: balance {credits_text(balance.balance_nanos)}")


def _source(name: str) -> str:
    """Raises `StandardQuotaGone`."""
    refuse_gone(name, field="source")
    if name not in SOURCES:
        raise CommandError(f"Write one of: {', '.join(SOURCES)}.")
    return name


def _positive(text: str) -> int:
    try:
        nanos = nanos_from_text(text)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if nanos <= 0:
        raise CommandError("Write an amount above 0.")
    return nanos
