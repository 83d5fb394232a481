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
from django.urls import Resolver404, ResolverMatch, get_resolver

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


class _Intake:
    """Takes in one request's body, within the limits of a request and of the process."""

    def __init__(self, bodies: Bodies, scope: Scope, receive: Receive) -> None:
        self._bodies = bodies
        self._scope = scope
        self._receive = receive
        self._held_bytes = 0
        self._is_whole = False

    async def read(self) -> bytes:
        self._hold(self._declared_bytes())
        pieces = [await self._next()]
        received = len(pieces[0])
        while not self._is_whole:
            pieces.append(await self._next())
            received += len(pieces[-1])
            self._hold(received)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def discard(self) -> None:
        """Throw away what is still to come: a caller who is still writing would meet a closed connection instead of
        our answer. One who waits for our consent to send a body is spared that."""
        if any(name == b"expect" for name, _ in self._scope["headers"]):
            return
        discarded = 0
        while not self._is_whole and discarded <= 2 * MAX_BODY_BYTES:
            discarded += len(await self._next())

    def give_back(self) -> None:
        self._bodies.held_bytes -= self._held_bytes

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        self._is_whole = not message.get("more_body")
        return cast(bytes, message.get("body", b""))

    def _hold(self, size: int) -> None:
        if size > MAX_BODY_BYTES:
            raise errors.RequestTooLarge
        more = max(0, size - self._held_bytes)
        if self._bodies.held_bytes + more > MAX_BODIES_BYTES:
            raise errors.TooBusy
        self._bodies.held_bytes += more
        self._held_bytes += more

    def _declared_bytes(self) -> int:
        """Content-Length, which the server has checked to be a number; 0 for a chunked body."""
        for name, value in self._scope["headers"]:
            if name == b"content-length":
                return int(value)
        return 0


class Handler:
    """The relay's ASGI application for one process."""

    def __init__(self, urlconf: str) -> None:
        self._resolver = get_resolver(urlconf)
        self._fixed: dict[str, ResolverMatch] = {}
        self._bodies = Bodies()
        self._stopping = False

    def stop(self) -> None:
        """Refuse every call that comes from now on."""
        self._stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        intake = _Intake(self._bodies, scope, receive)
        try:
            request = await self._request(scope, intake)
            await _send_answer(await self._response(request), request.disconnected, receive, send)
        except errors.RelayError as error:
            await _refuse(error, intake, send)
        except CallerGone:
            return
        finally:
            intake.give_back()

    async def _request(self, scope: Scope, intake: _Intake) -> RelayRequest:
        if self._stopping:
            raise errors.ShuttingDown
        body = await intake.read()
        try:
            return RelayRequest(scope, body)
        except UnicodeDecodeError:
            raise errors.BadRequest("The query of the URL is not UTF-8.", code="invalid_encoding") from None

    async def _response(self, request: RelayRequest) -> HttpResponseBase:
        try:
            match = self._fixed.get(request.path_info) or self._match(request.path_info)
        except Resolver404:
            return errors.answer_for(errors.UnknownUrl(request.method, request.path))
        request.resolver_match = match
        try:
            return cast(HttpResponseBase, await match.func(request, *match.args, **match.kwargs))
        except Exception:
            request_id = errors.new_request_id()
            logger.exception("A relay view failed.", extra={"request_id": request_id})
            return errors.answer_for(errors.RelayError(), request_id)

    def _match(self, path: str) -> ResolverMatch:
        """The route of a path; routes without parameters are remembered (that saves 4 µs of 140)."""
        match = self._resolver.resolve(path)
        if not match.args and not match.kwargs:
            self._fixed[path] = match
        return match


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


async def _refuse(error: errors.RelayError, intake: _Intake, send: Send) -> None:
    response = errors.answer_for(error)
    response["Connection"] = "close"
    try:
        await intake.discard()
    except CallerGone:
        return
    await _send_whole(response, send)


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
