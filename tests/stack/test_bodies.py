"""What a page takes is bounded before it is stored; what is more is thrown away and answered 413."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.bodies import TOO_LARGE, BoundedBody, RefuseLargeBodies, limit_of

MIB = 1024 * 1024
FORM = "/console/verification/apply"


def taken(path: str, pieces: Iterable[bytes], **headers: str) -> tuple[int, int, bool]:
    """How much Django would get of a body, how many messages were read for it, and whether it is called too large."""
    scope: dict[str, Any] = {"type": "http", "path": path, "headers": _raw(headers)}
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False
    asked = 0

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        return messages[asked - 1]

    async def read() -> int:
        body, size, more = BoundedBody(scope, receive), 0, True
        while more:
            message = await body()
            size, more = size + len(message["body"]), message["more_body"]
        return size

    return asyncio.run(read()), asked, bool(scope.get(TOO_LARGE))


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


def test_a_page_takes_one_mebibyte_and_an_upload_twelve() -> None:
    assert limit_of("/console/tokens/new") == MIB
    assert limit_of(FORM) == 12 * MIB


def test_what_fits_passes_whole() -> None:
    assert taken("/", [b"x" * MIB]) == (MIB, 1, False)
    assert taken(FORM, [b"x" * MIB] * 12) == (12 * MIB, 12, False)


def test_what_is_more_is_read_and_thrown_away() -> None:
    assert taken("/", [b"x" * MIB, b"x", b"x"]) == (MIB, 3, True)
    assert taken(FORM, [b"x" * MIB] * 13) == (12 * MIB, 13, True)


def test_nobody_listens_to_an_endless_body() -> None:
    size, asked, is_too_large = taken("/", [b"x" * MIB] * 100)

    assert (size, asked, is_too_large) == (MIB, 25, True)


def test_a_caller_who_asks_first_is_told_before_he_sends() -> None:
    assert taken("/", [b"x"], expect="100-continue", content_length=str(MIB + 1)) == (0, 0, True)


def test_the_end_of_the_connection_is_heard_after_a_body_that_was_cut() -> None:
    late = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    messages = iter([{"type": "http.request", "body": b"x" * 25 * MIB, "more_body": True}, *late])

    async def receive() -> Any:
        return next(messages)

    async def talk() -> list[str]:
        body = BoundedBody({"type": "http", "path": "/", "headers": []}, receive)
        return [(await body())["type"], (await body())["type"]]

    assert asyncio.run(talk()) == ["http.request", "http.disconnect"]


@pytest.mark.django_db
def test_a_large_form_gets_a_page_that_says_how_much(client: Client) -> None:
    file = SimpleUploadedFile("a.png", b"x" * (MIB + 1))

    answer = client.post("/console/tokens/new", {"name": file})

    assert answer.status_code == 413
    assert "takes at most 1 MiB" in answer.content.decode()


@pytest.mark.django_db
def test_a_large_call_gets_the_apis_error(client: Client) -> None:
    answer = client.post("/api/tokens", b"x" * (MIB + 1), content_type="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


def test_a_body_without_an_announced_length_is_refused_by_what_came() -> None:
    class Request:
        path_info = "/api/tokens"
        scope = {TOO_LARGE: True}
        META: dict[str, str] = {}

    answer = RefuseLargeBodies(lambda request: None).process_view(Request())  # type: ignore[arg-type,return-value]

    assert answer is not None
    assert answer.status_code == 413
