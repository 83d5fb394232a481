"""The relay's HTTP client: what it reuses, repeats, refuses and gives up."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvloop

from apps.relay.answer import HIGH_WATER_BYTES
from apps.relay.transport import RawTransport, Timeouts

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def upstream(serve: Serve) -> AsyncIterator[RawTransport]:
    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    transport = RawTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", allow_private=True)
    try:
        yield transport
    finally:
        await transport.aclose()
        server.close()
        await asyncio.sleep(0.01)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length: "):
            return head + await reader.readexactly(int(line[16:]))
    return head


async def call(transport: RawTransport, body: bytes = b"hello", timeouts: Timeouts | None = None) -> bytes:
    answer = await transport.send(b"POST", b"/v1/x", [], body, timeouts or Timeouts())
    return await answer.read(max_bytes=1 << 24)


def test_a_flawless_answer_leaves_its_connection_for_the_next_call() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await read_request(reader):
            writer.write(OK)

    async def story() -> None:
        async with upstream(serve) as transport:
            assert [await call(transport), await call(transport)] == [b"ok", b"ok"]
            assert transport.idle_count == 1

    uvloop.run(story())
    assert connections == 1


@pytest.mark.parametrize("unasked", [b"\r\n", OK, b""], ids=["line end", "another answer", "end of stream"])
def test_whatever_arrives_on_an_idle_connection_closes_it(unasked: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await asyncio.sleep(0.02)
        writer.write(unasked)
        if unasked:
            await asyncio.sleep(1)

    async def story() -> None:
        async with upstream(serve) as transport:
            await call(transport)
            await asyncio.sleep(0.06)
            assert transport.idle_count == 0

    uvloop.run(story())


def answering_thread(stop: threading.Event) -> str:
    """An upstream outside the loop: it goes on while the loop is busy."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as first:
            first.recv(65536)
            first.sendall(OK)
            stop.wait(5)
            first.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen")
            with listener.accept()[0] as second:
                second.recv(65536)
                second.sendall(OK)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_bytes_that_wait_unseen_in_the_socket_keep_a_connection_from_being_reused() -> None:
    pollute = threading.Event()

    async def story(url: str) -> None:
        transport = RawTransport(url, allow_private=True)
        assert await call(transport) == b"ok"
        pollute.set()
        time.sleep(0.1)  # noqa: ASYNC251  the loop must not see the bytes come
        assert transport.idle_count == 1
        assert await call(transport) == b"ok"
        await transport.aclose()

    uvloop.run(story(answering_thread(pollute)))


def test_a_stale_pooled_connection_is_replaced_once() -> None:
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1
        writer.write(OK)
        await read_request(reader)  # the second request on this connection gets no answer

    async def story() -> None:
        async with upstream(serve) as transport:
            assert [await call(transport), await call(transport)] == [b"ok", b"ok"]

    uvloop.run(story())
    assert requests == 2


def test_a_call_is_not_repeated_once_a_byte_of_its_answer_arrived() -> None:
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        writer.write(OK)
        await read_request(reader)
        requests += 1
        writer.write(b"H")
        await writer.drain()

    async def story() -> None:
        async with upstream(serve) as transport:
            await call(transport)
            with pytest.raises(httpx.RemoteProtocolError):
                await call(transport)

    uvloop.run(story())
    assert requests == 1


def test_a_new_connection_that_ends_without_an_answer_is_not_tried_again() -> None:
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1

    async def story() -> None:
        async with upstream(serve) as transport:
            with pytest.raises(httpx.ReadError):
                await call(transport)

    uvloop.run(story())
    assert requests == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 70_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
    ids=["two framings", "compressed", "two lengths", "upgrade", "long head", "not http"],
)
def test_an_answer_that_cannot_be_trusted_is_refused_and_its_connection_closed(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await reader.read()

    async def story() -> None:
        async with upstream(serve) as transport:
            with pytest.raises(httpx.RemoteProtocolError):
                await call(transport)
            assert transport.idle_count == 0

    uvloop.run(story())


def test_silence_before_the_first_byte_and_between_bytes_times_out() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"late" in await read_request(reader):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no")
        await reader.read()

    async def story() -> None:
        async with upstream(serve) as transport:
            for body in (b"never", b"late"):
                with pytest.raises(httpx.ReadTimeout):
                    await call(transport, body, Timeouts(first_byte=0.2, idle=0.2))

    uvloop.run(story())


def test_an_upstream_that_takes_no_bytes_times_out_as_a_write() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)

    async def story() -> None:
        async with upstream(serve) as transport:
            with pytest.raises(httpx.WriteTimeout):
                await call(transport, b"x" * (24 << 20), Timeouts(first_byte=0.2))

    uvloop.run(story())


