"""Mints a personal access token for a user and prints it, this once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import arguments, clock
from apps.core.errors import SluiceError
from apps.teams import queries, services
from apps.teams.models import Scope


class Command(BaseCommand):
    help = "Mint a personal access token (pat_…) that acts for a user in one team. Prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, type=arguments.text(at_most=254), metavar="EMAIL")
        parser.add_argument(
            "--team",
            type=arguments.text(at_most=80),
            metavar="ID",
            help="public id of the team; the personal one if absent",
        )
        parser.add_argument("--name", type=arguments.text(at_most=80), help="told apart by the time if absent")
        parser.add_argument("--scopes", default="read,tokens", help=f"of {', '.join(Scope.values)}")
        parser.add_argument(
            "--days", type=arguments.number(at_least=1, at_most=365), default=90, help="until it expires, at most 365"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(email__iexact=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']}.")
        named = options["team"]
        team = services.personal_team_of(user) if named is None else queries.team_for(user.pk, named)
        if team is None:
            raise CommandError(f"{user} is in no team {named}.")
        at = clock.now()
        try:
            minted = services.create_personal_access_token(
                team,
                name=options["name"] or f"created by an operator at {at:%Y-%m-%d %H:%M:%S} UTC",
                scopes=options["scopes"].split(","),
                expires_at=at + timedelta(days=options["days"]),
                at=at,
            )
        except SluiceError as error:
            raise CommandError(str(error.text)) from None
        self.stdout.write(minted.secret)
