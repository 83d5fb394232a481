"""The edge's limits, over real sockets: what a client may send, and how long it may take over it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from config import protocol
from config.protocol import Protocol


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the size of the body; a target that asks for a flood gets 64 MiB."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1024 if scope["path"] == "/flood" else 0):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b"%d" % size})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        echo, http=Protocol, loop="uvloop", ws="none", lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "BODY_STALL_SECONDS", "SEND_STALL_SECONDS"):
        monkeypatch.setattr(protocol, name, 0.3)


def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """All that the server says until it closes or stays silent for a second."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(1)
        for piece in pieces:
            try:
                line.sendall(piece)
            except ConnectionError:
                break
            time.sleep(pause)
        return read_all(line)


def read_all(line: socket.socket) -> bytes:
    said = b""
    try:
        while piece := line.recv(65536):
            said += piece
    except (TimeoutError, ConnectionError):
        pass
    return said


def status_of(said: bytes) -> int:
    return int(said.split(b" ")[1]) if said else 0


def test_requests_within_the_limits_are_served_on_one_connection(port: int) -> None:
    request = b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"

    said = exchange(port, request, request)

    assert said.count(b"HTTP/1.1 200 OK") == 2


H2C = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"content-length: 5\r\n", b"hello"),
        (b"transfer-encoding: chunked\r\n", b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
    ],
    ids=["length", "chunks"],
)
@pytest.mark.parametrize("pieces", [1, 2, 40])
def test_an_offer_to_upgrade_changes_nothing(port: int, framing: bytes, body: bytes, pieces: int) -> None:
    request = (b"POST /x HTTP/1.1\r\n" + H2C + b"host: a\r\n" + framing + b"\r\n" + body) * 2
    size = -(-len(request) // pieces)

    said = exchange(port, *(request[i : i + size] for i in range(0, len(request), size)), pause=0.002)

    assert said.count(b"HTTP/1.1 200 OK") == 2
    assert said.count(b"\r\n5\r\n") == 2


def test_an_offer_without_a_body_is_answered_and_a_tunnel_is_not(port: int) -> None:
    assert status_of(exchange(port, b"GET /x HTTP/1.1\r\n" + H2C + b"\r\n")) == 200
    assert status_of(exchange(port, b"CONNECT a:443 HTTP/1.1\r\n" + H2C + b"\r\n")) == 400


@pytest.mark.parametrize("size", [33, 200, 2000])
def test_headers_beyond_32_kib_are_refused_with_431(port: int, size: int) -> None:
    in_one_line = b"GET / HTTP/1.1\r\nx: " + b"y" * (size * 1024) + b"\r\n\r\n"
    in_many = b"GET / HTTP/1.1\r\n" + b"x: %s\r\n" % (b"y" * 1014) * size + b"\r\n"

    for request in (in_one_line, in_many):
        said = exchange(port, *(request[i : i + 8192] for i in range(0, len(request), 8192)))
        assert status_of(said) in ((431, 0) if size == 2000 else (431,))


def test_the_refusal_reads_like_the_api(port: int) -> None:
    said = exchange(port, b"GET / HTTP/1.1\r\nx: " + b"y" * (33 * 1024) + b"\r\n\r\n")

    error = json.loads(said.partition(b"\r\n\r\n")[2])["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "headers_too_large")


def test_a_target_beyond_8_kib_is_refused_with_414(port: int) -> None:
    assert status_of(exchange(port, b"GET /" + b"a" * 8191 + b" HTTP/1.1\r\nhost: a\r\n\r\n")) == 200
    assert status_of(exchange(port, b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nhost: a\r\n\r\n")) == 414


@pytest.mark.parametrize(
    "request_",
    [
        b"hello\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\nabc",
    ],
    ids=["not http", "two framings", "two lengths", "nul", "no chunk size", "unknown coding"],
)
def test_what_is_not_clean_http_is_refused_with_400(port: int, request_: bytes) -> None:
    assert status_of(exchange(port, request_)) == 400


@pytest.mark.usefixtures("_hasty")
def test_a_head_that_trickles_in_has_its_seconds_once(port: int) -> None:
    pieces = [b"GET / HTTP/1.1\r\n", *[b"x: y\r\n"] * 8]

    assert status_of(exchange(port, *pieces, pause=0.1)) == 408


@pytest.mark.usefixtures("_hasty")
def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    began = time.monotonic()

    assert status_of(exchange(port)) == 408
    assert time.monotonic() - began < 0.9


@pytest.mark.usefixtures("_hasty")
def test_a_body_may_be_slow_but_not_stand_still(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n"

    slow = exchange(port, head, *[b"x"] * 5, pause=0.15)
    stuck = exchange(port, head, b"x", pause=0.5)

    assert status_of(slow) == 200
    assert status_of(stuck) == 408


@pytest.mark.usefixtures("_hasty")
def test_a_reader_who_stops_reading_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(1)
        line.sendall(b"GET /flood HTTP/1.1\r\nhost: a\r\n\r\n")
        time.sleep(1)
        said = read_all(line)

    assert len(said) < 64 * 1024 * 1024


@pytest.mark.usefixtures("_hasty")
def test_a_reader_who_is_merely_slow_gets_it_all(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(1)
        line.sendall(b"GET /flood HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        size = 0
        while piece := line.recv(1 << 20):
            size += len(piece)
            time.sleep(0.01)

    assert size > 64 * 1024 * 1024
