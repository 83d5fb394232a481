"""The end of a team. What must be settled before, and who asks for it, is for whoever composes the act."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.journal import services as journal
from apps.teams.errors import TeamIsPersonal
from apps.teams.models import Invitation, Team
from apps.teams.services.authority import lock_team, record
from apps.teams.services.personal_tokens import end_personal_tokens


def close_team(team_id: int, *, actor: int | None, at: datetime) -> None:
    """Nobody reaches the team from now on: its invitations, personal access tokens and webhooks end, its members stay
    on record.

    A personal team closes with the account of its person and not before. Safe to repeat. Raises `TeamMissing`,
    `TeamIsPersonal`.
    """
    with transaction.atomic():
        team = lock_team(team_id)
        if team.closed_at is not None:
            return
        if _belongs_to_somebody(team):
            raise TeamIsPersonal
        team.closed_at = at
        team.save(update_fields=["closed_at"])
        Invitation.objects.filter(team_id=team.pk, accepted_at=None, ended_at=None).update(ended_at=at)
        end_personal_tokens(team.pk, actor=actor, at=at)
        journal.remove_endpoints_of(team.public_id, actor=actor, at=at)
        record("team.closed", team, actor=actor, at=at, details={"name": team.name})


def forget_invitee(user_id: int, *, address: str, at: datetime) -> set[str]:
    """Replaces the address of a closed account in invitations that are over; returns the teams that had asked it.

    One that is still open was sent to the address, not to the account, and ends by itself within a week.
    """
    rows = Invitation.objects.filter(Q(accepted_by_id=user_id) | Q(email=address))
    asked = {team.public_id for team in Team.objects.filter(pk__in=rows.values("team_id"))}
    over = Q(accepted_at__isnull=False) | Q(ended_at__isnull=False) | Q(expires_at__lte=at)
    rows.filter(over).update(email=f"closed-account-{user_id}")
    return asked


def _belongs_to_somebody(team: Team) -> bool:
    return team.personal_of is not None and team.personal_of.closed_at is None
