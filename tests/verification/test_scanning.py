"""The scanner is asked before anything is stored; what it cannot answer now waits and is asked again."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from apps.verification.scanning import Verdict, verdict_of

CLEAN = b"stream: OK\0"
FOUND = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"


class Clamd:
    """A double of clamd on a real socket: takes INSTREAM sessions, remembers what it got, answers in turn."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.received: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        for answer in self.answers:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as reader:
                assert reader.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack("!L", reader.read(4))[0]:
                    content += reader.read(size)
                self.received.append(content)
                line.sendall(answer)


@contextmanager
def clamd(settings: Any, *answers: bytes) -> Iterator[Clamd]:
    double = Clamd(*answers)
    settings.CLAMD_ADDRESS = double.address
    try:
        yield double
    finally:
        double.close()


def test_without_an_address_nothing_is_scanned(settings: Any) -> None:
    assert verdict_of([b"anything"]) is Verdict.NOT_SCANNED


def test_every_file_goes_through_the_scanner_as_it_is(settings: Any) -> None:
    large = bytes(range(256)) * 1000

    with clamd(settings, CLEAN, CLEAN) as scanner:
        assert verdict_of([b"one", large]) is Verdict.CLEAN

    assert scanner.received == [b"one", large]


def test_the_first_harmful_file_decides(settings: Any) -> None:
    with clamd(settings, CLEAN, FOUND) as scanner:
        assert verdict_of([b"one", b"two", b"three"]) is Verdict.INFECTED

    assert scanner.received == [b"one", b"two"]


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK? \0"])
def test_an_answer_that_says_nothing_is_no_verdict(settings: Any, answer: bytes) -> None:
    with clamd(settings, answer):
        assert verdict_of([b"one"]) is Verdict.UNAVAILABLE


def test_a_scanner_that_is_down_is_no_verdict(settings: Any) -> None:
    with clamd(settings) as scanner:
        settings.CLAMD_ADDRESS = scanner.address
    assert verdict_of([b"one"]) is Verdict.UNAVAILABLE
