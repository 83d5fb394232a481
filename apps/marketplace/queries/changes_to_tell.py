"""Announced changes as their subscribers are told of them. Writes nothing."""

from collections.abc import Collection
from decimal import Decimal

from apps.marketplace.models import PriceChange, PriceVersion
from apps.marketplace.queries.changes import change_card
from apps.marketplace.queries.subscriptions import models_in
from apps.marketplace.types.alerts import ChangeToTell, MultiplierStep, PriceStep, Sight


def changes_to_tell(change_ids: Collection[int]) -> list[ChangeToTell]:
    """The changes of these rows, as they were announced. Two queries."""
    rows = PriceChange.objects.select_related("version__model__vendor", "access_group", "announcement")
    changes = list(rows.filter(pk__in=change_ids).order_by("pk"))
    before = _versions_before([change.version for change in changes if change.version is not None])
    return [ChangeToTell(change_card(row), None if row.withdrawn else _step(row, before)) for row in changes]


def seen_changes(changes: Collection[ChangeToTell], sight: Sight) -> list[ChangeToTell]:
    """Those that whoever has this sight may learn of. One query."""
    model_ids = [change.card.model_id for change in changes if change.card.model_id is not None]
    seen = set(models_in(sight).filter(pk__in=model_ids).values_list("pk", flat=True))
    return [change for change in changes if change.card.model_id in seen or change.card.access_group in sight.codes]


def _versions_before(versions: Collection[PriceVersion]) -> dict[int, int]:
    """By version the one that it follows, of those that were not withdrawn. One query for all."""
    rows = PriceVersion.objects.filter(model_id__in={version.model_id for version in versions}, withdrawn_at=None)
    kept = list(rows.order_by("number").values_list("model_id", "number", "pk"))
    return {
        version.pk: last[-1]
        for version in versions
        if (last := [pk for model, number, pk in kept if model == version.model_id and number < version.number])
    }


def _step(row: PriceChange, before: dict[int, int]) -> PriceStep | MultiplierStep | None:
    """None where there is nothing to compare with: a first price."""
    if row.version is not None:
        old = before.get(row.version.pk)
        return None if old is None else PriceStep(row.version.model.code, old, row.version.pk)
    if row.access_group is None or not row.lines:
        return None
    line = row.lines[0]
    return MultiplierStep(row.access_group.code, Decimal(line["old"]), Decimal(line["new"]))
