import pytest

from apps.core.money import credits_text, nanos_from_text, round_half_up


@pytest.mark.parametrize(
    ("text", "nanos"),
    [("0", 0), ("0.3", 300_000_000), ("10.50", 10_500_000_000), ("0.000000001", 1), ("-2.5", -2_500_000_000)],
)
def test_a_decimal_string_becomes_nanocredits_exactly(text: str, nanos: int) -> None:
    assert nanos_from_text(text) == nanos


@pytest.mark.parametrize("text", ["", "1e3", "1.0000000001", " 1", "１", "NaN", "1,5", "+1", ".5", "9300000000"])
def test_anything_but_a_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        nanos_from_text(text)


@pytest.mark.parametrize(("nanos", "text"), [(0, "0"), (300_000_000, "0.3"), (-1, "-0.000000001"), (7 * 10**9, "7")])
def test_nanocredits_become_a_plain_decimal_string(nanos: int, text: str) -> None:
    assert credits_text(nanos) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"), [(1, 2, 1), (49, 100, 0), (3, 2, 2), (5, 10, 1), (0, 7, 0)]
)
def test_halves_round_up(numerator: int, denominator: int, quotient: int) -> None:
    assert round_half_up(numerator, denominator) == quotient
