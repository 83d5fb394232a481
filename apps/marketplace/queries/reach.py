"""What a team may reach of the catalogue: its access groups, and the models that staff granted it one by one."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q

from apps.marketplace.models import ModelGrant
from apps.marketplace.types import Reach
from apps.teams import queries as teams


def reach_of(team_id: int | None, *, at: datetime) -> Reach:
    """What the team's calls may reach at this instant, at which multipliers; for None, what strangers see. One query.

    Closed teams keep their answer: whether anybody may ask for them is decided where they are fetched.
    """
    open_grants = ModelGrant.objects.filter(Q(team_id=team_id), Q(ends_at=None) | Q(ends_at__gt=at))
    granted = ArraySubquery(open_grants.order_by("model_id").values("model_id"))
    rows = list(teams.groups_in_reach(team_id, at=at).annotate(granted_models=granted))
    groups = [(row.code, row.multipliers.at(at)) for row in rows]
    model_ids = (model_id for row in rows[:1] for model_id in row.granted_models)
    return Reach.of(groups, main=groups[0][0] if groups else "", model_ids=model_ids)
