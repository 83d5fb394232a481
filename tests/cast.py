"""The cast of the tests: people, teams with money, tokens. Builders call services, as the doors do."""

from datetime import timedelta
from itertools import count
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.money import nanos_from_text
from apps.relay import services as relay
from apps.relay.models import ApiToken
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.models import Membership, Role
from apps.teams.types import NewPersonalToken, TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import HoldRequest, Mandate, Refusal

PASSWORD = "correct horse battery"

_numbers = count(1)


def make_user(email: str = "", *, is_staff: bool = False, password: str = PASSWORD) -> User:
    """A person with a confirmed address; with a password, because sign-in is what tests of doors begin with."""
    user = User(email=email or f"person{next(_numbers)}@example.com", is_staff=is_staff, is_superuser=is_staff)
    user.set_password(password)
    accounts.add_user(user)
    accounts.confirm_email(user)
    return user


def make_team(name: str = "Acme", *, owner: User | None = None, credits: str = "100") -> TeamAccess:  # noqa: A002
    """A team with one lot of credits; `owner` is somebody new if absent."""
    team = teams.create_team(name, owner=owner or make_user(), at=clock.now())
    grant(team, credits)
    return team


def grant(team: TeamAccess, amount: str) -> None:
    """Credits for the team's wallet, as a gift."""
    nanos = nanos_from_text(amount)
    if nanos:
        key = f"test-grant:{next(_numbers)}"
        wallet.grant_lot(team.wallet_id, Mandate(key, "for a test", actor=None), amount_nanos=nanos, source="gift")


def add_member(team: TeamAccess, role: str, *, user: User | None = None) -> User:
    """Somebody with this role in the team."""
    user = user or make_user()
    Membership.objects.create(team_id=team.id, user=user, role=Role(role))
    return user


def access_of(user: User, team: TeamAccess) -> TeamAccess:
    """The team as this member reaches it."""
    access = team_queries.team_for(user.pk, team.public_id)
    assert access is not None
    return access


def make_personal_token(team: TeamAccess, *scopes: str, days: int = 30) -> NewPersonalToken:
    """A personal access token of the member behind `team`; with every scope if none is named."""
    at = clock.now()
    return teams.create_personal_access_token(
        team,
        name=f"script {next(_numbers)}",
        scopes=scopes or ("read", "tokens", "projects", "topup"),
        expires_at=at + timedelta(days=days),
        at=at,
    )


def make_token(team: TeamAccess, name: str = "app", **terms: Any) -> tuple[ApiToken, str]:
    """An API token of the team and its text; `limit="5"` for a limit in credits."""
    limit = terms.pop("limit", "0")
    return relay.create_token(
        team.id, name, actor=team.user_id, at=clock.now(), limit_nanos=nanos_from_text(limit), **terms
    )


def refusal_of_a_call(team: TeamAccess, token: ApiToken) -> Refusal | None:
    """What the ledger says against the least call that this token could make now."""
    call = HoldRequest(uuid7(), (token.account_id, team.wallet_id), 1, tokens=0)
    return wallet.authorise(call, owner_id=wallet.register_owner("test")).refusal
