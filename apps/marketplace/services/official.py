"""Records what the vendors themselves ask. An official price is never edited, only followed by a later one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace.models import Model, OfficialPrice
from apps.marketplace.pricing_config import validate_config, without_version_facts
from apps.marketplace.types import RecordedOfficialPrice


def record_official_price(
    model_id: int,
    pricing_config: Mapping[str, Any],
    *,
    source: str,
    as_of: date,
    at: datetime,
    actor: int | None = None,
) -> RecordedOfficialPrice:
    """A new version of the model's official price, in the vendor's currency; the last one recorded is in force.

    Safe to repeat: what the last one says already, whatever its source and date, changes nothing. Our own price stays
    as it is. Raises `PricingConfigError`.
    """
    config = _official_config(pricing_config)
    with transaction.atomic():
        model = Model.objects.select_for_update(no_key=True).get(pk=model_id)
        last = OfficialPrice.objects.filter(model_id=model_id).order_by("-number").first()
        if last is not None and last.pricing_config == config:
            return RecordedOfficialPrice(last.number, changed=False)
        number = 1 if last is None else last.number + 1
        OfficialPrice.objects.create(
            model_id=model_id, number=number, pricing_config=config, source=source, as_of=as_of, recorded_at=at
        )
        details = {"version": number, "source": source, "as_of": as_of.isoformat()}
        act = Act("official_price.recorded", "model", model.code, actor_id=actor, details=details)
        journal.record_act(act, at=at)
    return RecordedOfficialPrice(number, changed=True)


def _official_config(pricing_config: Mapping[str, Any]) -> dict[str, Any]:
    """What the vendor says and nothing of ours: no policy, no hold, no template."""
    config = without_version_facts(pricing_config)
    validate_config(config)
    return {key: value for key, value in config.items() if key not in {"policy", "hold", "template"}}
