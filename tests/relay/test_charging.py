"""How a past call is priced again: from its row alone, to the same nanocredit."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from apps.marketplace.rating import Charge, charge_nanos, parse_config
from apps.relay.charging import cost_of, quantities_of, stored_quantities
from apps.relay.types import Extras, Usage
from apps.usage.types import CallDetail, LoggedCall

AT = datetime(2026, 3, 10, tzinfo=UTC)
PRICE = parse_config(
    {
        "schema": 2,
        "currency": "CREDIT",
        "items": [
            {"meter": meter, "unit": unit, "tiers": [{"from": 0, "to": None, "price": price}]}
            for meter, unit, price in (
                ("input_tokens", 1_000_000, "1.05"),
                ("cached_input_tokens", 1_000_000, "0.525"),
                ("cache_write_tokens", 1_000_000, "2.1"),
                ("cache_write_1h_tokens", 1_000_000, "4.2"),
                ("audio_input_tokens", 1_000_000, "8.4"),
                ("output_tokens", 1_000_000, "4.2"),
                ("web_searches", 1, "0.07"),
            )
        ],
    }
)
PLAIN = Usage(input_tokens=1_001, output_tokens=77, cached_tokens=333, reasoning_tokens=7)


def charged(usage: Usage, extras: Extras, multiplier: str) -> Charge:
    return charge_nanos(PRICE, quantities_of(usage, PRICE, extras), multiplier=Decimal(multiplier))


def row_of(usage: Usage, extras: Extras, *, charge_nanos: int, multiplier: str) -> CallDetail:
    """What the log keeps of such a call."""
    logged = LoggedCall(
        call_id=UUID(int=1),
        at=AT,
        token_id=1,
        user_id=None,
        model_code="m",
        endpoint="e",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        charge_nanos=charge_nanos,
        price_version_id=1,
        status=200,
        latency_ms=1,
        first_byte_ms=None,
        streamed=False,
        estimated=False,
        error_code="",
        ip=None,
    )
    return CallDetail(logged, AT, "default", Decimal(multiplier), stored_quantities(usage, extras))


@pytest.mark.parametrize("multiplier", ["1", "1.5", "0.8", "0"])
@pytest.mark.parametrize(
    ("usage", "extras"),
    [
        (PLAIN, Extras()),
        (Usage(5_000, 10, cache_write_tokens=4_000), Extras(write_meter="cache_write_1h_tokens")),
        (Usage(5_000, 10, cache_write_tokens=4_000), Extras()),
        (Usage(5_000, 10, other={"audio_input_tokens": 1_234}), Extras(quantities={"web_searches": 3})),
        (PLAIN, Extras(conditions={"resolution": "720p", "thinking": True})),
    ],
)
def test_the_row_of_a_call_tells_its_price_again(usage: Usage, extras: Extras, multiplier: str) -> None:
    total = charged(usage, extras, multiplier).total_nanos

    cost = cost_of(row_of(usage, extras, charge_nanos=total, multiplier=multiplier), PRICE)

    assert cost.lines == charged(usage, extras, "1").lines
    assert cost.uncharged_nanos == 0
    assert sum(line.nanos for line in cost.lines) + cost.multiplier_nanos == total


def test_what_was_not_charged_is_the_rest() -> None:
    total = charged(PLAIN, Extras(), "1").total_nanos

    cost = cost_of(row_of(PLAIN, Extras(), charge_nanos=total - 5, multiplier="1"), PRICE)

    assert cost.uncharged_nanos == -5


def test_a_call_that_ended_before_anything_was_counted_has_no_lines() -> None:
    cost = cost_of(row_of(Usage(), Extras(quantities={"web_searches": 1}), charge_nanos=0, multiplier="1"), PRICE)

    assert (cost.lines, cost.multiplier_nanos, cost.uncharged_nanos) == ((), 0, 0)


def test_a_row_without_cache_writes_keeps_no_meter_for_them() -> None:
    assert stored_quantities(PLAIN, Extras(write_meter="cache_write_1h_tokens")) == {}
