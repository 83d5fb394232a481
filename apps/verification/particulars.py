"""What may stand in the fields of an application. Pure; raises `FieldInvalid` with what to write instead."""

import unicodedata
from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.core.countries import CHINA, is_country
from apps.verification.errors import FieldInvalid
from apps.verification.legal_ids import (
    is_credit_code,
    is_passport_number,
    is_registration_number,
    is_resident_number,
    normalised,
)
from apps.verification.types import PERSONAL, Particulars

LONGEST_NAME: Final = 120
LONGEST_CONTACT: Final = 120


def checked_particulars(kind: str, given: Particulars, *, today: date) -> Particulars:
    """The same particulars, written in one way."""
    if not is_country(given.country):
        raise FieldInvalid("country", _("Choose a country from the list."))
    check = _checked_person if kind == PERSONAL else _checked_organisation
    return check(given, normalised(given.number), today=today)


def _checked_person(given: Particulars, number: str, *, today: date) -> Particulars:
    name = _name("name", given.name)
    if given.country == CHINA and not is_resident_number(number, today=today):
        raise FieldInvalid(
            "number",
            _("Write the 18 characters of the resident identity card as printed. The last one confirms the others."),
        )
    if given.country != CHINA and not is_passport_number(number):
        raise FieldInvalid("number", _("Write the number of the passport: 5 to 20 letters and digits."))
    return Particulars(country=given.country, name=name, number=number)


def _checked_organisation(given: Particulars, number: str, *, today: date) -> Particulars:
    name = _name("name", given.name)
    if given.country == CHINA and not is_credit_code(number):
        raise FieldInvalid(
            "number",
            _("Write the unified social credit code as printed: 18 characters. The last one confirms the others."),
        )
    if given.country != CHINA and not is_registration_number(number):
        raise FieldInvalid("number", _("Write the registration number: 2 to 40 letters and digits."))
    return Particulars(
        country=given.country,
        name=name,
        number=number,
        representative=_name("representative", given.representative),
        contact=_contact(given.contact),
    )


def _name(field: str, text: str) -> str:
    name = _plain(text)
    if not any(letter.isalpha() for letter in name):
        raise FieldInvalid(field, _("Write the name as the document has it."))
    if len(name) > LONGEST_NAME:
        raise FieldInvalid(field, _("Write at most 120 characters."))
    return name


def _contact(text: str) -> str:
    contact = _plain(text)
    if len(contact) < 5:
        raise FieldInvalid("contact", _("Write a telephone number or an e-mail address where we reach somebody."))
    if len(contact) > LONGEST_CONTACT:
        raise FieldInvalid("contact", _("Write at most 120 characters."))
    return contact


def _plain(text: str) -> str:
    """Composed, without what does not show, with single spaces."""
    kept = "".join(letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter)[0] != "C")
    return " ".join(kept.split())
