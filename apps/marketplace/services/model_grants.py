"""Staff give a team a single model beside those of its access groups, until an end date, and take it back."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace.models import Model, ModelGrant
from apps.teams import services as teams
from apps.teams.errors import GrantInvalid, GrantMissing


def grant_model(
    team_id: int, code: str, *, ends_at: datetime | None, actor: int | None, reason: str, at: datetime
) -> None:
    """The team sees the model and calls it on the terms of its main group, until `ends_at` or until it is ended.

    Safe to repeat: there is one grant a model, and a second one only moves its end. Raises `TeamMissing`, and
    `GrantInvalid` for a model that does not exist and for an end that has passed.
    """
    with transaction.atomic():
        team = teams.lock_team(team_id)
        model = Model.objects.filter(code=code).first()
        if model is None:
            raise GrantInvalid(_("There is no such model."), field="model")
        teams.check_grant_end(ends_at, at=at)
        ModelGrant.objects.update_or_create(team_id=team_id, model=model, defaults={"ends_at": ends_at})
        details = {"model": code, "ends_at": ends_at and ends_at.isoformat()}
        _record("model.granted", team.public_id, details, actor=actor, reason=reason, at=at)


def end_model_grant(team_id: int, code: str, *, actor: int | None, reason: str, at: datetime) -> None:
    """The team's next call finds the model gone; the row stays, with its end. Raises `TeamMissing`, `GrantMissing`."""
    with transaction.atomic():
        team = teams.lock_team(team_id)
        grant = ModelGrant.objects.filter(team_id=team_id, model__code=code).first()
        if grant is None or (grant.ends_at is not None and grant.ends_at <= at):
            raise GrantMissing
        grant.ends_at = at
        grant.save(update_fields=["ends_at"])
        _record("model.grant_ended", team.public_id, {"model": code}, actor=actor, reason=reason, at=at)


def _record(
    act: str, team: str, details: Mapping[str, object], *, actor: int | None, reason: str, at: datetime
) -> None:
    journal.record_act(Act(act, "team", team, actor_id=actor, reason=reason, details=details, scope=team), at=at)
