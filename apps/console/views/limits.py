"""How much the current team may call at once, beside what it does: group by group, and token by token."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.console.catalogue.caller_limits import CallerLimits, limits_of_team, limits_of_tokens
from apps.console.decorators import team_page
from apps.core import clock
from apps.marketplace import queries as marketplace
from apps.teams import queries as teams
from apps.teams.types import GroupTerms, TeamAccess


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """A group of the team with its multiplier; `is_main` for the one that its models are called through first."""

    code: str
    multiplier: str
    is_main: bool
    limits: CallerLimits


@require_safe
@team_page("team.view")
def limits(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()
    terms = {group.code: group for group in teams.access_group_terms()}
    groups = [terms[code] for code in marketplace.reach_of(team.id, at=at).codes]
    shows_tokens = team.may("tokens.view")
    context = {
        "groups": [_shown(team, group, at) for group in groups],
        "tokens": limits_of_tokens(team, terms[team.main_group], at=at) if shows_tokens else [],
        "shows_tokens": shows_tokens,
        "main_group": team.main_group,
    }
    return render(request, "console/limits.html", context)


def _shown(team: TeamAccess, group: GroupTerms, at: datetime) -> GroupLimits:
    multiplier = f"{group.multiplier.at(at).normalize():f}"
    return GroupLimits(group.code, multiplier, group.code == team.main_group, limits_of_team(team, group, at=at))
