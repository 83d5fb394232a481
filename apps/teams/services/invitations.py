"""Asking somebody to join a team, and the answers. The secret stands in the link of the mail and nowhere else."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.core.ids import parse_public_id
from apps.core.locks import lock_for_transaction
from apps.core.mail_addresses import mail_address
from apps.core.secret_tokens import digest_of, mint
from apps.teams import errors, queries
from apps.teams.models import Invitation, Membership, Role, Team
from apps.teams.services.authority import lock_team, lock_team_as, record, refuse_personal
from apps.teams.services.founding import access_of, refuse_too_many_teams
from apps.teams.services.members import given_role
from apps.teams.types import INVITED, JOINED, OpenInvitation, TeamAccess

LIFE: Final = timedelta(days=7)
HOUR: Final = timedelta(hours=1)


def invite(access: TeamAccess, *, email: str, role: str, at: datetime) -> OpenInvitation:
    """Asks an address to join, by a mail whose link lives seven days and works once.

    An address is asked once at a time, also by parallel calls. Raises `EmailInvalid`, `RoleInvalid`, `AlreadyMember`,
    `AlreadyInvited`, `MembersExhausted`, `InvitationsExhausted`, `InvitationsTooFast`, `TeamIsPersonal`.
    """
    address, given = _checked_address(email), given_role(role)
    with transaction.atomic():
        _queue_up(access.user_id)
        team = lock_team_as(access, "members.change")
        refuse_personal(team)
        _refuse_known(team, address, at=at)
        _refuse_without_place(team, at=at)
        _refuse_flood(team, access.user_id, at=at)
        row = _send(team, address, role=given, inviter=access.user_id, at=at)
        _record("invitation.sent", row, actor=access.user_id, at=at)
    return _shown(row, at=at)


def resend_invitation(access: TeamAccess, invitation: str, *, at: datetime) -> OpenInvitation:
    """A new mail with a new link and a new week; the old link ends.

    Raises `InvitationMissing`, `InvitationsTooFast`.
    """
    with transaction.atomic():
        _queue_up(access.user_id)
        team = lock_team_as(access, "members.change")
        old = _open_row(team, invitation)
        _refuse_flood(team, access.user_id, at=at)
        _end(old, at=at)
        row = _send(team, old.email, role=Role(old.role), inviter=access.user_id, at=at)
        _record("invitation.resent", row, actor=access.user_id, at=at)
    return _shown(row, at=at)


def withdraw_invitation(access: TeamAccess, invitation: str, *, at: datetime) -> None:
    """The link ends. Raises `InvitationMissing`, also for a repetition and for one that was accepted meanwhile."""
    with transaction.atomic():
        team = lock_team_as(access, "members.change")
        row = _open_row(team, invitation)
        _end(row, at=at)
        _record("invitation.withdrawn", row, actor=access.user_id, at=at)


def decline_invitation(secret: str, *, user_id: int | None, at: datetime) -> None:
    """Whoever holds the link says no, with or without an account. A repetition changes nothing.

    Raises `InvitationMissing`, `InvitationEnded` for one that was accepted.
    """
    with transaction.atomic():
        row = _locked(secret)
        if row.accepted_at is not None:
            raise errors.InvitationEnded
        if row.ended_at is None:
            _end(row, at=at)
            _record("invitation.declined", row, actor=user_id, at=at)


def accept_invitation(secret: str, *, user: AbstractBaseUser, at: datetime) -> TeamAccess:
    """Makes the invited person a member, once. Only for whoever has shown to read mail at the invited address.

    A member who follows another invitation keeps the role; the invitation ends. The same person may repeat it. Two at
    once meet at the team's row. Raises `InvitationMissing`, `InvitationEnded`, `InvitationOfAnother`,
    `MembersExhausted`, `TeamsExhausted`.
    """
    with transaction.atomic():
        known = queries.team_of_invitation(secret)
        if known is None:
            raise errors.InvitationMissing
        if not Membership.objects.filter(team_id=known, user_id=user.pk).exists():
            refuse_too_many_teams(user.pk)
        row = _locked(secret)
        if row.email not in people.confirmed_addresses(user.pk):
            raise errors.InvitationOfAnother
        is_member = Membership.objects.filter(team_id=row.team_id, user_id=user.pk).exists()
        if is_member and row.team.closed_at is None:
            _use_up(row, at=at)
        else:
            _join(row, user, at=at)
    return access_of(user.pk, row.team)


def _queue_up(inviter: int) -> None:
    """Invitations of one person are counted over all teams, so they wait for one another before any team's lock."""
    lock_for_transaction(f"invitations by user {inviter}")


