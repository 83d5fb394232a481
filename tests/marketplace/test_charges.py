"""What a call costs, by numbers computed by hand."""

from decimal import Decimal

import pytest

from apps.marketplace import rating
from tests.marketplace.configs import config, item, tiered

SOL = config(  # gpt-6.1-sol, taken as credits
    tiered("input_tokens", (0, "2"), (272_001, "4")),
    tiered("cached_input_tokens", (0, "0.1"), (272_001, "0.2")),
    tiered("cache_write_tokens", (0, "2.5"), (272_001, "5")),
    tiered("output_tokens", (0, "10"), (272_001, "15")),
    tier_by="input_tokens",
)


def cost(price: dict[str, object], **quantities: int) -> int:
    return rating.charge_nanos(rating.parse_config(price), quantities).total_nanos


def test_ten_tokens_at_two_hundredths_a_million_cost_two_hundred_nanocredits() -> None:
    assert cost(config(item("input_tokens", "0.02")), input_tokens=10) == 200


def test_cached_and_written_tokens_have_their_own_prices() -> None:
    # 3,000 × 2 + 8,000 × 0.1 + 1,000 × 2.5 + 700 × 10 = 16,300 a million
    quantities = {"input_tokens": 3000, "cached_input_tokens": 8000, "cache_write_tokens": 1000, "output_tokens": 700}

    assert cost(SOL, **quantities) == 16_300_000


def test_the_whole_call_is_priced_at_the_tier_of_its_whole_prompt() -> None:
    # 72,001 + 200,000 = 272,001: the second tier, though less than that is uncached
    quantities = {"input_tokens": 72_001, "cached_input_tokens": 200_000, "output_tokens": 100}

    assert cost(SOL, **quantities) == 72_001 * 4_000 + 200_000 * 200 + 100 * 15_000


def test_one_token_less_is_priced_at_the_tier_below() -> None:
    quantities = {"input_tokens": 72_000, "cached_input_tokens": 200_000, "output_tokens": 100}

    assert cost(SOL, **quantities) == 72_000 * 2_000 + 200_000 * 100 + 100 * 10_000


@pytest.mark.parametrize(("tokens", "nanos"), [(31_999, 79_997_500), (32_000, 128_000_000)])
def test_a_tier_begins_at_its_lower_bound_and_ends_before_its_upper_one(tokens: int, nanos: int) -> None:
    price = config(tiered("input_tokens", (0, "2.5"), (32_000, "4")), tier_by="input_tokens")

    assert cost(price, input_tokens=tokens) == nanos


def test_graduated_tiers_price_each_slice_at_its_own_rate() -> None:
    price = config(tiered("input_tokens", (0, "2.5"), (32_000, "4")), tier_mode="graduated")

    # 32,000 × 2.5 + 8,000 × 4 = 112,000 a million
    assert cost(price, input_tokens=40_000) == 112_000_000


def test_graduated_meters_that_share_a_price_share_its_slices() -> None:
    price = config(tiered("input_tokens", (0, "2.5"), (32_000, "4")), tier_mode="graduated")

    assert cost(price, input_tokens=10_000, cached_input_tokens=30_000) == 112_000_000


def test_a_video_second_is_priced_by_its_resolution() -> None:
    price = rating.parse_config(
        config(item("video_seconds", "0.6", unit=1, resolution="720P"), item("video_seconds", "1", unit=1))
    )

    small = rating.charge_nanos(price, {"video_seconds": 5}, conditions={"resolution": "720P"})
    large = rating.charge_nanos(price, {"video_seconds": 5}, conditions={"resolution": "1080P"})

    assert (small.total_nanos, large.total_nanos) == (3_000_000_000, 5_000_000_000)


def test_the_item_with_the_most_fitting_conditions_wins() -> None:
    price = rating.parse_config(
        config(
            item("output_tokens", "2"),
            item("output_tokens", "8", thinking=True),
            item("output_tokens", "9", thinking=True, mode="deep"),
        )
    )

    charge = rating.charge_nanos(price, {"output_tokens": 1_000_000}, conditions={"thinking": True, "mode": "deep"})

    assert charge.total_nanos == 9_000_000_000


