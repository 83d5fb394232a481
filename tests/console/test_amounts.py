from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils.translation import override

from apps.console.amounts import Reader, amount_text, figure_text, nanos_from_figure, plain_figure, unit_price_text

CREDIT = 1_000_000_000
RATES = {"credits_per_usd": Decimal(7), "credits_per_cny": Decimal(1)}
AMERICAN = Reader(unit="usd", **RATES)


def test_money_leads_in_the_unit_it_is_asked_for() -> None:
    nanos = 1_276_800_000_000

    assert amount_text(nanos, AMERICAN, unit="usd", places=2) == "US$182.40"
    assert amount_text(nanos, AMERICAN, unit="cny", places=2) == "¥1,276.80"
    assert amount_text(nanos, AMERICAN, unit="credits", places=2) == "1,276.80 credits"


def test_credits_are_named_in_the_language_of_the_page() -> None:
    with override("zh-hans"):
        assert amount_text(CREDIT, AMERICAN, unit="credits", places=2) == "1.00 点"


def test_figures_round_half_up_and_a_call_shows_four_places() -> None:
    # 0.1165 credits at 7 a dollar are US$0.016642857…
    assert amount_text(116_500_000, AMERICAN, unit="usd", places=4) == "US$0.0166"
    # 0.035 credits are exactly half a cent
    assert amount_text(35_000_000, AMERICAN, unit="usd", places=2) == "US$0.01"


def test_a_minus_is_a_true_minus_before_the_currency() -> None:
    assert amount_text(-4_480_000_000, AMERICAN, unit="usd", places=2) == "−US$0.64"


def test_a_debit_too_small_to_show_keeps_its_sign_before_it() -> None:
    assert amount_text(-1, AMERICAN, unit="usd", places=4) == "−<US$0.0001"
    assert figure_text(-13_650, Decimal(7), places=4) == "−<0.0001"


def test_a_cost_too_small_to_show_is_not_shown_as_nothing() -> None:
    assert amount_text(1, AMERICAN, unit="usd", places=4) == "<US$0.0001"
    assert amount_text(0, AMERICAN, unit="usd", places=4) == "US$0.0000"
    assert figure_text(13_650, Decimal(7), places=4) == "<0.0001"


def test_a_written_amount_becomes_exact_credits() -> None:
    assert nanos_from_figure("10.50", Decimal(7)) == 73_500_000_000
    assert nanos_from_figure(" 0 ", Decimal(7)) == 0


@pytest.mark.parametrize("text", ["", "1e3", "-1", "1,000", "10.", ".5", "NaN", "٣", "9999999999"])
def test_anything_but_a_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        nanos_from_figure(text, Decimal(7))


def test_a_field_starts_with_what_it_can_read_back() -> None:
    nanos = 7_000 * CREDIT

    assert plain_figure(nanos, Decimal(7)) == "1000.00"
    assert nanos_from_figure("1000.00", Decimal(7)) == nanos
    assert plain_figure(0, Decimal(7)) == "0"


@pytest.mark.parametrize(("nanos", "shown"), [(1, "0.0000000001"), (10_000_000, "0.0014285714"), (7_000_000, "0.001")])
def test_a_field_shows_exactly_what_two_decimals_would_hide(nanos: int, shown: str) -> None:
    assert plain_figure(nanos, Decimal(7)) == shown
    assert nanos_from_figure(shown, Decimal(7)) == nanos


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (14_000_000_000, "US$2.00"),
        (525_000_000, "US$0.075"),
        (288_792_000, "US$0.041256"),
        (2_500_000_000, "US$0.357143"),
        (2_000, "US$0.0000002857"),
        (0, "US$0.00"),
    ],
)
def test_a_price_for_a_unit_reads_as_it_was_published(nanos: int, text: str) -> None:
    assert unit_price_text(Fraction(nanos), AMERICAN) == text
