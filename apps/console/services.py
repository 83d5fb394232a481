"""Sign-up: the one act that composes floors. Everything else a page does is a service of the app it belongs to."""

from typing import TYPE_CHECKING

from django.db import transaction

from apps.accounts import services as accounts
from apps.teams import services as teams

if TYPE_CHECKING:
    from apps.accounts.models import User


def register_user(user: "User") -> "User":
    """Stores the person together with a personal team and its wallet, or nothing. Raises `EmailTaken`."""
    with transaction.atomic(durable=True):
        enrol_user(user)
    return user


def enrol_user(user: "User") -> None:
    """As `register_user`, within the caller's transaction."""
    with transaction.atomic():
        accounts.add_user(user)
        teams.personal_team_of(user)
