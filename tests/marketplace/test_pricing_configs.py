"""A pricing_config that cannot be priced is refused, with the place and what to write instead."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace import pricing_config
from apps.marketplace.errors import PricingConfigError
from tests.marketplace.configs import config, item, tiered


def refusal(price: dict[str, Any]) -> PricingConfigError:
    with pytest.raises(PricingConfigError) as caught:
        pricing_config.parse_config(price)
    return caught.value


def with_tiers(*tiers: dict[str, Any]) -> dict[str, Any]:
    return config({"meter": "input_tokens", "unit": 1, "tiers": list(tiers)})


def test_the_example_of_the_documentation_is_accepted() -> None:
    example = {
        "schema": 2,
        "version": 14,
        "template": {"code": "chat_token_tiered", "version": 3},
        "currency": "CREDIT",
        "tier_mode": "volume",
        "tier_by": "input_tokens",
        "effective_at": "2026-04-01T00:00:00+08:00",
        "expires_at": None,
        "policy": "floating",
        "items": [
            tiered("input_tokens", (0, "2.4"), (32_000, "3.8"), (128_000, "6.6")),
            item("output_tokens", "9.5", thinking=False),
            item("cached_input_tokens", "0.6"),
        ],
        "hold": {"strategy": "input_plus_max_output", "max": "40"},
    }

    price = pricing_config.parse_config(example)

    assert price.hold.max_nanos == 40_000_000_000
    assert price.condition_values == {"thinking": frozenset({False})}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"schema": 1}, "schema"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "USD"}, "currency"),
        ({"tier_mode": "marginal"}, "tier_mode"),
        ({"tier_by": "prompt"}, "tier_by"),
        ({"tier_mode": "graduated", "tier_by": "input_tokens"}, "tier_by"),
        ({"policy": "fixed"}, "policy"),
        ({"items": []}, "items"),
        ({"items": [3]}, "items[0]"),
        ({"itmes": []}, "pricing_config.itmes"),
        ({"hold": {"max": 40}}, "hold.max"),
        ({"hold": {"hidden_output": "yes"}}, "hold.hidden_output"),
        ({"hold": {"part_tokens": {"image": -1}}}, "hold.part_tokens.image"),
        ({"hold": {"part_tokens": {"image_url": 1600}}}, "hold.part_tokens.image_url"),
    ],
)
def test_a_wrong_key_or_value_is_named(changes: dict[str, Any], path: str) -> None:
    assert refusal(config(item("input_tokens", "1")) | changes).path == path


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"meter": "tokens"}, "items[0].meter"),
        ({"unit": 0}, "items[0].unit"),
        ({"unit": "1000"}, "items[0].unit"),
        ({"unit": True}, "items[0].unit"),
        ({"conditions": {"size": 5}}, "items[0].conditions.size"),
        ({"conditions": []}, "items[0].conditions"),
        ({"tiers": []}, "items[0].tiers"),
        ({"price": "1"}, "items[0].price"),
    ],
)
def test_a_wrong_item_is_named(changes: dict[str, Any], path: str) -> None:
    assert refusal(config(item("input_tokens", "1") | changes)).path == path


@pytest.mark.parametrize("price", [2.4, 2, None, "-1", "1e3", "", "NaN", "2,4", "٣", " 1"])
def test_a_price_that_is_no_decimal_text_is_refused(price: object) -> None:
    assert refusal(with_tiers({"from": 0, "to": None, "price": price})).path == "items[0].tiers[0].price"


@pytest.mark.parametrize(
    ("bounds", "path", "word"),
    [
        ([(5, None)], "items[0].tiers[0].from", "gap"),
        ([(0, 10), (11, None)], "items[0].tiers[1].from", "gap"),
        ([(0, 10), (9, None)], "items[0].tiers[1].from", "overlaps"),
        ([(0, 10)], "items[0].tiers[0].to", "null"),
        ([(0, None), (10, None)], "items[0].tiers[1]", "No tier"),
        ([(0, 0), (0, None)], "items[0].tiers[0].to", "above"),
        ([(0, 1.5), (1.5, None)], "items[0].tiers[0].to", "whole"),
    ],
)
def test_tiers_leave_no_gap_and_do_not_overlap(bounds: list[tuple[Any, Any]], path: str, word: str) -> None:
    error = refusal(with_tiers(*({"from": start, "to": end, "price": "1"} for start, end in bounds)))

    assert error.path == path
    assert word in str(error.problem)


def test_the_same_meter_and_conditions_twice_are_refused() -> None:
    error = refusal(config(item("images", "1", unit=1, size="1k"), item("images", "2", unit=1, size="1k")))

    assert error.path == "items[1]"


def test_items_that_could_both_be_the_best_fit_are_refused() -> None:
    error = refusal(config(item("images", "1", unit=1, size="1k"), item("images", "2", unit=1, quality="high")))

    assert error.path == "items[1].conditions"


def test_the_message_shows_the_place_and_the_way_out() -> None:
    error = refusal(with_tiers({"from": 0, "to": None, "price": 2.4}))

    assert str(error) == 'items[0].tiers[0].price: Write the amount as text, such as "2.4": numbers lose digits.'


def test_dollars_become_credits_exactly_and_nothing_else_changes() -> None:
    dollars = config(item("input_tokens", "0.0825"), currency="USD", hold={"max": "1.5"}, policy="pegged")
    before = deepcopy(dollars)

    converted = pricing_config.in_credits(dollars, Decimal("7.25"))

    assert converted == before | {
        "currency": "CREDIT",
        "items": [item("input_tokens", "0.598125")],
        "hold": {"max": "10.875"},
    }
    assert dollars == before
