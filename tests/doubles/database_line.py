"""Stands on the line to PostgreSQL and loses messages: the question on its way there, or the answer after its COMMIT.

    with DatabaseLine(url, folder) as line:
        …connect to line.url…
        line.lose_next_answer("sluice ledger settle")

Messages of the wire protocol pass whole and unread but for their type.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from psycopg import conninfo

EXECUTE, READY = b"E", b"Z"
SOCKET = ".s.PGSQL.5432"


class DatabaseLine:
    """A Unix socket in `folder` that leads to the server of `url`, from a thread of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._parts = conninfo.conninfo_to_dict(url)
        self._upstream = Path(str(self._parts["host"])) / f".s.PGSQL.{self._parts.get('port', 5432)}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lost_answers: set[str] = set()
        self._lost_questions: set[str] = set()
        self.cuts = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / SOCKET).unlink(missing_ok=True)
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_unix_server(self._serve, self._folder / SOCKET), self._loop
        )
        self._server = started.result(10)
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"postgresql://{self._parts['user']}@/{self._parts['dbname']}?host={self._folder}&port=5432"

    def lose_next_answer(self, application: str) -> None:
        """The next statement of this application is carried out and committed; then its connection is cut."""
        self._lost_answers.add(application)

    def lose_next_question(self, application: str) -> None:
        """The connection is cut before the next statement of this application reaches the server."""
        self._lost_questions.add(application)

    @property
    def is_quiet(self) -> bool:
        """Whether all that was to be lost is lost."""
        return not self._lost_answers | self._lost_questions

    async def _close(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the streams' own callback would log it
            try:
                await self._lead(reader, writer)
            finally:
                writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await _sized(reader)  # of a connection, or a whole request to cancel a statement
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(self._upstream)
        except OSError:  # the server is away
            return
        there_writer.write(startup)
        connection = _Connection(self._takes(startup))
        ways = (
            asyncio.create_task(_pass_on(reader, there_writer, connection.passes_to_server)),
            asyncio.create_task(_pass_on(there_reader, writer, connection.passes_to_client)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:  # the line may be taken down at any moment, also while this connection ends by itself
            there_writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def _takes(self, startup: bytes) -> Callable[[str], bool]:
        """Whether a loss of this kind is due on this connection; each happens once."""

        def is_due(kind: str) -> bool:
            due = self._lost_answers if kind == "answer" else self._lost_questions
            named = next((name for name in due if name.encode() + b"\0" in startup), None)
            if named is not None:
                due.discard(named)
                self.cuts += 1
            return named is not None

        return is_due


class _Connection:
    """What passes on one connection. `ConnectionAbortedError` cuts it."""

    def __init__(self, is_due: Callable[[str], bool]) -> None:
        self._is_due = is_due
        self._is_answer_lost = False

    def passes_to_server(self, message: bytes) -> bool:
        if message[:1] == EXECUTE:
            self._is_answer_lost = self._is_due("answer")
            if self._is_due("question"):
                raise ConnectionAbortedError
        return True

    def passes_to_client(self, message: bytes) -> bool:
        """`ReadyForQuery` comes after the commit: until then, nothing of a lost answer passes."""
        if self._is_answer_lost and message[:1] == READY:
            raise ConnectionAbortedError
        return not self._is_answer_lost


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]) -> None:
    """Until the end of one side, or until a message says so."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            message = await reader.readexactly(1) + await _sized(reader)
            if passes(message):
                writer.write(message)
                await writer.drain()


async def _sized(reader: asyncio.StreamReader) -> bytes:
    """A length of four bytes, itself included, and what follows."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size, "big") - 4)
