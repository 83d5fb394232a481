"""Who wants to be told of which price changes, and what there is to be told of. Writes nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.accounts import queries as accounts
from apps.core.ids import parse_public_id
from apps.core.secret_tokens import digest_of
from apps.marketplace.models import LIVE, Lifecycle, Model, ModelGrant, PriceSubscription
from apps.marketplace.queries.reach import reach_of
from apps.marketplace.types import Subject, WantedDirection
from apps.marketplace.types.alerts import AlertCard, AlertTarget, AlertTargets, Sight, Wish
from apps.teams import queries as teams


def sight_of_team(team_id: int | None, *, at: datetime) -> Sight:
    """What the members of a team may learn of; for None, what strangers may. One query."""
    reach = reach_of(team_id, at=at)
    return Sight(frozenset(reach.codes), reach.model_ids)


def sight_of_people_in(team_ids: Collection[int], *, at: datetime) -> Sight:
    """What somebody in these teams may learn of: all that strangers and any of the teams see. Three queries."""
    open_grants = ModelGrant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), team_id__in=team_ids)
    granted = frozenset(open_grants.values_list("model_id", flat=True))
    return sight_of_team(None, at=at) | Sight(teams.codes_in_reach_of(team_ids, at=at), granted)


def sight_of_person(user_id: int, *, at: datetime) -> Sight:
    """The same for whatever teams the person is in."""
    return sight_of_people_in([team.id for team in teams.teams_of(user_id)], at=at)


def models_in(sight: Sight) -> QuerySet[Model]:
    """The models that whoever has this sight may learn of."""
    reached = Model.access_groups.through.objects.filter(accessgroup__code__in=sight.codes).values("model_id")
    return Model.objects.filter(Q(pk__in=reached) | Q(pk__in=sight.model_ids))


def alert_targets(sight: Sight) -> AlertTargets:
    """What alerts can be about: models that are not retired, their vendors, access groups. One query."""
    rows = models_in(sight).exclude(lifecycle=Lifecycle.RETIRED).select_related("vendor").order_by("code")
    models = list(rows)
    vendors = {row.vendor.code: AlertTarget(row.vendor.code, row.vendor.name) for row in models}
    return AlertTargets(
        vendors=tuple(vendors[code] for code in sorted(vendors)),
        models=tuple(map(_model_target, models)),
        groups=tuple(sorted(sight.codes)),
    )


def alert(public_id: str) -> AlertCard | None:
    """Whosever it is: only for whoever holds a link of ours."""
    uid = parse_public_id("sub", public_id)
    row = None if uid is None else _rows().filter(uid=uid).first()
    return None if row is None else card_of(row)


def asked_alert(secret: str) -> AlertCard | None:
    """What the mail with this link asks about; None for a link that was never sent."""
    row = _rows().filter(secret_digest=digest_of(secret).hex()).first()
    return None if row is None else card_of(row)


def alerts_of_address(email: str) -> list[AlertCard]:
    """What goes to this address now, the newest first."""
    return _cards(_rows().filter(LIVE, email=email))


def alerts_of_person(user_id: int) -> list[AlertCard]:
    """What goes to this person's addresses now, the newest first, whoever was signed in when it was asked for."""
    return _cards(_rows().filter(LIVE).filter(of_person(user_id)))


def alerts_of_team(team_id: int) -> list[AlertCard]:
    """What goes to the team's webhooks now, the newest first."""
    return _cards(_rows().filter(LIVE, team_id=team_id))


def all_alerts_of_person(user_id: int) -> list[AlertCard]:
    """Those that ended or were never confirmed too, the newest first. For exports."""
    return _cards(_rows().filter(of_person(user_id)))


def of_person(user_id: int) -> Q:
    """Alerts that somebody asked for while signed in, and whatever goes to an address of theirs."""
    return Q(user_id=user_id) | Q(email__in=accounts.confirmed_addresses(user_id))


def card_of(row: PriceSubscription) -> AlertCard:
    subject = Subject(row.subject)
    code, name = _target_of(row)
    return AlertCard(
        public_id=row.public_id,
        email=row.email,
        wish=Wish(subject, code, WantedDirection(row.direction), row.threshold_percent),
        name=name,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
    )


def _rows() -> QuerySet[PriceSubscription]:
    return PriceSubscription.objects.select_related("vendor", "model", "access_group")


def _cards(rows: Iterable[PriceSubscription]) -> list[AlertCard]:
    return sorted(map(card_of, rows), key=lambda card: card.created_at, reverse=True)


def _target_of(row: PriceSubscription) -> tuple[str, dict[str, str]]:
    if row.vendor is not None:
        return row.vendor.code, row.vendor.name
    if row.model is not None:
        return row.model.code, row.model.display_config.get("title") or {}
    return ("", {}) if row.access_group is None else (row.access_group.code, {})


def _model_target(row: Model) -> AlertTarget:
    title = row.display_config.get("title") or {}
    return AlertTarget(row.code, title, vendor=row.vendor.code, is_planned=row.lifecycle == Lifecycle.PLANNED)
