"""Numbers that name a person or an organisation in law: how they are written, and whether they can be right."""

import re
import unicodedata
from datetime import date
from typing import Final

RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS: Final = "10X98765432"
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_RESIDENT: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CREDIT_CODE: Final = re.compile(rf"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}")
_PASSPORT: Final = re.compile(r"[A-Z0-9]{5,20}")
_REGISTRATION: Final = re.compile(r"[A-Z0-9]{2,40}")
_SEPARATORS: Final = re.compile(r"[\s\-./_·•–—]+")


def normalised(number: str) -> str:
    """The one way to write a number: full-width forms and small letters made plain, separators left out."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", number)).upper()


def is_resident_number(number: str, *, today: date) -> bool:
    """A resident identity number of the Chinese mainland by GB 11643: a day of birth that was, and its check digit."""
    if not _RESIDENT.fullmatch(number):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(RESIDENT_WEIGHTS, number, strict=False))
    return number[-1] == RESIDENT_CHECKS[total % 11] and _was_a_day(number[6:14], today=today)


def is_credit_code(code: str) -> bool:
    """A unified social credit code of the Chinese mainland by GB 32100: its alphabet and its check character."""
    if not _CREDIT_CODE.fullmatch(code):
        return False
    total = sum(CREDIT_ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return code[-1] == CREDIT_ALPHABET[-total % 31]


def is_passport_number(number: str) -> bool:
    """Letters and digits, with at least one digit; countries differ in all the rest."""
    return bool(_PASSPORT.fullmatch(number)) and any(letter.isdigit() for letter in number)


def is_registration_number(number: str) -> bool:
    """What registers of companies elsewhere give out: letters and digits, with at least one digit."""
    return bool(_REGISTRATION.fullmatch(number)) and any(letter.isdigit() for letter in number)


def masked(text: str, *, shown: int = 4) -> str:
    """All but the last characters hidden; of a short text, half of it. The dots do not tell the length."""
    kept = min(shown, len(text) // 2)
    return "••••" + (text[-kept:] if kept else "")


def _was_a_day(digits: str, *, today: date) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= 1850 and born <= today
