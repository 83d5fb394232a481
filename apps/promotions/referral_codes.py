"""Referral codes: ten characters that nobody guesses and nobody misreads."""

import re
import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1, I and L. Ten of 31 are 49 random bits."""

LENGTH: Final = 10

_SEPARATORS: Final = re.compile(r"[\s\-]+")
_CODE: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def mint() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalised(text: str) -> str | None:
    """The code in a text that somebody typed or pasted; None for what cannot be one, which then costs no query."""
    code = _SEPARATORS.sub("", text[:64]).upper()
    return code if _CODE.fullmatch(code) else None
