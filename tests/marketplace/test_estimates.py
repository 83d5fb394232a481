"""Preview, hold and charge come from one function: they agree for every price and every call."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.marketplace import queries, rating, services
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.meters import METERS
from apps.marketplace.models import Model, ModelType, Vendor
from apps.marketplace.pricing_config import in_credits
from apps.marketplace.samples import MOST_SAMPLES, Usage, estimate, quoted, read_usage, sample_usages
from tests.marketplace.configs import config, item, tiered
from tests.marketplace.random_prices import any_configs, any_usages, multipliers

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)


@given(price=any_configs(), usage=any_usages(), rate=st.decimals("0.5", "9", places=3), multiplier=multipliers)
def test_preview_hold_bound_and_charge_agree(
    price: dict[str, Any], usage: Usage, rate: Decimal, multiplier: Decimal
) -> None:
    """What an editor previews is what publication stores: converted, written as JSON, read again, charged."""
    previewed = rating.parse_config(in_credits(price, rate))
    stored = rating.parse_config(in_credits(price, rate) | {"policy": "floating"})

    preview = estimate(previewed, usage, multiplier=multiplier)

    charged, held = charge(stored, usage, multiplier), hold(stored, usage, multiplier)
    assert preview.total_nanos == (None if charged is None else charged.total_nanos)
    assert preview.bound_nanos == held
    if charged is not None:
        assert sum(line.nanos for line in charged.lines) == charged.total_nanos
    if charged is not None and held is not None:
        assert held >= charged.total_nanos


def charge(price: rating.PriceList, usage: Usage, multiplier: Decimal) -> rating.Charge | None:
    """As a call is charged; None where it has no price."""
    with suppress(rating.NotPriced):
        return rating.charge_nanos(price, usage.quantities, conditions=usage.conditions, multiplier=multiplier)
    return None


def hold(price: rating.PriceList, usage: Usage, multiplier: Decimal) -> int | None:
    """As a call is held for, before it is known how its tokens split up; None where it is refused."""
    also = frozenset(usage.quantities)
    with suppress(rating.NotPriced):
        return rating.upper_bound_nanos(
            price, quoted(usage.quantities), conditions=usage.conditions, multiplier=multiplier, also=also
        )
    return None


@pytest.mark.django_db
def test_a_previewed_price_is_charged_to_the_last_digit_once_it_is_published() -> None:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    model = Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))
    dollars = config(tiered("input_tokens", (0, "0.15"), (32_000, "0.3")), item("output_tokens", "0.6"), currency="USD")
    usage = Usage({"input_tokens": 32_000, "output_tokens": 700})
    preview = queries.price_preview(model.pk, dollars, at=NOON, usage=usage)

    services.publish_price(model.pk, dollars, at=NOON)

    price = queries.price_in_force(model.pk, at=NOON)
    assert price is not None
    # 32,000 × 2.1 + 700 × 4.2 = 70,140 a million
    assert rating.charge_nanos(price.price_list, usage.quantities).total_nanos == 70_140_000
    assert preview.samples[0].after.total_nanos == 70_140_000


def test_a_prompt_is_quoted_as_a_whole_and_other_meters_as_they_are() -> None:
    parts = {"input_tokens": 3, "cached_input_tokens": 8, "reasoning_tokens": 2, "output_tokens": 5, "images": 1}

    assert quoted(parts) == {"input_tokens": 11, "output_tokens": 7, "images": 1}


@pytest.mark.parametrize("meter", ["cached_input_tokens", "reasoning_tokens"])
def test_the_bound_holds_where_tiers_go_by_a_part_that_is_known_only_afterwards(meter: str) -> None:
    base = "input_tokens" if "input" in meter else "output_tokens"
    price = rating.parse_config(config(tiered(base, (0, "1"), (1_000, "9")), tier_by=meter))

    found = estimate(price, Usage({base: 100, meter: 1_000}))

    assert found.total_nanos == 9_900_000
    assert found.bound_nanos is not None
    assert found.bound_nanos >= 9_900_000


def test_samples_stand_on_both_sides_of_each_tier() -> None:
    price = rating.parse_config(config(tiered("input_tokens", (0, "2.5"), (32_000, "4")), item("output_tokens", "8")))

    sizes = [usage.quantities["input_tokens"] for usage in sample_usages(price)]

    assert sizes == [1_000, 31_999, 32_000]


def test_samples_show_each_condition_and_each_meter_of_its_own() -> None:
    price = rating.parse_config(
        config(
            item("video_seconds", "0.6", unit=1, resolution="720p"),
            item("video_seconds", "1", unit=1, resolution="1080p"),
        )
    )

    assert sample_usages(price) == (
        Usage({"video_seconds": 5}, {"resolution": "720p"}),
        Usage({"video_seconds": 5}, {"resolution": "1080p"}),
    )


@given(price=any_configs())
def test_there_are_a_few_samples_of_every_price(price: dict[str, Any]) -> None:
    assert 1 <= len(sample_usages(rating.parse_config(price))) <= MOST_SAMPLES


def test_a_usage_is_written_as_pairs() -> None:
    assert read_usage("input_tokens=12000, output_tokens=700 thinking=true size=1024x1024") == Usage(
        {"input_tokens": 12_000, "output_tokens": 700}, {"thinking": True, "size": "1024x1024"}
    )
    assert read_usage("  ") is None


@pytest.mark.parametrize(
    "text", ["input_tokens", "input_tokens=-1", "input_tokens=1e6", "thinking=true", "a=b=c", "=1"]
)
def test_a_usage_that_cannot_be_read_says_what_to_write(text: str) -> None:
    with pytest.raises(PricingConfigError, match=r"(Write|Name)"):
        read_usage(text)


def test_every_meter_can_be_sampled() -> None:
    for meter in METERS:
        price = rating.parse_config(config(item(meter, "1", unit=1)))
        assert any((estimate(price, usage).total_nanos or 0) > 0 for usage in sample_usages(price)), meter
