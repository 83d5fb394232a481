"""The promise of a pegged price: it is the official one, unless an announcement says why not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.announcements import queries as announcements
from apps.marketplace import queries
from apps.marketplace.comparison import compare
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import Model, PriceVersion
from apps.marketplace.pricing_config import parse_config
from apps.marketplace.types import PricePolicy


def deviation_of(
    model_id: int, config: Mapping[str, Any], *, last: PriceVersion | None, announcement: str | None, at: datetime
) -> int | None:
    """The row of the announcement that lets this price leave the official one, if one is named.

    Raises `PriceConflict` for an announcement that nobody can read, and where one is needed and none is named.
    """
    if announcement:
        return _published(announcement, model_id, at=at)
    is_pegged = config.get("policy") == PricePolicy.PEGGED
    if is_pegged:
        _check_official(model_id, config, at=at)
    elif last is not None and last.policy == PricePolicy.PEGGED:
        raise PriceConflict(
            _("This price is pegged to the official one. Publish an announcement first, then name its id (ann_…) here.")
        )
    return None


def _published(announcement: str, model_id: int, *, at: datetime) -> int:
    """Published to some only, it is none for the others who see the model."""
    groups = Model.access_groups.through.objects.filter(model_id=model_id).values_list("accessgroup__code", flat=True)
    entry = announcements.entry_by_uid(announcement)
    if entry is None or not announcements.is_published(announcement, at=at, to_groups=set(groups)):
        raise PriceConflict(
            _("There is no published announcement “%(announcement)s”: write the id of one that readers can see.")
            % {"announcement": announcement}
        )
    return entry.entry_id


def _check_official(model_id: int, config: Mapping[str, Any], *, at: datetime) -> None:
    official = queries.official_prices([model_id], at=at).get(model_id)
    if official is None:
        raise PriceConflict(
            _("No official price of this model is recorded: record it first, or write the policy “floating”.")
        )
    comparison = compare(parse_config(config), official.price_list)
    if not comparison.is_equal:
        differing = [point.meter for point in comparison.points if point.reference not in (None, point.ours)]
        raise PriceConflict(
            _(
                "A pegged price equals the official one, and this one does not (%(meter)s). To leave it, publish an "
                "announcement first, then name its id (ann_…) here."
            )
            % {"meter": differing[0] if differing else "tier_mode"}
        )
