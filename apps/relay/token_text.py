"""How an API token reads: `sk-`, 256 random bits, and a checksum that lets noise be refused without a query."""

import base64
import hashlib
import secrets
import zlib

PREFIX = "sk-"
RANDOM_LENGTH = 43
LENGTH = len(PREFIX) + RANDOM_LENGTH + 6
SHOWN_LENGTH = 8


def mint() -> str:
    """A new token: `sk-`, 43 base64url characters of 256 random bits, 6 of their CRC-32."""
    random = secrets.token_urlsafe(32)
    return PREFIX + random + _checksum(random)


def is_ours(text: str) -> bool:
    """Whether the text has our shape and its checksum is right; says nothing about whether the token exists."""
    if len(text) != LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return False
    end = len(PREFIX) + RANDOM_LENGTH
    return _checksum(text[len(PREFIX) : end]) == text[end:]


def digest(text: str) -> bytes:
    """What is stored and looked up instead of the token."""
    return hashlib.sha256(text.encode()).digest()


def _checksum(random: str) -> str:
    crc = zlib.crc32(random.encode()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(crc)[:6].decode()
