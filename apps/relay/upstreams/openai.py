"""Channels that speak OpenAI's dialect: how a call is addressed and signed, and whose fault an answer is.

A fault of ours (our key, our account, our set-up) never looks like the caller's: it becomes 503, and the next channel
is asked.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from apps.relay import events
from apps.relay.connection import Timeouts
from apps.relay.errors import (
    RateLimited,
    RelayError,
    RequestTooLarge,
    UpstreamError,
    UpstreamRefusal,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from apps.relay.types import ChannelSnapshot

Headers = Sequence[tuple[bytes, bytes]]

PREFIX = "/v1"
TIMEOUTS = Timeouts(connect=5.0, first_byte=300.0, idle=120.0)
SLOW_TIMEOUTS = Timeouts(connect=5.0, first_byte=600.0, idle=300.0)
"""For models that think before they write."""
MAX_RETRY_SECONDS = 60.0

_OUR_ACCOUNT = (
    "arrearage",
    "invalidapikey",
    "invalid_api_key",
    "invalid_organization",
    "accessdenied",
    "freetieronly",
    "insufficient_quota",
    "billing",
    "credit_balance",
    "model_not_found",
    "modelnotfound",
    "deploymentnotfound",
)
_POLICY = ("datainspection", "content_policy", "content_filter", "moderation")


def target_of(channel: ChannelSnapshot, endpoint: str) -> bytes:
    """The path at the upstream: its base URL with its own version prefix, then ours without."""
    return (urlsplit(channel.base_url).path.rstrip("/") + endpoint.removeprefix(PREFIX)).encode()


def headers_of(key: str | None, *, stream: bool) -> list[tuple[bytes, bytes]]:
    """Nothing of the caller's own headers goes to the upstream."""
    headers = [
        (b"content-type", b"application/json"),
        (b"accept", b"text/event-stream" if stream else b"application/json"),
    ]
    if key:
        headers.append((b"authorization", b"Bearer " + key.encode()))
    return headers


def error_of_transport(error: httpx.TransportError) -> RelayError:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return UpstreamUnavailable()
    return UpstreamTimeout() if isinstance(error, httpx.TimeoutException) else UpstreamError()


def error_of_answer(status: int, headers: Headers, body: bytes) -> RelayError:
    """What an answer other than 200 means to the caller."""
    said = events.error_of(body) or events.ErrorText("The model's provider refused the request.")
    words = f"{said.code} {said.type}".lower()
    if status in (408, 504):
        return UpstreamTimeout()
    if status >= 500:
        return UpstreamUnavailable() if status == 503 else UpstreamError()
    if status not in (400, 409, 413, 415, 422, 429) or any(word in words for word in _OUR_ACCOUNT):
        return UpstreamUnavailable()
    if status == 429:
        return RateLimited(
            "The model's provider is receiving too many requests. Try again shortly.",
            limit_type="upstream",
            retry_after=_retry_after(headers),
        )
    return _refusal(status, said, words)


def error_of_event(data: bytes) -> RelayError:
    """An error where a stream's first chunk should be; it carries no status."""
    said = events.error_of(data)
    words = "" if said is None else f"{said.code} {said.type}".lower()
    if said is not None and ("invalid_request" in words or any(word in words for word in _POLICY)):
        return error_of_answer(400, (), data)
    return UpstreamError()


def is_next_ones_turn(error: RelayError) -> bool:
    """Whether another channel may do better: never for the caller's own mistakes."""
    return error.status >= 429


def _refusal(status: int, said: events.ErrorText, words: str) -> RelayError:
    if status == 413:
        return RequestTooLarge("The model's provider found the request too large.")
    if any(word in words for word in _POLICY):
        return UpstreamRefusal(said.message, status=400, code="content_policy_violation", param=said.param)
    status = status if status in (409, 415, 422) else 400
    return UpstreamRefusal(said.message, status=status, code=said.code, param=said.param)


def _retry_after(headers: Headers) -> float:
    for name, value in headers:
        if name == b"retry-after" and value.isdigit():
            return min(float(value), MAX_RETRY_SECONDS)
    return 1.0
