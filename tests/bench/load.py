"""The load: so many calls over so many kept connections, every answer checked; prints one line of JSON.

`--hold` opens one stream a connection and, when all have begun, reads the server's memory before it lets go.
"""

import argparse
import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop

from tests.bench import cpu


class Line(asyncio.Protocol):
    """One connection, one call at a time."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] | None = None
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self.open = transport, True
        self.parser = httptools.HttpResponseParser(self)

    def start(self, request: bytes) -> asyncio.Future[None]:
        self.done = asyncio.get_running_loop().create_future()
        self.status, self.events, self.tail, self.first_at = 0, 0, b"", 0.0
        self.transport.write(request)
        return self.done

    def data_received(self, received: bytes) -> None:
        self.parser.feed_data(received)

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        self.first_at = self.first_at or time.perf_counter()
        self.events += piece.count(b"data: ")
        self.tail = (self.tail + piece)[-400:]

    def on_message_complete(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._end(ConnectionError("lost"))

    def _end(self, fault: Exception | None) -> None:
        done, self.done = self.done, None
        if done is not None and not done.done():
            done.set_exception(fault) if fault else done.set_result(None)


class Load:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        url = urlsplit(arguments.url)
        self.host, self.port = url.hostname, url.port
        self.request = request_of(arguments, url.path)
        self.latencies: list[float] = []
        self.firsts: list[float] = []
        self.events = 0
        self.faults: dict[str, int] = {}
        self.left = arguments.calls
        self.lines: list[Line] = []

    async def run(self) -> None:
        await asyncio.gather(*(self.caller() for _ in range(self.arguments.callers)))

    async def caller(self) -> None:
        line: Line | None = None
        while self.left > 0:
            self.left -= 1
            if line is None or not line.open:
                _, line = await asyncio.get_running_loop().create_connection(Line, self.host, self.port)
                self.lines.append(line)
            began = time.perf_counter()
            try:
                await asyncio.wait_for(line.start(self.request), 60)
            except (ConnectionError, TimeoutError) as fault:
                self.note_fault(type(fault).__name__)
                continue
            self.note(line, began)

    def note(self, line: Line, began: float) -> None:
        whole = b"[DONE]" in line.tail if self.arguments.stream else b'"usage"' in line.tail
        if line.status != 200 or not whole:
            self.note_fault(f"{line.status} {line.tail[-120:]!r}")
            return
        self.latencies.append(time.perf_counter() - began)
        self.firsts.append(line.first_at - began)
        self.events += line.events

    def note_fault(self, text: str) -> None:
        self.faults[text] = self.faults.get(text, 0) + 1


def request_of(arguments: argparse.Namespace, path: str) -> bytes:
    body: dict[str, object] = {
        "model": arguments.model,
        "messages": [{"role": "user", "content": "x" * arguments.bytes}],
        "max_tokens": 300,
    }
    if arguments.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    encoded = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
    head += f"authorization: Bearer {arguments.key}\r\ncontent-length: {len(encoded)}\r\n\r\n"
    return head.encode() + encoded


async def measured(arguments: argparse.Namespace) -> dict[str, object]:
    pids = {name: int(pid) for name, pid in (pair.split("=") for pair in arguments.watch)}
    warm = Load(argparse.Namespace(**{**vars(arguments), "calls": arguments.warm}))
    await warm.run()
    before = {name: cpu.seconds(pid) for name, pid in pids.items()}
    load, began = Load(arguments), time.perf_counter()
    await load.run()
    seconds = time.perf_counter() - began
    spent = {name: cpu.seconds(pid) - before[name] for name, pid in pids.items()}
    calls = max(1, len(load.latencies))
    return {
        "calls": len(load.latencies),
        "faults": load.faults,
        "calls_per_second": calls / seconds,
        "events_per_second": load.events / seconds,
        "p50_ms": quantile(load.latencies, 0.50),
        "p99_ms": quantile(load.latencies, 0.99),
        "first_p50_ms": quantile(load.firsts, 0.50),
        "cpu_us": {name: value / calls * 1e6 for name, value in spent.items()},
    }


async def held(arguments: argparse.Namespace) -> dict[str, object]:
    """Memory before, and while every stream is open."""
    pid = int(arguments.watch[0].split("=")[1])
    before = cpu.resident_mib(pid)
    load = Load(arguments)
    running = asyncio.create_task(load.run())
    deadline = time.perf_counter() + 30
    while time.perf_counter() < deadline and not running.done():
        await asyncio.sleep(0.1)
        if len(load.lines) == arguments.callers and all(getattr(line, "first_at", 0) for line in load.lines):
            break
    open_streams = sum(1 for line in load.lines if line.done is not None and getattr(line, "first_at", 0))
    resident = cpu.resident_mib(pid)
    await running
    return {"open": open_streams, "mib_before": before, "mib": resident, "faults": load.faults}


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default="none")
    parser.add_argument("--model", required=True)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--warm", type=int, default=64)
    parser.add_argument("--bytes", type=int, default=200)
    parser.add_argument("--watch", action="append", default=[])
    arguments = parser.parse_args()
    result = uvloop.run(held(arguments) if arguments.hold else measured(arguments))
    print(json.dumps(result))  # noqa: T201  read by the parent


if __name__ == "__main__":
    main()
