"""The multipliers that front ends of New API expect, derived from prices at 7 credits a dollar."""

from decimal import Decimal
from typing import Any

from apps.marketplace.multipliers import BY_CALL, BY_TOKENS, Multipliers, multipliers_of
from apps.marketplace.pricing_config import in_credits, parse_config
from tests.marketplace.configs import config, item, tiered

SEVEN = Decimal(7)


def derived(*items: dict[str, Any]) -> Multipliers | None:
    """Of prices in US dollars."""
    return multipliers_of(parse_config(in_credits(config(*items, currency="USD"), SEVEN)), SEVEN)


def of(*items: dict[str, Any]) -> Multipliers:
    found = derived(*items)
    assert found is not None
    return found


def test_two_and_a_half_and_ten_dollars_a_million_are_one_and_a_quarter_and_four() -> None:
    found = of(item("input_tokens", "2.5"), item("output_tokens", "10"))

    assert (found.quota_type, found.model, found.completion) == (BY_TOKENS, Decimal("1.25"), 4)
    # 1,000 in and 500 out: 3,750 quota, which are US$0.0075
    assert found.quota_of(1000, 500, group=1) == 3750
    assert found.is_exact


def test_the_group_multiplies_last() -> None:
    assert (
        of(item("input_tokens", "2.5"), item("output_tokens", "10")).quota_of(1000, 500, group=Decimal("0.8")) == 3000
    )


def test_caches_images_and_sound_have_their_own() -> None:
    found = of(
        item("input_tokens", "4"),
        item("cached_input_tokens", "0.4"),
        item("cache_write_tokens", "5"),
        item("image_input_tokens", "8"),
        item("audio_input_tokens", "32"),
        item("output_tokens", "16"),
        item("audio_output_tokens", "64"),
    )

    assert found.model == 2
    assert found.parts == {
        "completion": 4,
        "cache": Decimal("0.1"),
        "create_cache": Decimal("1.25"),
        "image": 2,
        "audio": 8,
        "audio_completion": 2,
    }


def test_a_third_is_cut_to_twelve_digits() -> None:
    assert of(item("input_tokens", "3"), item("output_tokens", "10")).completion == Decimal("3.33333333333")


def test_what_costs_once_a_call_has_a_price_in_dollars() -> None:
    found = of(item("calls", "0.04", unit=1))

    assert (found.quota_type, found.meter, found.price_usd) == (BY_CALL, "calls", Decimal("0.04"))


def test_characters_count_as_tokens_there() -> None:
    # US$15 for a million characters
    assert of(item("characters", "15")).model == Decimal("7.5")


def test_tiers_and_conditions_are_told_at_the_smallest_and_marked() -> None:
    found = of(tiered("input_tokens", (0, "2"), (272_001, "4")), item("output_tokens", "10"))

    assert (found.model, found.completion, found.is_exact) == (1, 5, False)


def test_a_meter_that_has_no_multiplier_is_marked() -> None:
    assert not of(item("input_tokens", "2"), item("web_searches", "0.01", unit=1)).is_exact


def test_free_is_nothing_and_not_unknown() -> None:
    assert of(item("input_tokens", "0")).model == 0


def test_a_price_that_no_multiplier_can_say_has_none() -> None:
    assert derived(item("input_tokens", "0"), item("output_tokens", "1")) is None
    assert derived(item("video_seconds", "0.1", unit=1, resolution="720p")) is None
