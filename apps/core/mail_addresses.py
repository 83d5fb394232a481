"""Which texts are e-mail addresses that a mail could reach, and how they are compared."""

from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_LENGTH: Final = 254


def mail_address(text: str) -> str:
    """The address in lower case, without blanks around it; `ValueError` for anything that is none."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("Not an address.") from None
    if len(address) > MAX_LENGTH:
        raise ValueError("Too long for an address.")
    return address
