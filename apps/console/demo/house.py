"""Builds the demo: people, their invitations, a funded team, a token, the catalogue with its sandbox.

A second run changes nothing.
"""

import hashlib
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.core.management import call_command

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.console import services
from apps.console.demo.invitations import stock_invitations
from apps.console.demo.keepsake import Keepsake
from apps.console.demo.news import stock_announcements
from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace import queries as marketplace
from apps.relay import queries as relay
from apps.relay import services as tokens
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import Mandate

if TYPE_CHECKING:
    from apps.accounts.models import User

CATALOGUE: Final = Path(__file__).with_name("catalogue.json")
MODEL: Final = "gpt-4o-mini"
TOKEN_NAME: Final = "demo"  # noqa: S105  what the token is called
CREDITS: Final = 700


def build_house(kept: Keepsake | None, *, at: datetime) -> Keepsake:
    """Adds what is missing and returns what to keep. Somebody's own changes to demo data stay."""
    password = kept.password if kept else secrets.token_urlsafe(12)
    draft = Keepsake(password=password)
    _stock_catalogue()
    user = _person(draft.email, password, name="Demo", is_staff=False)
    staff = _person(draft.staff_email, password, name="Staff", is_staff=True)
    stock_invitations(user, reviewer=staff)
    stock_announcements(at=at)
    team = teams.personal_team_of(user)
    wallet.grant_lot(
        team.wallet_id,
        Mandate(f"demo-grant:{team.public_id}", "Demo credits", actor=None),
        amount_nanos=CREDITS * NANOS_PER_CREDIT,
        source="gift",
    )
    token = _token(team, kept.token if kept else "", user=user, at=at)
    return Keepsake(password=password, token=token, model=MODEL)


def _stock_catalogue() -> None:
    """Only into an empty catalogue: a later start must not take back what somebody changed."""
    if not marketplace.model_ids([MODEL]):
        call_command("import_catalogue", str(CATALOGUE), verbosity=0)


def _person(email: str, password: str, *, name: str, is_staff: bool) -> "User":
    user = people.user_by_email(email)
    if user is None:
        user = accounts.new_user(email, password=password, name=name, is_staff=is_staff)
        services.register_user(user)
        accounts.confirm_email(user)
    elif not user.check_password(password):
        accounts.set_password(user, password=password)
    return user


def _token(team: TeamAccess, kept: str, *, user: "User", at: datetime) -> str:
    """The kept token while it lives; otherwise a new one in the place of the one whose text was lost."""
    known = relay.tokens_by_digest([hashlib.sha256(kept.encode()).digest()]) if kept else {}
    if any(token.team_id == team.id and not token.deleted for token in known.values()):
        return kept
    for entry in relay.tokens_of(team.id):
        if entry.token.name == TOKEN_NAME:
            tokens.delete_token(entry.token.pk, actor=user.pk, at=at)
    _row, secret = tokens.create_token(team.id, TOKEN_NAME, actor=user.pk, at=at)
    return secret
