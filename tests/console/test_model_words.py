"""What lists and comparisons of models say in words."""

import pytest

from apps.console.catalogue.model_rows import sizes_from
from apps.console.words.models import about


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (512, "512"),
        (8_191, "8K"),
        (128_000, "128K"),
        (131_072, "131K"),
        (991_808, "992K"),
        (999_500, "1M"),
        (1_000_000, "1M"),
        (1_047_576, "1.05M"),
        (1_050_000, "1.05M"),
        (1_100_000, "1.1M"),
        (10_000_000, "10M"),
    ],
)
def test_a_length_is_told_for_the_eye(count: int, text: str) -> None:
    assert about(count) == text


@pytest.mark.parametrize(("start", "text"), [(32_000, "from 32K"), (272_001, "above 272K"), (500, "from 500")])
def test_a_tier_says_where_it_begins(start: int, text: str) -> None:
    assert sizes_from(start) == text
