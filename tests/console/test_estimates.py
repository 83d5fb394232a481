"""What a call would cost: asked for as people count, answered by the function that bills."""

from decimal import Decimal

import pytest

from apps.console.catalogue.estimates import Choice, PartsTooLarge, Quantity, choices_of, estimate, quantities_of
from apps.marketplace.rating import NotPriced, parse_config
from tests.marketplace.configs import config, item, tiered

TIERED = parse_config(
    config(
        tiered("input_tokens", (0, "2"), (272_000, "4")),
        tiered("cached_input_tokens", (0, "0.1"), (272_000, "0.2")),
        tiered("output_tokens", (0, "10"), (272_000, "15")),
        tier_by="input_tokens",
    )
)
ONE = Decimal(1)


def test_the_parts_of_a_prompt_are_asked_for_within_it() -> None:
    assert quantities_of(TIERED) == (
        Quantity("input_tokens", None, 12_000),
        Quantity("cached_input_tokens", "input_tokens", 8_000),
        Quantity("output_tokens", None, 700),
    )


def test_a_model_with_a_short_context_starts_with_a_prompt_that_fits() -> None:
    asked = quantities_of(TIERED, longest_input=3_000)

    assert [quantity.usual for quantity in asked] == [3_000, 2_000, 700]


def test_a_call_that_is_priced_as_such_asks_for_nothing_of_it() -> None:
    assert quantities_of(parse_config(config(item("calls", "1", unit=1)))) == ()


def test_a_call_costs_what_its_parts_cost_and_thirty_days_thirty_times_a_day() -> None:
    asked = {"input_tokens": 12_000, "cached_input_tokens": 8_000, "output_tokens": 700}

    found = estimate(TIERED, asked, {}, multiplier=ONE, calls_a_day=500)

    # 4,000 × 2 + 8,000 × 0.1 + 700 × 10 = 15,800 for a million
    assert found.call_nanos == 15_800_000
    assert found.day_nanos == 7_900_000_000
    assert found.month_nanos == 237_000_000_000
    assert found.size == 12_000


def test_the_whole_prompt_chooses_the_tier() -> None:
    asked = {"input_tokens": 272_000, "cached_input_tokens": 272_000, "output_tokens": 0}

    found = estimate(TIERED, asked, {}, multiplier=ONE, calls_a_day=1)

    assert (found.call_nanos, found.size) == (54_400_000, 272_000)


def test_the_multiplier_of_the_group_is_applied_once() -> None:
    asked = {"input_tokens": 1_000, "cached_input_tokens": 0, "output_tokens": 0}

    assert estimate(TIERED, asked, {}, multiplier=Decimal("0.8"), calls_a_day=1).call_nanos == 1_600_000


def test_parts_that_are_more_than_the_whole_are_refused() -> None:
    with pytest.raises(PartsTooLarge) as refused:
        estimate(TIERED, {"input_tokens": 1, "cached_input_tokens": 2}, {}, multiplier=ONE, calls_a_day=1)

    assert refused.value.meter == "input_tokens"


def test_a_choice_is_open_where_there_is_a_price_without_it() -> None:
    closed = parse_config(config(item("video_seconds", "0.6", unit=1, resolution="720P")))
    open_one = parse_config(config(item("images", "0.2", unit=1), item("images", "0.4", unit=1, quality="high")))

    assert choices_of(open_one) == (Choice("quality", ("high",), is_open=True),)
    assert choices_of(closed) == (Choice("resolution", ("720P",), is_open=False),)
    with pytest.raises(NotPriced):
        estimate(closed, {"video_seconds": 5}, {}, multiplier=ONE, calls_a_day=1)


def test_every_call_pays_for_the_call_where_calls_are_priced() -> None:
    price = parse_config(config(item("calls", "0.01", unit=1)))

    assert estimate(price, {}, {}, multiplier=ONE, calls_a_day=10).day_nanos == 100_000_000
