"""Who is in a team and as what: roles, removal, leaving, ownership. Each act locks the team, then asks again.

What a member leaves behind in upper floors, such as API tokens, is for whoever composes the act (`console.services`).
"""

from datetime import datetime

from django.db import transaction

from apps.accounts import services as accounts
from apps.teams import roles
from apps.teams.errors import MemberIsOwner, MemberMissing, RoleInvalid, RoleIsOwn
from apps.teams.models import Invitation, Membership, Role, Team
from apps.teams.services.authority import lock_team_as, record, refuse_personal
from apps.teams.services.budgets import end_member_budget
from apps.teams.services.personal_tokens import end_personal_tokens
from apps.teams.types import REMOVED, TRANSFERRED, TeamAccess


def change_role(access: TeamAccess, user_id: int, *, role: str, at: datetime) -> None:
    """Another role for a member, from the next request on. The role that he has already changes nothing.

    Raises `MemberMissing`, `MemberIsOwner`, `RoleIsOwn`, `RoleInvalid`.
    """
    given = given_role(role)
    with transaction.atomic():
        team = lock_team_as(access, "members.change")
        member = _other_member(team, user_id, access)
        if member.role == given:
            return
        before, member.role = member.role, given
        member.save(update_fields=["role"])
        if "members.change" not in roles.permissions_of(given):
            _withdraw_invitations_by(member, at=at)
        details = {"name": member.user.get_full_name(), "from": before, "to": str(given)}
        record("member.role_changed", team, actor=access.user_id, at=at, target=_named(member), details=details)


def remove_member(access: TeamAccess, user_id: int, *, at: datetime) -> None:
    """Ends a membership: pages and personal access tokens of that person are refused at the next request.

    Somebody who is gone already raises `MemberMissing`. Raises `MemberIsOwner`, `RoleIsOwn` for oneself.
    """
    with transaction.atomic():
        team = lock_team_as(access, "members.change")
        member = _other_member(team, user_id, access)
        _end_membership(team, member, act="member.removed", actor=access.user_id, at=at)
        accounts.notify(
            [user_id], REMOVED, payload={"team": team.name}, dedupe_key=f"team.removed:{member.public_id}", at=at
        )


def leave_team(access: TeamAccess, *, at: datetime) -> None:
    """Ends the own membership. Raises `MemberIsOwner`, `TeamIsPersonal`; `TeamMissing` for a repetition."""
    with transaction.atomic():
        team = lock_team_as(access, "team.view")
        refuse_personal(team)
        member = _member(team, access.user_id)
        if member.role == Role.OWNER:
            raise MemberIsOwner
        _end_membership(team, member, act="member.left", actor=access.user_id, at=at)


def transfer_ownership(access: TeamAccess, *, to_user_id: int, at: datetime) -> None:
    """Another member owns the team from now on; the former owner becomes an admin. Owners only.

    Two at once: the second finds that its caller owns nothing any more. Raises `TeamIsPersonal`, `MemberMissing`.
    """
    with transaction.atomic():
        team = lock_team_as(access, "team.transfer")
        refuse_personal(team)
        heir = _member(team, to_user_id)
        if heir.role == Role.OWNER:
            return
        if not heir.user.is_active:
            raise MemberMissing
        owner = _member(team, access.user_id)
        for member, role in ((owner, Role.ADMIN), (heir, Role.OWNER)):  # the index allows one owner at any moment
            member.role = role
            member.save(update_fields=["role"])
        details = {"name": heir.user.get_full_name(), "from": owner.user.get_full_name()}
        record("team.transferred", team, actor=access.user_id, at=at, target=_named(heir), details=details)
        payload = {"team": team.name, "who": owner.user.get_full_name(), "path": "/console/team"}
        key = f"team.transferred:{team.public_id}:{at.isoformat()}"
        accounts.notify([to_user_id], TRANSFERRED, payload=payload, dedupe_key=key, at=at)


def given_role(role: str) -> Role:
    """A role that one member may give another. Raises `RoleInvalid` for ownership, which is transferred."""
    if role not in Role.values or role == Role.OWNER:
        raise RoleInvalid
    return Role(role)


def _other_member(team: Team, user_id: int, access: TeamAccess) -> Membership:
    member = _member(team, user_id)
    if member.role == Role.OWNER:
        raise MemberIsOwner
    if user_id == access.user_id:
        raise RoleIsOwn
    return member


def _member(team: Team, user_id: int) -> Membership:
    """Locked, since whoever makes personal access tokens for this person waits at the membership."""
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user")
    found = rows.filter(team_id=team.pk, user_id=user_id).first()
    if found is None:
        raise MemberMissing
    return found


def _end_membership(team: Team, member: Membership, *, act: str, actor: int, at: datetime) -> None:
    """The audit line stays; the budget's account closes, so that no call of this member takes from it again."""
    end_personal_tokens(team.pk, user_id=member.user_id, actor=actor, at=at)
    _withdraw_invitations_by(member, at=at)
    details = {"name": member.user.get_full_name()}
    record(act, team, actor=actor, at=at, target=_named(member), details=details)
    member.delete()
    end_member_budget(member)


def _withdraw_invitations_by(member: Membership, *, at: datetime) -> None:
    """Who may no longer invite leaves no door open: a link to an own second address, for instance."""
    mine = Invitation.objects.filter(team_id=member.team_id, invited_by_id=member.user_id)
    mine.filter(accepted_at=None, ended_at=None).update(ended_at=at)


def _named(member: Membership) -> tuple[str, str]:
    return "user", str(member.user_id)
