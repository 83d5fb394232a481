"""Who is in a team, and who is asked to join."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Count, Prefetch, Q

from apps.accounts import queries as accounts
from apps.core.ids import parse_public_id
from apps.core.secret_tokens import digest_of, is_well_formed
from apps.teams import roles
from apps.teams.models import Invitation, Membership, PersonalAccessToken, Role, Team
from apps.teams.types import (
    InvitationRecord,
    Member,
    Offer,
    OpenInvitation,
    OwnedTeam,
    PeopleToTell,
    Person,
    TeamFigures,
    TeamRole,
)

INVITATION_PREFIX = "inv_"


def people_to_tell(wallet_ids: Collection[int]) -> dict[int, PeopleToTell]:
    """By wallet: the active members of its open team who may change what the wallet does. Two queries."""
    members = Membership.objects.filter(role__in=roles.roles_with("wallet.change"), user__is_active=True)
    told = Prefetch("memberships", members.select_related("user").order_by("user_id"))
    rows = Team.objects.filter(wallet_id__in=wallet_ids, closed_at=None).prefetch_related(told)
    return {
        team.wallet_id: PeopleToTell(
            team.public_id,
            team.name,
            tuple(Person(member.user_id, member.user.email) for member in team.memberships.all()),
        )
        for team in rows
    }


def wallets_of(team_ids: Collection[int]) -> dict[int, int]:
    """Wallets by team; closed teams are absent. One query."""
    return dict(Team.objects.filter(pk__in=team_ids, closed_at=None).values_list("pk", "wallet_id"))


def members_of(team_id: int) -> list[Member]:
    """Everybody in the team in the order of the role table, then as they joined. One query."""
    rows = Membership.objects.filter(team_id=team_id).select_related("user").order_by("joined_at", "pk")
    return sorted(map(_member, rows), key=lambda member: roles.ROLES.index(member.role))


def member_by_public_id(team_id: int, member: str) -> Member | None:
    """None for anybody who is not in this team."""
    uid = parse_public_id("mem", member)
    row = None if uid is None else Membership.objects.filter(team_id=team_id, uid=uid).select_related("user").first()
    return None if row is None else _member(row)


def roles_of(user_id: int) -> list[TeamRole]:
    """The open teams of somebody with the role there, as they joined. One query."""
    rows = Membership.objects.filter(user_id=user_id, team__closed_at=None).select_related("team")
    return [
        TeamRole(row.team.public_id, row.team.name, row.team.is_personal, row.role, row.joined_at)
        for row in rows.order_by("joined_at", "pk")
    ]


def invitations_about(user_id: int) -> Iterator[InvitationRecord]:
    """What somebody sent and what they accepted, the oldest first; addresses of others are masked. For exports."""
    rows = Invitation.objects.filter(Q(invited_by_id=user_id) | Q(accepted_by_id=user_id)).select_related("team")
    for row in rows.order_by("pk").iterator(chunk_size=500):
        is_own = row.accepted_by_id == user_id
        yield InvitationRecord(
            team=row.team.public_id,
            email=row.email if is_own else masked(row.email),
            role=row.role,
            is_own=is_own,
            created_at=row.created_at,
            accepted_at=row.accepted_at,
            ended_at=row.ended_at,
        )


def owned_teams(user_id: int) -> list[OwnedTeam]:
    """The open teams that somebody owns, the personal one not among them. One query."""
    owned = Membership.objects.filter(
        user_id=user_id, role=Role.OWNER, team__closed_at=None, team__personal_of_id=None
    ).select_related("team")
    rows = owned.annotate(members=Count("team__memberships")).order_by("team__name", "team_id")
    return [OwnedTeam(row.team_id, row.team.public_id, row.team.name, row.members > 1) for row in rows]


def what_a_team_has(team_id: int, *, at: datetime) -> TeamFigures:
    """What ends when the team is closed. Four queries."""
    waiting = Invitation.objects.filter(team_id=team_id, accepted_at=None, ended_at=None, expires_at__gt=at)
    scripts = PersonalAccessToken.objects.filter(team_id=team_id, revoked_at=None, expires_at__gt=at)
    members = Membership.objects.filter(team_id=team_id)
    team_budget = Team.objects.filter(pk=team_id, budget__isnull=False).count()
    return TeamFigures(
        members=members.count(),
        invitations=waiting.count(),
        personal_tokens=scripts.count(),
        budgets=members.filter(budget__isnull=False).count() + team_budget,
    )


def has_right(team_id: int, user_id: int, permission: str) -> bool:
    """Whether somebody is in this open team with a role that covers the act, as the database says now."""
    rows = Membership.objects.filter(team_id=team_id, user_id=user_id, team__closed_at=None, user__is_active=True)
    return rows.filter(role__in=roles.roles_with(permission)).exists()


def is_member(team_id: int, user_id: int) -> bool:
    return Membership.objects.filter(team_id=team_id, user_id=user_id).exists()


def invitations_of(team_id: int, *, at: datetime) -> list[OpenInvitation]:
    """What was neither accepted nor ended, the newest first; what ran out of time is marked. One query."""
    rows = Invitation.objects.filter(team_id=team_id, accepted_at=None, ended_at=None).select_related("invited_by")
    return [_open_invitation(row, at=at) for row in rows.order_by("-pk")]


def invitation_by_public_id(team_id: int, invitation: str, *, at: datetime) -> OpenInvitation | None:
    """None for one that is not open, or of another team."""
    uid = parse_public_id("inv", invitation)
    rows = Invitation.objects.filter(team_id=team_id, accepted_at=None, ended_at=None).select_related("invited_by")
    row = None if uid is None else rows.filter(uid=uid).first()
    return None if row is None else _open_invitation(row, at=at)


def offer_behind(secret: str, *, reader_id: int | None, at: datetime) -> Offer | None:
    """What the link of an invitation offers to this reader; None for a secret that never was one of ours."""
    if not is_well_formed(INVITATION_PREFIX, secret):
        return None
    rows = Invitation.objects.select_related("team", "invited_by")
    row = rows.filter(digest=digest_of(secret)).first()
    if row is None:
        return None
    is_for_reader = reader_id is not None and row.email in accounts.confirmed_addresses(reader_id)
    is_in_team = Membership.objects.filter(team_id=row.team_id, user_id=reader_id or 0).exists()
    return Offer(
        team=row.team.name,
        inviter=row.invited_by.get_full_name(),
        masked_email=masked(row.email),
        expires_at=row.expires_at,
        is_open=is_open(row, at=at),
        is_for_reader=is_for_reader,
        is_member=is_for_reader and row.team.closed_at is None and is_in_team,
        role=row.role if is_for_reader else "",
    )


def team_of_invitation(secret: str) -> int | None:
    """The team that the link of an invitation is about, whatever became of it; for the lock that comes first."""
    if not is_well_formed(INVITATION_PREFIX, secret):
        return None
    return Invitation.objects.filter(digest=digest_of(secret)).values_list("team_id", flat=True).first()


def is_open(row: Invitation, *, at: datetime) -> bool:
    """An inviter who is suspended lets nobody in, such as an own second address."""
    is_decided = row.accepted_at is not None or row.ended_at is not None
    is_backed = row.team.closed_at is None and row.invited_by.is_active
    return not is_decided and at < row.expires_at and is_backed


def masked(email: str) -> str:
    """`ada@example.com` → `a…@example.com`: enough to recognise an own address by, not enough to learn another's."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1] if len(name) > 1 else ''}…@{domain}"


def _member(row: Membership) -> Member:
    return Member(
        uid=row.uid,
        user_id=row.user_id,
        name=row.user.name,
        email=row.user.email,
        role=row.role,
        joined_at=row.joined_at,
        budget_account=row.budget_id,
    )


def _open_invitation(row: Invitation, *, at: datetime) -> OpenInvitation:
    return OpenInvitation(
        uid=row.uid,
        email=row.email,
        role=row.role,
        inviter=row.invited_by.get_full_name(),
        created_at=row.created_at,
        expires_at=row.expires_at,
        is_expired=row.expires_at <= at,
    )
