"""The lean ASGI handler of the relay: body with a limit, request object, URL, view, answer. No middleware, no threads.

Django's own handler costs half a millisecond a request in tasks and thread hops; this one about a tenth of that. The
views are ordinary ones and run under either.
"""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any, cast

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, get_resolver

from apps.relay import errors
from apps.relay.asyncview import RelayStream

MAX_BODY_BYTES = 25 * 1024 * 1024
MAX_BODIES_BYTES = 512 * 1024 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)


class CallerGone(Exception):
    """The caller hung up before its request was whole. Nobody is left to answer."""


class Disconnect:
    """Whether the caller has hung up: to ask, to wait for, or to be told of."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._listeners: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()

    def call(self, listener: Callable[[], object]) -> None:
        """Call `listener` when the caller hangs up, at once if that has happened."""
        if self._event.is_set():
            listener()
        else:
            self._listeners.append(listener)

    def set(self) -> None:
        self._event.set()
        for listener in self._listeners:
            listener()
        self._listeners.clear()


class RelayRequest(ASGIRequest):
    """A request whose body has been read, with the news of its caller."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        super().__init__(scope, io.BytesIO(body))
        self._body = body
        self.disconnected = Disconnect()


class Bodies:
    """The memory that request bodies take in this process."""

    def __init__(self) -> None:
        self.held_bytes = 0


class _Share:
    """One request's part of that memory, given back when the request ends."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._bytes = 0

    def grow_to(self, size: int) -> None:
        more = max(0, size - self._bytes)
        if size > MAX_BODY_BYTES:
            raise errors.RequestTooLarge
        if self._bodies.held_bytes + more > MAX_BODIES_BYTES:
            raise errors.TooBusy
        self._bodies.held_bytes += more
        self._bytes += more

    def give_back(self) -> None:
        self._bodies.held_bytes -= self._bytes
        self._bytes = 0


class Handler:
    """The relay's ASGI application for one process."""

    def __init__(self, urlconf: str) -> None:
        self._resolve = get_resolver(urlconf).resolve
        self._bodies = Bodies()
        self._stopping = False

    def stop(self) -> None:
        """Refuse every call that comes from now on."""
        self._stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        share = _Share(self._bodies)
        try:
            body = await self._body(scope, receive, share)
            request = RelayRequest(scope, body)
            await _send_answer(await self._response(request), request.disconnected, receive, send)
        except errors.RelayError as error:
            await _refuse(error, scope, receive, send)
        except CallerGone:
            pass
        finally:
            share.give_back()

    async def _body(self, scope: Scope, receive: Receive, share: _Share) -> bytes:
        if self._stopping:
            raise errors.ShuttingDown
        share.grow_to(_declared_bytes(scope))
        message = await receive()
        pieces = [_piece(message)]
        received = len(pieces[0])
        while message.get("more_body"):
            message = await receive()
            pieces.append(_piece(message))
            received += len(pieces[-1])
            share.grow_to(received)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _response(self, request: RelayRequest) -> HttpResponseBase:
        try:
            match = self._resolve(request.path_info)
        except Resolver404:
            raise errors.UnknownUrl(request.method, request.path) from None
        request.resolver_match = match
        try:
            return cast(HttpResponseBase, await match.func(request, *match.args, **match.kwargs))
        except Exception:
            logger.exception("A relay view failed.")
            return errors.answer_for(errors.RelayError())


def _declared_bytes(scope: Scope) -> int:
    """Content-Length, which the server has checked to be a number; 0 for a chunked body."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0


def _piece(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise CallerGone
    return cast(bytes, message.get("body", b""))


async def _send_answer(response: HttpResponseBase, disconnected: Disconnect, receive: Receive, send: Send) -> None:
    if isinstance(response, RelayStream):
        await _send_stream(response, disconnected, receive, send)
    else:
        await _send_whole(cast(HttpResponse, response), send)


async def _send_whole(response: HttpResponse, send: Send) -> None:
    content = response.content
    headers = [*_headers(response), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _send_stream(response: RelayStream, disconnected: Disconnect, receive: Receive, send: Send) -> None:
    """Send piece by piece; when the caller hangs up, close the pieces' iterator, which may still have work to do."""
    watch = asyncio.create_task(_watch(receive, disconnected))
    try:
        await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
        async with aclosing(response.pieces) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if disconnected.is_set():
                    return
        await send({"type": "http.response.body"})
    finally:
        watch.cancel()


async def _watch(receive: Receive, disconnected: Disconnect) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    disconnected.set()


async def _refuse(error: errors.RelayError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without having read the body: what is still to come is thrown away first, or the caller, still writing,
    would meet a closed connection instead of the answer. Who waits for our consent to send a body is spared that."""
    response = errors.answer_for(error)
    response["Connection"] = "close"
    if not any(name == b"expect" for name, _ in scope["headers"]):
        await _discard(receive)
    await _send_whole(response, send)


async def _discard(receive: Receive) -> None:
    discarded = 0
    while discarded <= 2 * MAX_BODY_BYTES:
        message = await receive()
        discarded += len(_piece(message))
        if not message.get("more_body"):
            return


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
