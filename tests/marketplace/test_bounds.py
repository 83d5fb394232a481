"""The quote's upper bound: never below what the call can cost; and the laws every charge obeys."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.marketplace import rating
from tests.marketplace.configs import config, item, tiered
from tests.marketplace.random_prices import OUTPUT, PROMPT, calls, multipliers, price_lists, prices, quantities


@given(price=price_lists(), call=calls, multiplier=multipliers)
def test_no_split_of_the_quoted_tokens_costs_more_than_the_bound(
    price: rating.PriceList, call: dict[str, int], multiplier: Decimal
) -> None:
    quoted = {"calls": 1, "input_tokens": sum(call[m] for m in PROMPT), "output_tokens": sum(call[m] for m in OUTPUT)}

    bound = rating.upper_bound_nanos(price, quoted, multiplier=multiplier)

    assert rating.charge_nanos(price, {**call, "calls": 1}, multiplier=multiplier).total_nanos <= bound


@given(price=price_lists(), call=calls, less=calls)
def test_a_smaller_call_is_never_quoted_higher(
    price: rating.PriceList, call: dict[str, int], less: dict[str, int]
) -> None:
    smaller = {meter: min(quantity, less[meter]) for meter, quantity in call.items()}

    assert rating.upper_bound_nanos(price, smaller) <= rating.upper_bound_nanos(price, call)


@given(price=price_lists(), call=calls, multiplier=multipliers)
def test_the_lines_of_a_charge_add_up_to_it(price: rating.PriceList, call: dict[str, int], multiplier: Decimal) -> None:
    charge = rating.charge_nanos(price, call, multiplier=multiplier)

    assert sum(line.nanos for line in charge.lines) == charge.total_nanos
    assert all(line.nanos >= 0 for line in charge.lines)


@given(first=calls, second=calls, price=prices)
def test_without_tiers_two_calls_cost_what_one_of_their_sum_costs_but_for_rounding(
    first: dict[str, int], second: dict[str, int], price: str
) -> None:
    flat = rating.parse_config(config(item("input_tokens", price), item("output_tokens", price)))
    together = {meter: quantity + second[meter] for meter, quantity in first.items()}

    apart = sum(rating.charge_nanos(flat, call).total_nanos for call in (first, second))

    assert abs(rating.charge_nanos(flat, together).total_nanos - apart) <= 1


@given(start=st.integers(1, 300_000), call=quantities, more=quantities, cheap=prices, dear=prices)
def test_in_a_graduated_list_more_is_never_cheaper(start: int, call: int, more: int, cheap: str, dear: str) -> None:
    price = rating.parse_config(config(tiered("input_tokens", (0, cheap), (start, dear)), tier_mode="graduated"))

    small = rating.charge_nanos(price, {"input_tokens": call}).total_nanos
    large = rating.charge_nanos(price, {"input_tokens": call + more}).total_nanos

    assert small <= large


def test_the_bound_takes_the_dearest_tier_the_prompt_can_reach() -> None:
    price = rating.parse_config(config(tiered("input_tokens", (0, "2.5"), (32_000, "4"), (128_000, "7"))))

    assert rating.upper_bound_nanos(price, {"input_tokens": 31_999}) == 79_997_500
    assert rating.upper_bound_nanos(price, {"input_tokens": 32_000}) == 128_000_000


def test_the_bound_stays_dear_where_larger_calls_get_cheaper() -> None:
    price = rating.parse_config(config(tiered("input_tokens", (0, "4"), (1_000, "1"))))

    assert rating.upper_bound_nanos(price, {"input_tokens": 2_000}) == 8_000_000


def test_the_bound_allows_for_every_prompt_token_being_written_to_the_cache() -> None:
    price = rating.parse_config(config(item("input_tokens", "2"), item("cache_write_tokens", "2.5")))

    assert rating.upper_bound_nanos(price, {"input_tokens": 1_000}) == 2_500_000


def test_the_bound_allows_for_dearer_meters_that_the_request_makes_possible() -> None:
    price = rating.parse_config(config(item("input_tokens", "2"), item("cache_write_1h_tokens", "4")))

    assert rating.upper_bound_nanos(price, {"input_tokens": 1_000}) == 2_000_000
    assert rating.upper_bound_nanos(price, {"input_tokens": 1_000}, also=["cache_write_1h_tokens"]) == 4_000_000
