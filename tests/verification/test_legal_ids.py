"""Numbers are checked by what their standards say, and written in one way whoever types them."""

from datetime import date

import pytest

from apps.verification.legal_ids import (
    is_credit_code,
    is_passport_number,
    is_registration_number,
    is_resident_number,
    masked,
    normalised,
)

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_gb_11643_are_right(number: str) -> None:
    assert is_resident_number(number, today=TODAY)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("110105194912310021", "its check digit is X"),
        ("11010519491231003X", "one digit was changed"),
        ("11010519491321002X", "there is no month 13"),
        ("11010519491231002", "17 characters"),
        ("11010519491231002x", "not normalised"),
        ("1101051949123100２X", "a full-width digit"),
        ("01010519491231002X", "no region begins with 0"),
        ("", "nothing"),
    ],
)
def test_other_numbers_are_not(number: str, why: str) -> None:
    assert not is_resident_number(number, today=TODAY), why


def test_nobody_is_born_tomorrow() -> None:
    born_today = "11010520261121001" + _resident_check("11010520261121001")

    assert is_resident_number(born_today, today=TODAY)
    assert not is_resident_number(born_today, today=date(2026, 11, 20))


def _resident_check(digits: str) -> str:
    """By the standard's other wording: the weight of a place is 2 to the power of its distance from the end, mod 11."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(digits))
    return "0123456789X"[(12 - total % 11) % 11]


def test_the_example_of_gb_32100_is_right() -> None:
    assert is_credit_code("91350100M000100Y43")


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y44", "91350100M000100Y4", "91350100I000100Y43", "9135O100M000100Y43", "91350100m000100y43", ""],
)
def test_other_codes_are_not(code: str) -> None:
    assert not is_credit_code(code)


@pytest.mark.parametrize(
    "typed",
    ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ", "110105-19491231-002X"],
)
def test_a_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normalised(typed) == "11010519491231002X"


def test_numbers_of_elsewhere_are_letters_and_digits() -> None:
    assert is_passport_number("C01X00T478")
    assert not is_passport_number("PASSPORT")
    assert not is_passport_number("C01;DROP")
    assert is_registration_number("HRB12345")
    assert not is_registration_number("HRB")


def test_a_mask_shows_the_last_four_and_never_more_than_half() -> None:
    assert masked("11010519491231002X") == "••••002X"
    assert masked("AB12") == "••••12"
    assert masked("7") == "••••"
