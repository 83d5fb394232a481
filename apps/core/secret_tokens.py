"""Secrets that we mint for callers: a prefix, 256 random bits, a checksum. Stored as SHA-256 only; no tables here."""

import base64
import hashlib
import secrets
import zlib

_BODY = 43
_CHECKSUM = 6


def mint(prefix: str) -> str:
    """`pat_` → `pat_` + 43 random base64url characters + 6 that check them."""
    body = prefix + secrets.token_urlsafe(32)
    return body + _checksum_of(body)


def is_well_formed(prefix: str, secret: str) -> bool:
    """Whether this can be a secret of ours at all: noise and typing errors cost no query."""
    if len(secret) != len(prefix) + _BODY + _CHECKSUM or not secret.startswith(prefix) or not secret.isascii():
        return False
    return secret[-_CHECKSUM:] == _checksum_of(secret[:-_CHECKSUM])


def digest_of(secret: str) -> bytes:
    """What is stored and looked up. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum_of(body: str) -> str:
    crc = zlib.crc32(body.encode())
    return base64.urlsafe_b64encode(crc.to_bytes(4, "big")).decode().rstrip("=")
