"""What a team may reach of the catalogue: its access groups, and the models that staff granted it one by one."""

from collections import defaultdict
from collections.abc import Collection, Mapping
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


def model_grants_of(team_ids: Collection[int]) -> Mapping[int, Mapping[int, datetime | None]]:
    """By team: the rows of models that staff granted it, each with its end, those that are over included. One query."""
    grants: defaultdict[int, dict[int, datetime | None]] = defaultdict(dict)
    rows = ModelGrant.objects.filter(team_id__in=team_ids)
    for team_id, model_id, ends_at in rows.values_list("team_id", "model_id", "ends_at"):
        grants[team_id][model_id] = ends_at
    return grants
