"""What surrounds every console page: who pays, what is available, where one may go. Three queries."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from apps.teams import queries as teams
from apps.teams import services as team_services
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services
from apps.wallet.types import Balance

TEAM_KEY: Final = "console.team"
_SHELL: Final = "_console_shell"


@dataclass(frozen=True, slots=True)
class Payer:
    """A team of the reader, with what it can spend."""

    team: TeamAccess
    balance: Balance

    @property
    def initial(self) -> str:
        return self.team.name[:1].upper()


@dataclass(frozen=True, slots=True)
class Shell:
    payer: Payer
    payers: tuple[Payer, ...]


def shell_of(request: HttpRequest) -> Shell:
    """The shell of this request, looked up once. Opens the personal team of somebody who has none yet."""
    found = getattr(request, _SHELL, None)
    if isinstance(found, Shell):
        return found
    shell = _look_up(request)
    setattr(request, _SHELL, shell)
    return shell


def paying_team(request: HttpRequest) -> TeamAccess | None:
    """The team of the shell, for pages that are shown without it: one query, and nobody's team is opened. None for
    strangers and for who has no team yet.
    """
    found = getattr(request, _SHELL, None)
    if isinstance(found, Shell):
        return found.payer.team
    access = teams.teams_of(request.user.pk) if request.user.is_authenticated else []
    chosen = request.session.get(TEAM_KEY) if access else None
    return next((team for team in access if team.public_id == chosen), access[0] if access else None)


def _look_up(request: HttpRequest) -> Shell:
    user = request.user
    if not user.is_authenticated:
        raise PermissionError("Only somebody who is signed in has a payer.")
    access = teams.teams_of(user.pk)
    if not any(team.is_personal for team in access):
        team_services.personal_team_of(user)
        access = teams.teams_of(user.pk)
    wallet_ids = [team.wallet_id for team in access]
    wallet_services.tend_accounts(wallet_ids)
    balances = wallet.balances_of(wallet_ids)
    payers = tuple(Payer(team=team, balance=balances[team.wallet_id]) for team in access)
    chosen = request.session.get(TEAM_KEY)
    current = next((payer for payer in payers if payer.team.public_id == chosen), payers[0])
    return Shell(payer=current, payers=payers)
