"""Mints an API token for a team and prints it, this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import arguments, clock
from apps.core.errors import SluiceError
from apps.core.money import nanos_from_text
from apps.relay import services
from apps.relay.models import Reset
from apps.teams import queries as teams


class Command(BaseCommand):
    help = "Mint an API token (sk-…) for a team. Prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--team", required=True, type=arguments.text(at_most=80), metavar="ID", help="public id: team_…"
        )
        parser.add_argument("--name", required=True, type=arguments.text(at_most=80))
        parser.add_argument("--limit", default="0", metavar="CREDITS", help="0, the default, is no limit of its own")
        parser.add_argument("--reset", choices=Reset.values, default="", help="when the limit is refilled")

    def handle(self, *args: Any, **options: Any) -> None:
        team = teams.team_by_public_id(options["team"])
        if team is None:
            raise CommandError(f"There is no team {options['team']}.")
        try:
            limit_nanos = nanos_from_text(options["limit"])
            _token, secret = services.create_token(
                team.pk,
                options["name"],
                actor=None,
                at=clock.now(),
                limit_nanos=limit_nanos,
                reset=options["reset"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from None
        except SluiceError as error:
            raise CommandError(str(error.text)) from None
        self.stdout.write(secret)
