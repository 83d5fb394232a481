"""Which models a team may reach, and on which terms."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet

from apps.teams.models import AccessGrant, AccessGroup, Team
from apps.teams.types import MAIN_GROUP, GroupTerms, TeamReach

LIMITS = ("rpm", "tpm", "concurrency", "wallet_rpm", "wallet_tpm", "wallet_concurrency")

# Entries of a json_build_object, for who reads groups and grants in one statement with rows of its own.
GROUPS_AND_GRANTS: Final = """
    'groups', (SELECT coalesce(json_agg(json_build_array(id, code, multiplier, coming_multiplier, coming_at)), '[]')
        FROM teams_accessgroup),
    'group_grants', (SELECT coalesce(json_agg(json_build_array(team_id, access_group_id, ends_at)), '[]')
        FROM teams_accessgrant)
"""


def access_group_codes(team_id: int, *, at: datetime) -> list[str]:
    """Codes of the groups whose models the team sees: the main one first, then those granted and not ended."""
    return list(groups_in_reach(team_id, at=at).values_list("code", flat=True))


def groups_in_reach(team_id: int | None, *, at: datetime) -> QuerySet[AccessGroup]:
    """The team's groups, one query: the main one first, then those granted and not ended, by code. None: a stranger."""
    if team_id is None:
        return AccessGroup.objects.filter(code=MAIN_GROUP)
    is_main = Q(pk__in=Team.objects.filter(pk=team_id).values("access_group_id"))
    open_grants = AccessGrant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), team_id=team_id)
    rows = AccessGroup.objects.filter(is_main | Q(pk__in=open_grants.values("access_group_id")))
    return rows.annotate(is_main=ExpressionWrapper(is_main, BooleanField())).order_by("-is_main", "code")


def codes_in_reach_of(team_ids: Collection[int], *, at: datetime) -> frozenset[str]:
    """The groups of all these teams together, for somebody who is in them. One query."""
    mains = Team.objects.filter(pk__in=team_ids).values("access_group_id")
    open_grants = AccessGrant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), team_id__in=team_ids)
    rows = AccessGroup.objects.filter(Q(pk__in=mains) | Q(pk__in=open_grants.values("access_group_id")))
    return frozenset(rows.values_list("code", flat=True))


def access_group_ids(codes: Collection[str]) -> dict[str, int]:
    """Row ids of the groups with these codes; unknown codes are absent."""
    return dict(AccessGroup.objects.filter(code__in=codes).values_list("code", "pk"))


def access_group_terms() -> list[GroupTerms]:
    """Every access group, for whoever prices and limits calls."""
    return list(map(_terms, AccessGroup.objects.all()))


def group_terms(code: str) -> GroupTerms:
    return _terms(AccessGroup.objects.get(code=code))


def _terms(group: AccessGroup) -> GroupTerms:
    return GroupTerms(
        code=group.code,
        multiplier=group.multipliers,
        all_lines=group.all_lines,
        rpm=group.rpm,
        tpm=group.tpm,
        concurrency=group.concurrency,
        wallet_rpm=group.wallet_rpm,
        wallet_tpm=group.wallet_tpm,
        wallet_concurrency=group.wallet_concurrency,
    )


def team_reaches(team_ids: Iterable[int]) -> list[TeamReach]:
    """The groups of each of these teams, closed teams and ended grants included. Two queries however many teams.

    A personal team whose person is suspended counts as closed: nobody is there to answer for its calls.
    """
    teams = (
        Team.objects.filter(pk__in=list(team_ids))
        .select_related("access_group", "personal_of")
        .prefetch_related(
            Prefetch("access_grants", AccessGrant.objects.select_related("access_group").order_by("access_group__code"))
        )
    )
    return [
        TeamReach(
            id=team.pk,
            main_group=team.access_group.code,
            granted=tuple((grant.access_group.code, grant.ends_at) for grant in team.access_grants.all()),
            closed=_is_shut(team),
        )
        for team in teams
    ]


def _is_shut(team: Team) -> bool:
    person = team.personal_of
    return team.closed_at is not None or (person is not None and not person.is_active)


def export_access_groups(*, at: datetime) -> list[dict[str, object]]:
    """Every access group as it is at this instant, in the shape that `services.import_access_groups` reads."""
    return [_group_row(group, at) for group in AccessGroup.objects.all()]


def _group_row(group: AccessGroup, at: datetime) -> dict[str, object]:
    row: dict[str, object] = {"code": group.code, "multiplier": f"{group.multipliers.at(at).normalize():f}"}
    return row | {name: getattr(group, name) for name in LIMITS} | {"all_lines": group.all_lines}
