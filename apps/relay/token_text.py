"""How an API token reads: `sk-`, 256 random bits, and a checksum that lets noise be refused without a query."""

from apps.core import secret_tokens

PREFIX = "sk-"
SHOWN_LENGTH = 8


def mint() -> str:
    """A new token: `sk-`, 43 random base64url characters, 6 of the CRC-32 of all that."""
    return secret_tokens.mint(PREFIX)


def is_ours(text: str) -> bool:
    """Whether the text has our shape and its checksum is right; says nothing about whether the token exists."""
    return secret_tokens.is_well_formed(PREFIX, text)


def digest(text: str) -> bytes:
    """What is stored and looked up instead of the token."""
    return secret_tokens.digest_of(text)
