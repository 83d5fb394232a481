"""The lean handler: what it does with a request before the view sees it, and with the answer after."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from rest_framework.request import Request

from apps.relay import handler
from apps.relay.asyncview import AsyncAPIView, RelayStream
from apps.relay.handler import Handler

MIB = 1024 * 1024
closed: list[str] = []


class EchoView(AsyncAPIView):
    async def post(self, request: Request) -> HttpResponse:
        return HttpResponse(request._request.body, headers={"x-seen": request.META["HTTP_X_NOTE"]})


class FaultyView(AsyncAPIView):
    async def post(self, request: Request) -> HttpResponse:
        raise ZeroDivisionError("the secret words of a message")


class CountingView(AsyncAPIView):
    async def post(self, request: Request) -> HttpResponseBase:
        return RelayStream(self.pieces(request._request), headers={"content-type": "text/event-stream"})

    async def pieces(self, request: HttpRequest) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(3):
                yield b"%d " % number
                await asyncio.sleep(0)
        finally:
            closed.append("closed")


class SilentView(AsyncAPIView):
    """Waits for the caller to hang up."""

    async def post(self, request: Request) -> HttpResponseBase:
        return RelayStream(self.pieces(request._request), headers={})

    async def pieces(self, request: Any) -> AsyncGenerator[bytes, None]:
        woken = asyncio.Event()
        request.disconnected.call(woken.set)
        yield b"begun"
        await woken.wait()
        closed.append("told")


urlpatterns = [
    path("v1/echo", EchoView.as_view()),
    path("v1/faulty", FaultyView.as_view()),
    path("v1/counting", CountingView.as_view()),
    path("v1/silent", SilentView.as_view()),
]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    closed.clear()


def ask(target: str, *pieces: bytes, lean: Handler | None = None, **headers: str) -> list[dict[str, Any]]:
    return asyncio.run(asyncio.wait_for(conversation(lean or Handler(__name__), target, pieces, headers), 10))


async def conversation(
    lean: Handler, target: str, pieces: tuple[bytes, ...], headers: dict[str, str]
) -> list[dict[str, Any]]:
    """All that the handler sends, for a body that comes in these pieces; a last piece of None hangs up."""
    coming = [
        {"type": "http.disconnect"}
        if piece is None
        else {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces or (b"",), 1)
    ]
    sent: list[dict[str, Any]] = []
    hung_up = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if coming:
            return coming.pop(0)
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body") == b"begun":
            hung_up.set()

    named = [
        (name.replace("_", "-").encode(), value.encode()) for name, value in {"x_note": "hello", **headers}.items()
    ]
    await lean(scope_of(target, named), receive, send)
    return sent


def scope_of(target: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": target,
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.7", 4000),
        "server": ("127.0.0.1", 80),
    }


def test_a_body_in_pieces_reaches_the_view_whole() -> None:
    start, body = ask("/v1/echo", b"one ", b"two ", b"three")

    assert (start["status"], body["body"]) == (200, b"one two three")
    assert (b"content-length", b"13") in start["headers"]
    assert (b"x-seen", b"hello") in start["headers"]


def test_the_same_view_runs_under_djangos_own_handler_and_test_client() -> None:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["testserver"]):
        whole = Client().post("/v1/echo", b"body", content_type="text/plain", headers={"x-note": "hello"})
        streamed = asyncio.run(read_stream("/v1/counting"))

    assert (whole.status_code, whole.content, whole["x-seen"]) == (200, b"body", "hello")
    assert streamed == b"0 1 2 "


async def read_stream(target: str) -> bytes:
    answer = await AsyncClient().post(target)
    return b"".join([piece async for piece in answer.streaming_content])


def test_a_stream_goes_out_piece_by_piece_and_is_closed() -> None:
    start, *pieces, end = ask("/v1/counting")

    assert start["status"] == 200
    assert [piece["body"] for piece in pieces] == [b"0 ", b"1 ", b"2 "]
    assert not end.get("more_body")
    assert closed == ["closed"]


def test_a_view_that_streams_learns_at_once_that_its_caller_hung_up() -> None:
    ask("/v1/silent")

    assert closed == ["told"]


def test_a_body_that_says_it_is_too_long_is_refused_and_thrown_away() -> None:
    start, body = ask("/v1/echo", b"x" * 10, b"x" * 10, content_length=str(25 * MIB + 1))

    assert start["status"] == 413
    assert (b"Connection", b"close") in start["headers"]
    assert b'"request_too_large"' in body["body"]


def test_a_body_of_unknown_length_is_refused_when_it_passes_the_limit() -> None:
    half = b"x" * (13 * MIB)

    allowed, _ = ask("/v1/echo", half, half[: 12 * MIB])
    refused, _ = ask("/v1/echo", half, half)

    assert (allowed["status"], refused["status"]) == (200, 413)


def test_bodies_beyond_the_memory_of_the_process_are_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "MAX_BODIES_BYTES", 100)
    lean = Handler(__name__)

    start, _ = ask("/v1/echo", b"x" * 101, lean=lean, content_length="101")
    again, _ = ask("/v1/echo", b"x" * 100, lean=lean, content_length="100")

    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert again["status"] == 200


def test_a_caller_who_hangs_up_within_the_body_gets_nothing() -> None:
    assert ask("/v1/echo", b"half", None) == []  # type: ignore[arg-type]


def test_a_stopping_process_refuses_new_calls() -> None:
    lean = Handler(__name__)
    lean.stop()

    start, body = ask("/v1/echo", b"x", lean=lean)

    assert start["status"] == 503
    assert b'"server_is_stopping"' in body["body"]
    assert any(name == b"retry-after" for name, _ in start["headers"])


def test_a_fault_answers_500_without_the_words_of_the_exception(caplog: pytest.LogCaptureFixture) -> None:
    start, body = ask("/v1/faulty", b"x")

    assert start["status"] == 500
    assert b"secret" not in body["body"]
    (line,) = [record for record in caplog.records if record.getMessage() == "A relay view failed."]
    assert json.loads(body["body"])["error"]["request_id"] == vars(line)["request_id"]


def test_an_unknown_path_is_404_in_the_dialect() -> None:
    start, body = ask("/v1/nothing")

    assert start["status"] == 404
    assert b'"unknown_url"' in body["body"]


def test_a_query_that_is_no_text_is_a_bad_request() -> None:
    async def story() -> dict[str, Any]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await Handler(__name__)({**scope_of("/v1/echo", []), "query_string": b"a=\xff"}, receive, send)
        return sent[0]

    assert asyncio.run(story())["status"] == 400
