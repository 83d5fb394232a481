"""Which figures of a price list lead it: what goes in and comes out, or the one thing that is counted."""

from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace.leading_prices import UnitPrice, leading_prices
from tests.marketplace.configs import config, item, tiered


def leading(*items: dict[str, Any]) -> list[tuple[str, str]]:
    return [(price.meter, price.credits_text) for price in leading_prices(config(*items))]


def only(*items: dict[str, Any]) -> UnitPrice:
    (price,) = leading_prices(config(*items))
    return price


def test_tokens_lead_with_what_goes_in_and_what_comes_out() -> None:
    items = (item("cached_input_tokens", "0.25"), item("output_tokens", "10"), item("input_tokens", "2.5"))

    assert leading(*items) == [("input_tokens", "2.5"), ("output_tokens", "10")]


def test_images_that_are_priced_by_tokens_lead_with_those_tokens() -> None:
    items = (item("input_tokens", "5"), item("image_input_tokens", "8"), item("image_output_tokens", "30"))

    assert leading(*items) == [("input_tokens", "5"), ("image_output_tokens", "30")]


@pytest.mark.parametrize("meter", ["images", "video_seconds", "audio_seconds", "characters", "search_units", "calls"])
def test_anything_else_leads_with_what_is_counted(meter: str) -> None:
    assert leading(item("input_tokens", "5"), item(meter, "0.3", unit=1)) == [(meter, "0.3")]


def test_an_embedding_has_nothing_that_comes_out() -> None:
    assert leading(item("input_tokens", "0.1")) == [("input_tokens", "0.1")]


def test_a_model_without_a_price_leads_with_nothing() -> None:
    assert leading_prices(None) == ()


def test_a_plain_call_pays_the_item_without_conditions_even_where_another_is_cheaper() -> None:
    price = only(item("images", "0.2", unit=1), item("images", "0.1", unit=1, size="512x512"))

    assert (price.credits_text, price.conditions, price.is_lowest) == ("0.2", {}, False)


def test_where_every_price_has_a_condition_the_lowest_leads_and_says_so() -> None:
    price = only(
        item("video_seconds", "1", unit=1, resolution="1080p"), item("video_seconds", "0.6", unit=1, resolution="720p")
    )

    assert (price.credits_text, price.conditions, price.is_lowest) == ("0.6", {"resolution": "720p"}, True)


def test_conditions_that_cost_the_same_are_no_range() -> None:
    price = only(item("calls", "1", unit=1, thinking=True), item("calls", "1", unit=1, thinking=False))

    assert not price.is_lowest


def test_a_price_by_size_says_where_the_next_one_takes_over() -> None:
    price = only(tiered("input_tokens", (0, "2.5"), (32_000, "4")))

    assert (price.credits_text, price.begins_at) == ("2.5", 32_000)


def test_a_multiplier_leaves_no_rest() -> None:
    price = only(item("input_tokens", "1.05"))

    assert price.times(Decimal("0.8500")).credits_text == "0.8925"