def test_reading_stops_while_the_consumer_is_slow() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 << 20))
        for _ in range(1024):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async def story() -> int:
        async with upstream(serve) as transport:
            answer = await transport.send(b"POST", b"/v1/x", [], b"", Timeouts(idle=0.2))
            await asyncio.sleep(0.6)
            stalled_at = sent
            size = 0
            while piece := await answer.piece():
                size += len(piece)
            assert size == 64 << 20
            return stalled_at

    assert uvloop.run(story()) < HIGH_WATER_BYTES + (16 << 20)


def test_giving_up_an_answer_closes_its_connection_and_wakes_its_reader() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n")
        await reader.read()

    async def story() -> None:
        async with upstream(serve) as transport:
            answer = await transport.send(b"POST", b"/v1/x", [], b"", Timeouts())
            assert await answer.piece() == b"hi"
            asyncio.get_running_loop().call_later(0.01, lambda: asyncio.ensure_future(answer.aclose()))
            with pytest.raises(httpx.ReadError):
                await answer.piece()
            assert transport.idle_count == 0

    uvloop.run(story())


def test_only_listed_headers_pass_and_line_breaks_are_refused() -> None:
    heads = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n")

    async def story() -> None:
        async with upstream(serve) as transport:
            headers = [(b"authorization", b"Bearer k"), (b"cookie", b"a=b"), (b"host", b"elsewhere")]
            answer = await transport.send(b"POST", b"/v1/x", headers, b"", Timeouts())
            assert answer.headers == [(b"retry-after", b"3")]
            for name, target in ((b"k\r\nx: y", b"/v1/x"), (b"k", b"/v1/x y"), (b"k\0", b"/v1/x")):
                with pytest.raises(httpx.LocalProtocolError):
                    await transport.send(b"POST", target, [(b"authorization", name)], b"", Timeouts())

    uvloop.run(story())
    assert b"authorization: Bearer k\r\n" in heads[0]
    assert b"accept-encoding: identity\r\n" in heads[0]
    assert b"cookie" not in heads[0]
    assert b"elsewhere" not in heads[0]


def test_private_addresses_are_refused_unless_allowed() -> None:
    async def story() -> None:
        for url in ("http://127.0.0.1:9", "http://localhost:9", "http://169.254.169.254", "http://[::ffff:10.0.0.1]"):
            with pytest.raises(httpx.ConnectError, match="may not use"):
                await call(RawTransport(url, allow_private=False))
        with pytest.raises(httpx.ConnectError, match="may not use"):
            await call(RawTransport("http://169.254.169.254", allow_private=True))

    uvloop.run(story())


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: object) -> None:
    async def story() -> None:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=server_side)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(httpx.ConnectError):
            await call(RawTransport(f"https://127.0.0.1:{port}", allow_private=True))
        server.close()

    uvloop.run(story())


def test_httpx_can_use_the_transport() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = (await read_request(reader)).partition(b"\r\n\r\n")[2]
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async def story() -> None:
        async with upstream(serve) as transport, httpx.AsyncClient(transport=transport) as client:
            answer = await client.post(f"http://127.0.0.1:{transport._port}/v1/x", content=b"abc")
            assert (answer.status_code, answer.content) == (201, b"abc")
            with pytest.raises(httpx.UnsupportedProtocol):
                await client.get("http://example.com/")

    uvloop.run(story())
