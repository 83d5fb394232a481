"""Adds a person whose address the operator vouches for; staff with --staff."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.errors import EmailTaken
from apps.core import arguments
from apps.teams import services as teams


class Command(BaseCommand):
    help = "Add a user with a personal team and a wallet. The e-mail address counts as confirmed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, type=arguments.text(at_most=254))
        parser.add_argument("--password", required=True, type=arguments.text(at_most=200))
        parser.add_argument("--staff", action="store_true", help="may open the back office and do everything there")

    def handle(self, *args: Any, email: str, password: str, staff: bool, **options: Any) -> None:
        user = accounts.new_user(email, password=password, is_staff=staff)
        try:
            validate_email(email)
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        try:
            with transaction.atomic():
                team = teams.personal_team_of(accounts.add_user(user))
                accounts.confirm_email(user)
        except EmailTaken:
            raise CommandError(f"{email} has an account already.") from None
        self.stdout.write(f"{user.email}: personal team {team.public_id}")
