"""The virus scanner: clamd over TCP (INSTREAM), at CLAMD_ADDRESS. Unset: nothing is scanned, and pages say so."""

import logging
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.conf import settings

SECONDS: Final = 10
CHUNK: Final = 64 * 1024
LONGEST_ANSWER: Final = 4096

logger = logging.getLogger(__name__)


class Verdict(Enum):
    NOT_SCANNED = "no scanner is configured"
    CLEAN = "the scanner found nothing"
    INFECTED = "the scanner found something"
    UNAVAILABLE = "the scanner did not answer"


@dataclass(frozen=True, slots=True)
class ScannerAddress:
    host: str
    port: int


def verdict_of(contents: Iterable[bytes]) -> Verdict:
    """What the scanner says of all of these files. Talks to it: never inside a transaction."""
    address = _address()
    if address is None:
        return Verdict.NOT_SCANNED
    for content in contents:
        verdict = _verdict_of(content, address)
        if verdict is not Verdict.CLEAN:
            return verdict
    return Verdict.CLEAN


def is_configured() -> bool:
    return _address() is not None


def _address() -> ScannerAddress | None:
    if not settings.CLAMD_ADDRESS:
        return None
    host, _, port = settings.CLAMD_ADDRESS.rpartition(":")
    return ScannerAddress(host.strip("[]"), int(port))


def _verdict_of(content: bytes, address: ScannerAddress) -> Verdict:
    try:
        answer = _ask(content, address)
    except OSError as error:
        logger.warning("The virus scanner did not answer.", extra={"error": type(error).__name__})
        return Verdict.UNAVAILABLE
    if answer == b"stream: OK":
        return Verdict.CLEAN
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return Verdict.INFECTED
    logger.warning("The virus scanner answered an error.", extra={"answer": answer[:200].decode(errors="replace")})
    return Verdict.UNAVAILABLE


def _ask(content: bytes, address: ScannerAddress) -> bytes:
    """One INSTREAM session: pieces with their lengths before them, a length of 0 at the end, one line back."""
    with socket.create_connection((address.host, address.port), timeout=SECONDS) as line:
        line.sendall(b"zINSTREAM\0")
        for piece in _pieces(content):
            line.sendall(struct.pack("!L", len(piece)) + piece)
        line.sendall(struct.pack("!L", 0))
        return _answer(line)


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))


def _answer(line: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        piece = line.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")
