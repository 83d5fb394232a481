"""What is closed, and what stands against it. Values only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.teams.types import TeamAccess

# Content: `team` and `who` by name.
TEAM_CLOSED: Final = NoticeKind("team.closed", _("A team was closed"), is_optional=False)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who closes what: `team` is the team, or the personal team of a person whose account is closed."""

    team: TeamAccess
    at: datetime

    @property
    def user_id(self) -> int:
        return self.team.user_id


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that must be settled first, and where: `page` names a URL, `team` whose page it is, if another's."""

    text: str
    page: str = ""
    label: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What somebody was shown and typed, in nanocredits."""

    balance_nanos: int = 0
    reward_nanos: int = 0
