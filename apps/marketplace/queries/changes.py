"""Which prices changed or will, of what the asker may see. Newest first."""

from datetime import datetime

from django.db.models import Q, QuerySet

from apps.core.pagination import DEFAULT_SIZE, Cursor, Page, keyset_page
from apps.marketplace.models import Model, PriceChange
from apps.marketplace.types import PriceChangeCard, Reach
from apps.marketplace.types.alerts import Sight


def changes_page(
    reach: Reach | Sight,
    *,
    at: datetime,
    model: str = "",
    vendor: str = "",
    direction: str = "",
    cursor: Cursor | None = None,
    size: int = DEFAULT_SIZE,
) -> Page[PriceChangeCard]:
    """One page of the changes published by `at`, newest first, in one query.

    Of models within reach, and of the multipliers of the access groups that reach them.
    """
    rows = _seen_by(reach).filter(published_at__lte=at)
    if model:
        rows = rows.filter(version__model__code=model)
    if vendor:
        rows = rows.filter(version__model__vendor__code=vendor)
    if direction:
        rows = rows.filter(direction=direction)
    return keyset_page(rows, key="id", cursor=cursor, size=size).map(change_card)


def _seen_by(reach: Reach | Sight) -> QuerySet[PriceChange]:
    of_groups = Model.access_groups.through.objects.filter(accessgroup__code__in=reach.codes).values("model_id")
    of_models = Q(version__model__in=of_groups) | Q(version__model__in=reach.model_ids)
    return PriceChange.objects.filter(of_models | Q(access_group__code__in=reach.codes)).select_related(
        "version__model__vendor", "access_group", "announcement"
    )


def change_card(row: PriceChange) -> PriceChangeCard:
    """The change as people see it; `row` comes with its version, model, vendor, group and announcement."""
    model = None if row.version is None else row.version.model
    return PriceChangeCard(
        id=row.public_id,
        model=None if model is None else model.code,
        model_id=None if model is None else model.pk,
        title={} if model is None else model.display_config.get("title") or {},
        vendor=None if model is None else model.vendor.code,
        access_group=None if row.access_group is None else row.access_group.code,
        version=None if row.version is None else row.version.number,
        withdrawn=row.withdrawn,
        direction=row.direction,
        lines=tuple(row.lines),
        largest_percent=row.largest_percent,
        published_at=row.published_at,
        effective_at=row.effective_at,
        announcement=None if row.announcement is None else row.announcement.public_id,
    )
