"""The tiers that vendors publish, to the last digit: what the vendor's own list says a call costs."""

from typing import Any

import pytest

from apps.marketplace import rating
from tests.marketplace.configs import config, item, tiered


def nanos(price: dict[str, Any], **quantities: int) -> int:
    return rating.charge_nanos(rating.parse_config(price), quantities).total_nanos


# -- Alibaba -------------------------------------------------------------------------------------

# As an operator enters a tier: from 32,000 on the second price holds.
FROM_32_000 = config(tiered("input_tokens", (0, "2.5"), (32_000, "4")), tier_by="input_tokens")
# As Alibaba's list reads, in yuan a million: 0 < tokens ≤ 32K, ≤ 128K, ≤ 252K.
QWEN3_MAX = config(
    tiered("input_tokens", (0, "2.5"), (32_001, "4"), (128_001, "7")),
    tiered("output_tokens", (0, "10"), (32_001, "16"), (128_001, "28")),
    tier_by="input_tokens",
)
QWEN36_PLUS = config(
    tiered("input_tokens", (0, "2"), (256_001, "8")),
    tiered("output_tokens", (0, "12"), (256_001, "48")),
    tier_by="input_tokens",
)
QWEN35_PLUS = config(
    tiered("input_tokens", (0, "0.8"), (128_001, "2"), (256_001, "4")),
    tiered("output_tokens", (0, "4.8"), (128_001, "12"), (256_001, "24")),
    tier_by="input_tokens",
)
QWEN_PLUS = config(
    item("input_tokens", "0.8"),
    item("output_tokens", "2", thinking=False),
    item("output_tokens", "8", thinking=True),
)


@pytest.mark.parametrize(("tokens", "expected"), [(31_999, 79_997_500), (32_000, 128_000_000)])
def test_alibaba_tier_that_begins_at_32_000(tokens: int, expected: int) -> None:
    assert nanos(FROM_32_000, input_tokens=tokens) == expected


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (31_999, 79_997_500 + 10_000_000),  # 31,999 × 2.5 + 1,000 × 10
        (32_000, 80_000_000 + 10_000_000),  # 32,000 × 2.5
        (32_001, 128_004_000 + 16_000_000),  # 32,001 × 4 + 1,000 × 16
        (128_000, 512_000_000 + 16_000_000),  # 128,000 × 4
        (128_001, 896_007_000 + 28_000_000),  # 128,001 × 7 + 1,000 × 28
        (252_000, 1_764_000_000 + 28_000_000),  # 252,000 × 7
    ],
)
def test_qwen3_max_is_charged_whole_at_the_tier_of_its_prompt(tokens: int, expected: int) -> None:
    assert nanos(QWEN3_MAX, input_tokens=tokens, output_tokens=1_000) == expected


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(256_000, 512_000_000 + 12_000_000), (256_001, 2_048_008_000 + 48_000_000)],
)
def test_qwen36_plus_has_two_tiers(tokens: int, expected: int) -> None:
    assert nanos(QWEN36_PLUS, input_tokens=tokens, output_tokens=1_000) == expected


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (128_000, 102_400_000 + 4_800_000),
        (128_001, 256_002_000 + 12_000_000),
        (256_000, 512_000_000 + 12_000_000),
        (256_001, 1_024_004_000 + 24_000_000),
    ],
)
def test_qwen35_plus_has_three_tiers(tokens: int, expected: int) -> None:
    assert nanos(QWEN35_PLUS, input_tokens=tokens, output_tokens=1_000) == expected


@pytest.mark.parametrize(("thinking", "expected"), [(False, 800_000 + 2_000_000), (True, 800_000 + 8_000_000)])
def test_qwen_plus_asks_more_for_what_it_thinks(thinking: bool, expected: int) -> None:
    price = rating.parse_config(QWEN_PLUS)

    charge = rating.charge_nanos(
        price, {"input_tokens": 1_000, "output_tokens": 1_000}, conditions={"thinking": thinking}
    )

    assert charge.total_nanos == expected


# -- Anthropic -----------------------------------------------------------------------------------

# Dollars a million. Anthropic counts fresh, read and written input apart; the tier goes by their sum.
HAIKU_5_5 = config(
    tiered("input_tokens", (0, "0.1"), (100_001, "0.5")),
    tiered("cached_input_tokens", (0, "0.01"), (100_001, "0.05")),
    tiered("cache_write_tokens", (0, "0.125"), (100_001, "0.625")),
    tiered("cache_write_1h_tokens", (0, "0.2"), (100_001, "1")),
    tiered("output_tokens", (0, "0.5"), (100_001, "2.5")),
    tier_by="input_tokens",
)
OPUS_5_5 = config(
    item("input_tokens", "4"),
    item("cached_input_tokens", "0.2"),
    item("cache_write_tokens", "5"),
    item("cache_write_1h_tokens", "8"),
    item("output_tokens", "20"),
)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(100_000, 10_000_000 + 500_000), (100_001, 50_000_500 + 2_500_000)],
)
def test_claude_haiku_has_its_own_price_above_100_000(tokens: int, expected: int) -> None:
    assert nanos(HAIKU_5_5, input_tokens=tokens, output_tokens=1_000) == expected


def test_claude_haiku_counts_what_was_cached_towards_the_tier() -> None:
    small = {"input_tokens": 10_000, "cached_input_tokens": 80_000, "cache_write_tokens": 10_000}
    large = small | {"cache_write_tokens": 10_001}

    # 10,000 × 0.1 + 80,000 × 0.01 + 10,000 × 0.125 = 3,050 a million; five times the prices one token later
    assert nanos(HAIKU_5_5, **small) == 3_050_000
    assert nanos(HAIKU_5_5, **large) == 5_000_000 + 4_000_000 + 6_250_625


def test_claude_opus_prices_both_lifetimes_of_its_cache() -> None:
    used = {
        "input_tokens": 1_000,
        "cached_input_tokens": 20_000,
        "cache_write_tokens": 3_000,
        "cache_write_1h_tokens": 2_000,
        "output_tokens": 500,
    }

    # 4,000 + 4,000 + 15,000 + 16,000 + 10,000 = 49,000 a million
    assert nanos(OPUS_5_5, **used) == 49_000_000