def test_text_and_image_tokens_of_one_call_have_their_own_prices() -> None:
    # gpt-image-2: 40 × 5 + 1,056 × 30 = 31,880 a million
    price = config(item("input_tokens", "5"), item("image_input_tokens", "8"), item("image_output_tokens", "30"))

    assert cost(price, input_tokens=40, image_output_tokens=1_056) == 31_880_000


@pytest.mark.parametrize("meter", ["cached_input_tokens", "cache_write_1h_tokens", "cached_audio_input_tokens"])
def test_an_input_meter_without_a_price_costs_what_input_costs(meter: str) -> None:
    assert cost(config(item("input_tokens", "3")), **{meter: 1_000}) == 3_000_000


def test_a_long_lived_cache_write_costs_what_a_cache_write_costs() -> None:
    price = config(item("input_tokens", "2"), item("cache_write_tokens", "2.5"))

    assert cost(price, cache_write_12h_tokens=1_000) == 2_500_000


def test_reasoning_without_a_price_costs_what_output_costs() -> None:
    assert cost(config(item("output_tokens", "10")), reasoning_tokens=50, output_tokens=50) == 1_000_000


def test_a_fixed_price_per_call_asks_for_no_tokens() -> None:
    assert cost(config(item("calls", "1", unit=1)), calls=1, input_tokens=9_000) == 1_000_000_000


def test_a_meter_without_a_price_is_free() -> None:
    assert cost(config(item("input_tokens", "0.02")), output_tokens=5) == 0


def test_a_charge_is_rounded_once_and_halves_go_up() -> None:
    # 0.5 nanocredits for the input, 0.4 for the output: 0.9 → 1; each alone would round to 1 and 0
    price = config(item("input_tokens", "0.0005"), item("output_tokens", "0.0004"))

    assert cost(price, input_tokens=1) == 1
    assert cost(price, output_tokens=1) == 0
    assert cost(price, input_tokens=1, output_tokens=1) == 1
    assert cost(price, input_tokens=2, output_tokens=2) == 2


def test_a_price_for_three_is_not_cut() -> None:
    assert cost(config(item("calls", "1", unit=3)), calls=3) == 1_000_000_000
    assert cost(config(item("calls", "1", unit=3)), calls=2) == 666_666_667


def test_the_multiplier_comes_before_the_rounding() -> None:
    price = rating.parse_config(config(item("input_tokens", "0.0003")))

    # 5 × 0.3 × 0.85 = 1.275 nanocredits
    assert rating.charge_nanos(price, {"input_tokens": 5}, multiplier=Decimal("0.85")).total_nanos == 1


def test_the_lines_tell_quantity_price_and_amount_and_add_up() -> None:
    price = rating.parse_config(config(item("input_tokens", "0.0005"), item("output_tokens", "0.0005")))

    charge = rating.charge_nanos(price, {"input_tokens": 1, "output_tokens": 1})

    assert charge.lines == (
        rating.Line("input_tokens", 1, "0.0005", 1_000_000, 1),
        rating.Line("output_tokens", 1, "0.0005", 1_000_000, 0),
    )
    assert charge.total_nanos == 1


def test_a_call_that_fits_no_condition_is_refused_and_not_given_away() -> None:
    price = rating.parse_config(config(item("video_seconds", "1", unit=1, resolution="720P")))

    with pytest.raises(rating.NotPriced, match="video_seconds"):
        rating.charge_nanos(price, {"video_seconds": 5}, conditions={"resolution": "4k"})


def test_a_misspelt_meter_is_an_error_and_not_free() -> None:
    with pytest.raises(ValueError, match="prompt_tokens"):
        cost(config(item("input_tokens", "1")), prompt_tokens=5)


def test_a_quantity_below_zero_is_an_error() -> None:
    with pytest.raises(ValueError, match="below 0"):
        cost(config(item("input_tokens", "1")), input_tokens=-1)


def test_a_price_list_knows_what_it_prices() -> None:
    price = rating.parse_config(config(item("input_tokens", "1"), item("calls", "1", unit=1)))

    assert price.prices("cached_input_tokens")
    assert price.prices("calls")
    assert not price.prices("output_tokens")
    assert not price.prices("web_searches")
