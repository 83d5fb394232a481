"""A double of clamd on a real socket: takes INSTREAM sessions, remembers what it got, answers in turn."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

CLEAN = b"stream: OK\0"
FOUND = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"


class Clamd:
    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.received: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Whoever still listens is woken by the end of its socket."""
        self._listener.shutdown(socket.SHUT_RDWR)
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
                self.received.append(b"".join(_pieces(reader)))
                line.sendall(answer)


def _pieces(reader: Any) -> Iterator[bytes]:
    while size := struct.unpack("!L", reader.read(4))[0]:
        yield reader.read(size)


@contextmanager
def clamd(settings: Any, *answers: bytes) -> Iterator[Clamd]:
    """Listens at CLAMD_ADDRESS meanwhile; afterwards nobody does."""
    double = Clamd(*answers)
    settings.CLAMD_ADDRESS = double.address
    try:
        yield double
    finally:
        double.close()
