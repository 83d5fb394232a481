"""An upstream that speaks OpenAI's HTTP: chat, completions, embeddings, models, plain and streamed.

`python -m tests.doubles.upstream --port 0` runs it as a process (its first line says the address); `UpstreamThread`
runs it in a thread of the test. `GET /_received` tells what arrived; `POST /_behave` sets the behaviour of models whose
name says nothing; `POST /_reset` forgets both. `tests.doubles.behaviour` lists what a model's name can ask for.
"""

import argparse
import asyncio
import json
import os
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Self

import httptools
import msgspec
import uvloop

from tests.doubles.answers import ID, Asked, script
from tests.doubles.behaviour import Behaviour, behaviour_of, changed

_BID = ID.encode()
_ENDPOINTS = {b"chat/completions": "chat", b"completions": "completions", b"embeddings": "embeddings"}


class _StreamOptions(msgspec.Struct):
    include_usage: bool = False


class _Message(msgspec.Struct):
    content: Any = None


class _Body(msgspec.Struct):
    model: str = ""
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    n: int | None = 1
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    messages: list[_Message] = []
    input: Any = None
    prompt: Any = None


_body_of = msgspec.json.Decoder(_Body).decode


@dataclass
class Ledger:
    """What the double received, for tests to compare with what was charged."""

    calls: int = 0
    connections: int = 0
    aborted: int = 0
    """Connections that ended before their answer did."""
    finished: int = 0
    models: Counter[str] = field(default_factory=Counter)
    last: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=500))
    default: Behaviour = field(default_factory=Behaviour)

    def reset(self) -> None:
        self.calls = self.connections = self.aborted = self.finished = 0
        self.models.clear()
        self.last.clear()
        self.default = Behaviour()

    def report(self) -> dict[str, object]:
        counts = {"calls": self.calls, "connections": self.connections, "aborted": self.aborted}
        return {**counts, "finished": self.finished, "models": self.models, "last": list(self.last)}


class _Line(asyncio.Protocol):
    """One connection; requests on it are answered one after another."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.timer: asyncio.Handle | None = None
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ledger.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.timer is not None:
            self.timer.cancel()
            self.ledger.aborted += 1

    def data_received(self, received: bytes) -> None:
        try:
            self.parser.feed_data(received)
        except httptools.HttpParserError:
            if self.transport is not None:
                self.transport.close()

    # -- The parser's callbacks ------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self.url, self.pieces, self.headers = url, [], {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        path, body = self.url.split(b"?")[0], b"".join(self.pieces)
        if path.startswith(b"/_"):
            self._control(path, body)
        elif path.endswith(b"/models"):
            self._write_json({"object": "list", "data": [{"id": "double", "object": "model", "owned_by": "tests"}]})
        else:
            self._answer(path, body)

    # -- Control ---------------------------------------------------------------------------------

    def _control(self, path: bytes, body: bytes) -> None:
        if path == b"/_behave":
            words = {name: str(value) for name, value in json.loads(body).items()}
            self.ledger.default = changed(Behaviour(), words)
        elif path == b"/_reset":
            self.ledger.reset()
        self._write_json(self.ledger.report())

    def _write_json(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        assert self.transport is not None
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)

    # -- Calls -----------------------------------------------------------------------------------

    def _answer(self, path: bytes, body: bytes) -> None:
        endpoint = _ENDPOINTS[next(tail for tail in _ENDPOINTS if path.endswith(tail))]
        sent = _body_of(body)
        behaviour = behaviour_of(sent.model, default=self.ledger.default)
        self._note(sent.model, endpoint, body)
        self.id = b"%010d-%010d" % (os.getpid(), self.ledger.calls)
        self.behaviour = behaviour
        self.script = script(_asked(endpoint, sent, echo=behaviour.echo), behaviour)
        self.position = 0
        if behaviour.latency_ms:
            self.timer = self.loop.call_later(behaviour.latency_ms / 1000, self._start)
        else:
            self._start()

    def _note(self, model: str, endpoint: str, body: bytes) -> None:
        self.ledger.calls += 1
        self.ledger.models[model] += 1
        headers = {name.decode(): value.decode("latin-1") for name, value in self.headers.items()}
        self.ledger.last.append({"endpoint": endpoint, "model": model, "bytes": len(body), "headers": headers})

    def _start(self) -> None:
        self.timer = None
        if self.transport is None:
            return
        answer = self.script
        if len(answer.pieces) > 1:
            self._write(answer.head)
            self._next()
        elif self.behaviour.hang_after >= 0:
            return
        elif self.behaviour.cut_after >= 0:
            self._write(answer.head + answer.pieces[0][: len(answer.pieces[0]) // 2])
            self.transport.close()
        else:
            self._write(answer.head + answer.pieces[0])
            self._end()

    def _next(self) -> None:
        self.timer = None
        if self.transport is None or self.position == self.behaviour.hang_after:
            return
        if self.position == self.behaviour.cut_after:
            self.transport.close()
            return
        pieces = self.script.pieces
        self._write(pieces[self.position])
        self.position += 1
        if self.position == len(pieces):
            self._end()
        else:
            self._schedule()

    def _schedule(self) -> None:
        pace = self.behaviour.pace_ms
        self.timer = self.loop.call_later(pace / 1000, self._next) if pace else self.loop.call_soon(self._next)

    def _write(self, piece: bytes) -> None:
        if self.transport is not None:
            self.transport.write(piece.replace(_BID, self.id))

    def _end(self) -> None:
        self.ledger.finished += 1
        if self.behaviour.close and self.transport is not None:
            self.transport.close()


def _asked(endpoint: str, sent: _Body, *, echo: bool) -> Asked:
    return Asked(
        endpoint=endpoint,
        model=sent.model.partition("+")[0],
        stream=bool(sent.stream),
        usage=bool(sent.stream_options and sent.stream_options.include_usage),
        choices=sent.n or 1,
        limit=sent.max_completion_tokens or sent.max_tokens,
        inputs=len(sent.input) if isinstance(sent.input, list) else 1,
        text=_said(sent) if echo else "",
    )


def _said(sent: _Body) -> str:
    return str(sent.messages[-1].content if sent.messages else sent.prompt or sent.input)


async def _serve(port: int) -> tuple[asyncio.Server, str]:
    ledger = Ledger()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Line(ledger), "127.0.0.1", port, backlog=2048, reuse_address=True
    )
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class UpstreamThread:
    """The double in a thread of the test: `with UpstreamThread() as upstream: upstream.url`."""

    url: str

    def __enter__(self) -> Self:
        started = threading.Event()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server, self.url = self._loop.run_until_complete(_serve(0))
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _main(port: int) -> None:
    server, url = await _serve(port)
    print(url, flush=True)  # noqa: T201  how the parent learns the port
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(_main(parser.parse_args().port))
