"""Changes many prices by a percentage, all or none."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.marketplace import queries
from apps.marketplace.errors import PriceConflict
from apps.marketplace.queries import BulkScope
from apps.marketplace.services.publishing import publish_price


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What was previewed. Without `starts_at` each price begins as early as it may."""

    scope: BulkScope
    percent: Decimal
    digest: str
    starts_at: datetime | None = None


def change_prices(wanted: BulkChange, *, actor: int | None, reason: str, at: datetime) -> int:
    """One new version for each model that the preview with this digest changes; the number of them.

    Raises `PriceConflict` where a price or a model changed since the preview, so that nothing is published unseen, and
    for a start that is too early. A repeat finds the changed prices and is refused as well.
    """
    with transaction.atomic():
        # In one order and before looking: publishing takes the same locks, one by one.
        list(
            queries.models_in_scope(wanted.scope)
            .select_for_update(no_key=True, of=("self",))
            .values_list("pk", flat=True)
        )
        preview = queries.bulk_preview(wanted.scope, wanted.percent, at=at)
        if preview.digest != wanted.digest:
            raise PriceConflict(_("Prices have changed since the preview. Look at the new preview, then publish."))
        for row in preview.changed:
            publish_price(
                row.model_id, row.entered or {}, at=at, starts_at=wanted.starts_at, actor=actor, reason=reason
            )
    return len(preview.changed)
