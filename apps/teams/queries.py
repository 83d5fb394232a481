"""Whose team is it, and who is in it. Every answer starts from the asking user; writes nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Prefetch, Q, QuerySet

from apps.core.ids import parse_public_id
from apps.core.secret_tokens import digest_of, is_well_formed
from apps.teams import roles
from apps.teams.models import AccessGrant, AccessGroup, Membership, PersonalAccessToken, Team
from apps.teams.types import GroupTerms, PeopleToTell, Person, PersonalToken, TeamAccess, TeamReach

LIMITS = ("rpm", "tpm", "concurrency", "wallet_rpm", "wallet_tpm", "wallet_concurrency")
TOKEN_PREFIX = "pat_"  # noqa: S105  what a personal access token starts with


def teams_of(user_id: int) -> list[TeamAccess]:
    """Every open team of the user: the personal one first, then by name."""
    rows = _memberships().filter(user_id=user_id)
    return sorted(map(_access, rows), key=lambda team: (not team.is_personal, team.name, team.id))


def team_for(user_id: int, team: str) -> TeamAccess | None:
    """The team with this public id as this user reaches it; None for strangers, whether it exists or not."""
    uid = parse_public_id("team", team)
    row = None if uid is None else _memberships().filter(user_id=user_id, team__uid=uid).first()
    return None if row is None else _access(row)


def personal_team_for(user_id: int) -> TeamAccess | None:
    row = _memberships().filter(user_id=user_id, team__personal_of_id=user_id).first()
    return None if row is None else _access(row)


def team_by_public_id(team: str) -> Team | None:
    """For commands of operators, who are in no team; never for a request."""
    uid = parse_public_id("team", team)
    return None if uid is None else Team.objects.filter(uid=uid, closed_at=None).first()


def people_to_tell(wallet_ids: Collection[int]) -> dict[int, PeopleToTell]:
    """By wallet: the active members of its open team who may change what the wallet does. Two queries."""
    members = Membership.objects.filter(role__in=roles.roles_with("wallet.change"), user__is_active=True)
    told = Prefetch("memberships", members.select_related("user").order_by("user_id"))
    rows = Team.objects.filter(wallet_id__in=wallet_ids, closed_at=None).prefetch_related(told)
    return {
        team.wallet_id: PeopleToTell(
            team.public_id, tuple(Person(member.user_id, member.user.email) for member in team.memberships.all())
        )
        for team in rows
    }


def personal_teams_of(user_ids: Collection[int]) -> dict[int, Team]:
    """For commands of operators: the personal teams of these people, closed ones too, by person. One query."""
    rows = Team.objects.filter(personal_of_id__in=user_ids)
    return {team.personal_of_id: team for team in rows if team.personal_of_id is not None}


def teams_by_public_id(teams: Collection[str]) -> dict[str, Team]:
    """For commands of operators: the open teams with these public ids; unknown ones are absent. One query."""
    uids = {uid for uid in (parse_public_id("team", team) for team in teams) if uid is not None}
    return {team.public_id: team for team in Team.objects.filter(uid__in=uids, closed_at=None)}


def caller_by_secret(secret: str, *, at: datetime) -> tuple[AbstractBaseUser, PersonalToken] | None:
    """The active user and live token behind a secret, with the role that the user has in the team now."""
    if not is_well_formed(TOKEN_PREFIX, secret):
        return None
    live = PersonalAccessToken.objects.filter(revoked_at=None, expires_at__gt=at, user__is_active=True)
    row = live.select_related("user").filter(digest=digest_of(secret)).first()
    if row is None:
        return None
    membership = _memberships().filter(user_id=row.user_id, team_id=row.team_id).first()
    return None if membership is None else (row.user, token_of(row, _access(membership)))


def personal_tokens_of(user_id: int) -> list[PersonalToken]:
    """The user's tokens that are not revoked, newest first."""
    access = {team.id: team for team in teams_of(user_id)}
    rows = PersonalAccessToken.objects.filter(user_id=user_id, revoked_at=None, team_id__in=access).order_by("-id")
    return [token_of(row, access[row.team_id]) for row in rows]


def access_group_codes(team_id: int, *, at: datetime) -> list[str]:
    """Codes of the groups whose models the team sees: the main one first, then those granted and not ended."""
    main = Q(pk__in=Team.objects.filter(pk=team_id).values("access_group_id"))
    granted = AccessGroup.objects.filter(grants__team_id=team_id).filter(
        Q(grants__ends_at=None) | Q(grants__ends_at__gt=at)
    )
    mains = list(AccessGroup.objects.filter(main).values_list("code", flat=True))
    return mains + [code for code in granted.values_list("code", flat=True) if code not in mains]


def access_group_ids(codes: Collection[str]) -> dict[str, int]:
    """Row ids of the groups with these codes; unknown codes are absent."""
    return dict(AccessGroup.objects.filter(code__in=codes).values_list("code", "pk"))


def access_group_terms() -> list[GroupTerms]:
    """Every access group, for whoever prices and limits calls."""
    return [GroupTerms(**row) for row in AccessGroup.objects.values("code", "multiplier", *LIMITS)]


def group_terms(code: str) -> GroupTerms:
    return GroupTerms(**AccessGroup.objects.values("code", "multiplier", *LIMITS).get(code=code))


def team_reaches(team_ids: Iterable[int]) -> list[TeamReach]:
    """The groups of each of these teams, closed teams and ended grants included. Two queries however many teams."""
    teams = (
        Team.objects.filter(pk__in=list(team_ids))
        .select_related("access_group")
        .prefetch_related(
            Prefetch("access_grants", AccessGrant.objects.select_related("access_group").order_by("access_group__code"))
        )
    )
    return [
        TeamReach(
            id=team.pk,
            main_group=team.access_group.code,
            granted=tuple((grant.access_group.code, grant.ends_at) for grant in team.access_grants.all()),
            closed=team.closed_at is not None,
        )
        for team in teams
    ]


def export_access_groups() -> list[dict[str, object]]:
    """Every access group in the shape that `services.import_access_groups` reads."""
    return [group_row(group) for group in AccessGroup.objects.all()]


def group_row(group: AccessGroup) -> dict[str, object]:
    row: dict[str, object] = {"code": group.code, "multiplier": f"{group.multiplier.normalize():f}"}
    return row | {name: getattr(group, name) for name in LIMITS}


def _memberships() -> QuerySet[Membership]:
    return Membership.objects.filter(team__closed_at=None).select_related("team__access_group")


def _access(row: Membership) -> TeamAccess:
    team = row.team
    return TeamAccess(
        id=team.pk,
        uid=team.uid,
        name=team.name,
        is_personal=team.is_personal,
        wallet_id=team.wallet_id,
        user_id=row.user_id,
        role=row.role,
        permissions=roles.permissions_of(row.role),
        main_group=team.access_group.code,
    )


def token_of(row: PersonalAccessToken, team: TeamAccess) -> PersonalToken:
    return PersonalToken(
        id=row.pk,
        uid=row.uid,
        name=row.name,
        last_four=row.last_four,
        team=team,
        scopes=frozenset(row.scopes),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