def _join(row: Invitation, user: AbstractBaseUser, *, at: datetime) -> None:
    if not queries.is_open(row, at=at):
        raise errors.InvitationEnded
    if Membership.objects.filter(team_id=row.team_id).count() >= settings.MEMBERS_PER_TEAM:
        raise errors.MembersExhausted(settings.MEMBERS_PER_TEAM)
    row.accepted_at, row.accepted_by_id = at, user.pk
    row.save(update_fields=["accepted_at", "accepted_by_id"])
    member = Membership.objects.create(team_id=row.team_id, user_id=user.pk, role=row.role, joined_at=at)
    _record("invitation.accepted", row, actor=user.pk, at=at)
    owner = Membership.objects.filter(team_id=row.team_id, role=Role.OWNER).values_list("user_id", flat=True)
    accounts.notify(
        {row.invited_by_id, *owner},
        JOINED,
        payload={
            "team": row.team.name,
            "who": member.user.get_full_name(),
            "role": row.role,
            "path": "/console/team",
        },
        dedupe_key=f"team.joined:{member.public_id}",
        at=at,
    )


def _use_up(row: Invitation, *, at: datetime) -> None:
    """Nobody accepts it any more; of no use to whoever is in the team already."""
    if row.accepted_at is None and row.ended_at is None:
        _end(row, at=at)


def _send(team: Team, address: str, *, role: Role, inviter: int, at: datetime) -> Invitation:
    secret = mint(queries.INVITATION_PREFIX)
    row = Invitation.objects.create(
        team=team,
        email=address,
        role=role,
        digest=digest_of(secret),
        invited_by_id=inviter,
        created_at=at,
        expires_at=at + LIFE,
    )
    known = people.user_by_email(address)
    accounts.notify_address(
        address,
        INVITED,
        language=(known or row.invited_by).language,
        payload={
            "team": team.name,
            "invited_by": row.invited_by.get_full_name(),
            "role": str(role),
            "path": f"/invitations/{secret}",
            "expires_at": row.expires_at.isoformat(),
        },
        dedupe_key=f"team.invited:{row.public_id}",
        at=at,
    )
    return row


def _checked_address(email: str) -> str:
    try:
        return mail_address(email)
    except ValueError:
        raise errors.EmailInvalid from None


def _refuse_known(team: Team, address: str, *, at: datetime) -> None:
    """One that ran out of time makes room for a new one."""
    known = people.user_by_email(address)
    if known is not None and Membership.objects.filter(team_id=team.pk, user_id=known.pk).exists():
        raise errors.AlreadyMember
    row = Invitation.objects.filter(team_id=team.pk, email=address, accepted_at=None, ended_at=None).first()
    if row is not None and at < row.expires_at:
        raise errors.AlreadyInvited
    if row is not None:
        _end(row, at=at)


def _refuse_without_place(team: Team, *, at: datetime) -> None:
    """Whoever is asked to join may have a place."""
    waiting = Invitation.objects.filter(team_id=team.pk, accepted_at=None, ended_at=None, expires_at__gt=at).count()
    if waiting >= settings.OPEN_INVITATIONS_PER_TEAM:
        raise errors.InvitationsExhausted(settings.OPEN_INVITATIONS_PER_TEAM)
    if waiting + Membership.objects.filter(team_id=team.pk).count() >= settings.MEMBERS_PER_TEAM:
        raise errors.MembersExhausted(settings.MEMBERS_PER_TEAM)


def _refuse_flood(team: Team, inviter: int, *, at: datetime) -> None:
    """Every mail is a row: those of the last hour are counted for the team and, over all teams, for the inviter."""
    fresh = Invitation.objects.filter(created_at__gt=at - HOUR)
    counts = fresh.filter(team_id=team.pk).count(), fresh.filter(invited_by_id=inviter).count()
    if max(counts) >= settings.INVITATIONS_PER_HOUR:
        raise errors.InvitationsTooFast


def _open_row(team: Team, invitation: str) -> Invitation:
    uid = parse_public_id("inv", invitation)
    rows = Invitation.objects.filter(team_id=team.pk, accepted_at=None, ended_at=None)
    row = None if uid is None else rows.filter(uid=uid).first()
    if row is None:
        raise errors.InvitationMissing
    return row


def _locked(secret: str) -> Invitation:
    """The invitation behind a link, read after the lock of its team. Raises `InvitationMissing`."""
    team_id = queries.team_of_invitation(secret)
    if team_id is None:
        raise errors.InvitationMissing
    lock_team(team_id)
    return Invitation.objects.select_related("team", "invited_by").get(digest=digest_of(secret))


def _end(row: Invitation, *, at: datetime) -> None:
    row.ended_at = at
    row.save(update_fields=["ended_at"])


def _record(act: str, row: Invitation, *, actor: int | None, at: datetime) -> None:
    details = {"email": row.email, "role": str(row.role)}
    record(act, row.team, actor=actor, at=at, target=("invitation", row.public_id), details=details)


def _shown(row: Invitation, *, at: datetime) -> OpenInvitation:
    found = queries.invitation_by_public_id(row.team_id, row.public_id, at=at)
    if found is None:
        raise LookupError(f"Invitation {row.pk} is not open.")
    return found
