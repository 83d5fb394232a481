"""Staff give a team an access group beside its main one, until an end date, and take it back."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams.errors import AccessGroupMissing, GrantInvalid, GrantMissing
from apps.teams.models import AccessGrant, AccessGroup, Team
from apps.teams.services.authority import lock_team


def grant_access_group(
    team_id: int, code: str, *, ends_at: datetime | None, actor: int | None, reason: str, at: datetime
) -> None:
    """The team sees the group's models and calls them on its terms, until `ends_at`; without one, until it is ended.

    Safe to repeat: there is one grant a group, and a second one only moves its end. Raises `TeamMissing`,
    `AccessGroupMissing`, and `GrantInvalid` for an end that has passed and for the group that is the main one.
    """
    with transaction.atomic():
        team = lock_team(team_id)
        group = AccessGroup.objects.filter(code=code).first()
        if group is None:
            raise AccessGroupMissing
        if group.pk == team.access_group_id:
            raise GrantInvalid(_("This is the team's main group already."), field="access_group")
        check_grant_end(ends_at, at=at)
        AccessGrant.objects.update_or_create(team=team, access_group=group, defaults={"ends_at": ends_at})
        details = {"access_group": code, "ends_at": ends_at and ends_at.isoformat()}
        _record("access_group.granted", team, details, actor=actor, reason=reason, at=at)


def end_access_grant(team_id: int, code: str, *, actor: int | None, reason: str, at: datetime) -> None:
    """The team's next call finds the group gone; the row stays, with its end. Raises `TeamMissing`, `GrantMissing`."""
    with transaction.atomic():
        team = lock_team(team_id)
        grant = AccessGrant.objects.filter(team=team, access_group__code=code).first()
        if grant is None or (grant.ends_at is not None and grant.ends_at <= at):
            raise GrantMissing
        grant.ends_at = at
        grant.save(update_fields=["ends_at"])
        _record("access_group.grant_ended", team, {"access_group": code}, actor=actor, reason=reason, at=at)


def check_grant_end(ends_at: datetime | None, *, at: datetime) -> None:
    """Raises `GrantInvalid` for a grant that would be over before it begins."""
    if ends_at is not None and ends_at <= at:
        raise GrantInvalid(_("Choose an end that is still to come, or leave it empty."), field="ends_at")


def _record(
    act: str, team: Team, details: Mapping[str, object], *, actor: int | None, reason: str, at: datetime
) -> None:
    of = team.public_id
    journal.record_act(Act(act, "team", of, actor_id=actor, reason=reason, details=details, scope=of), at=at)
