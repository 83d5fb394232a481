"""How refusals read: status, body and headers, as programs rely on them."""

import json

import httpx
import pytest

from apps.relay import errors
from apps.relay.upstreams import openai


def answer(error: errors.RelayError) -> tuple[int, dict[str, object], dict[str, str]]:
    response = errors.answer_for(error, "req_1")
    return response.status_code, json.loads(response.content)["error"], {k.lower(): v for k, v in response.items()}


def test_every_error_has_the_four_keys_and_the_request_id() -> None:
    status, error, headers = answer(errors.BadRequest("Wrong.", param="n", code="invalid_type"))

    assert status == 400
    assert error["message"] == "Wrong."
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", "n", "invalid_type")
    assert error["request_id"] == headers["x-request-id"] == "req_1"


def test_a_bad_key_says_how_to_sign() -> None:
    status, error, headers = answer(errors.InvalidToken("Expired.", hint="expired"))

    assert (status, error["code"], error["hint"]) == (401, "invalid_api_key", "expired")
    assert headers["www-authenticate"] == "Bearer"


def test_missing_money_is_not_to_be_tried_again() -> None:
    status, error, headers = answer(errors.InsufficientQuota(scope="token", need="0.3", have="0.1"))

    assert (status, error["code"], error["type"]) == (402, "insufficient_quota", "billing")
    assert (error["scope"], error["need"], error["have"]) == ("token", "0.3", "0.1")
    assert headers["x-should-retry"] == "false"


def test_a_limit_says_which_and_how_long() -> None:
    status, error, headers = answer(errors.RateLimited("Slow.", limit_type="rpm", retry_after=1.25))

    assert (status, error["limit_type"], error["retry_after"]) == (429, "rpm", 1.25)
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("2", "1250")


def test_a_stream_ends_with_the_same_error() -> None:
    frame = errors.frame_for(errors.UpstreamError(), "req_1")

    assert frame.startswith(b"data: {")
    assert frame.endswith(b"}\n\n")
    assert json.loads(frame[6:])["error"]["code"] == "upstream_error"


UPSTREAM = b'{"error":{"message":"secret account text","type":"%s","param":null,"code":"%s"}}'


@pytest.mark.parametrize(
    ("status", "type_", "code", "ours"),
    [
        (401, b"invalid_request_error", b"invalid_api_key", 503),
        (402, b"billing", b"insufficient_quota", 503),
        (403, b"", b"AccessDenied.Unpurchased", 503),
        (404, b"invalid_request_error", b"model_not_found", 503),
        (400, b"", b"Arrearage", 503),
        (400, b"", b"InvalidApiKey", 503),
        (429, b"insufficient_quota", b"insufficient_quota", 503),
        (429, b"", b"Throttling.RateQuota", 429),
        (408, b"", b"RequestTimeOut", 504),
        (500, b"", b"InternalError.Algo", 502),
        (503, b"", b"server_is_overloaded", 503),
        (504, b"", b"", 504),
        (302, b"", b"", 503),
    ],
)
def test_a_fault_of_ours_never_looks_like_the_callers(status: int, type_: bytes, code: bytes, ours: int) -> None:
    error = openai.error_of_answer(status, (), UPSTREAM % (type_, code))

    assert error.status == ours
    assert "secret account text" not in json.dumps(answer(error)[1])
    assert openai.is_next_ones_turn(error)


@pytest.mark.parametrize(
    ("status", "code", "ours", "our_code"),
    [
        (400, b"context_length_exceeded", 400, "context_length_exceeded"),
        (422, b"unprocessable", 422, "unprocessable"),
        (400, b"DataInspectionFailed", 400, "content_policy_violation"),
        (413, b"", 413, "request_too_large"),
    ],
)
def test_the_callers_mistake_is_told_in_the_upstreams_words(status: int, code: bytes, ours: int, our_code: str) -> None:
    error = openai.error_of_answer(status, (), UPSTREAM % (b"invalid_request_error", code))

    assert (error.status, error.code) == (ours, our_code)
    assert not openai.is_next_ones_turn(error)


def test_the_upstreams_patience_is_passed_on_within_reason() -> None:
    body = UPSTREAM % (b"", b"Throttling")

    assert openai.error_of_answer(429, [(b"retry-after", b"7")], body).retry_after == 7
    assert openai.error_of_answer(429, [(b"retry-after", b"99999")], body).retry_after == 60


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (httpx.ConnectError("x"), 503),
        (httpx.ConnectTimeout("x"), 503),
        (httpx.ReadTimeout("x"), 504),
        (httpx.ReadError("x"), 502),
        (httpx.RemoteProtocolError("x"), 502),
    ],
)
def test_a_broken_connection_is_the_upstreams_fault(error: httpx.TransportError, status: int) -> None:
    assert openai.error_of_transport(error).status == status
