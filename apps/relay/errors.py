"""What a call can be refused for, and how it reads to a program: one class a fact, one row of the table each.

RelayError                      status  type                       code
├── BadRequest                  400     invalid_request_error      invalid_request (or a finer one)
├── InvalidToken                401     invalid_request_error      invalid_api_key        + hint
├── InsufficientQuota           402     billing                    insufficient_quota     + scope, need, have
├── AddressNotAllowed           403     invalid_request_error      ip_not_allowed
├── ModelNotFound               404     invalid_request_error      model_not_found        + nearest
├── UnknownUrl                  404     invalid_request_error      unknown_url
├── WrongMethod                 405     invalid_request_error      method_not_allowed
├── RequestTooLarge             413     invalid_request_error      request_too_large
├── EncodingNotSupported        415     invalid_request_error      unsupported_encoding
├── RateLimited                 429     rate_limit_error           rate_limit_exceeded    + limit_type
├── UpstreamRefusal             4xx     the upstream's             the upstream's: the caller's own mistake
├── UpstreamError               502     server_error               upstream_error
├── TooBusy                     503     service_unavailable_error  server_is_overloaded
│   └── ShuttingDown            503     service_unavailable_error  server_is_stopping
├── UpstreamUnavailable         503     service_unavailable_error  upstream_unavailable
├── UpstreamTimeout             504     server_error               upstream_timeout
└── CallTooLong                 504     server_error               call_too_long

Acts on tokens and channels fail for people, translated, with a base of `apps.core.errors`:

├── TokenMissing, ChannelMissing, ChannelKeyMissing             (NotFound)
├── TokenOfWhoLeft                                              (NotAllowed)
├── TokenLimitReached, TokenNameTaken, TokenTaken, ChannelNameTaken     (Conflict)
└── TokenInvalid, ChannelInvalid, CatalogueInvalid              (Invalid; `field` or `path` names what to correct)

The text of a call's refusal is English: programs and their authors read it. It never holds a message, a key or a word
of an upstream about our own account; `UpstreamRefusal` alone quotes the upstream, which may quote the message: of that
only `noted_code` is ever written down.
"""

import math

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound, SluiceError
from apps.core.ids import public_id, uuid7

_encode = msgspec.json.Encoder().encode
_USUAL_CODES = frozenset(
    (
        "array_above_max_length",
        "array_below_min_length",
        "content_policy_violation",
        "context_length_exceeded",
        "decimal_above_max_value",
        "decimal_below_min_value",
        "image_parse_error",
        "image_too_large",
        "integer_above_max_value",
        "integer_below_min_value",
        "invalid_base64",
        "invalid_function_parameters",
        "invalid_image_format",
        "invalid_image_url",
        "invalid_json_schema",
        "invalid_parameter_error",
        "invalid_prompt",
        "invalid_request",
        "invalid_request_error",
        "invalid_type",
        "invalid_value",
        "missing_required_parameter",
        "string_above_max_length",
        "unknown_parameter",
        "unsupported_parameter",
        "unsupported_value",
    )
)
"""Upstreams' codes for mistakes of callers. Any other may be made of the caller's own words."""


class RelayError(SluiceError):
    status = 500
    type = "server_error"
    code = "internal_error"
    text = "Something went wrong on our side."

    def __init__(self, text: str | None = None, *, code: str | None = None, **details: object) -> None:
        super().__init__(text, **details)
        if code is not None:
            self.code = code

    @property
    def noted_code(self) -> str:
        """What records, logs and metrics call it: always a word that we know."""
        return self.code

    @property
    def retry_after(self) -> float | None:
        """Seconds, when waiting helps."""
        seconds = self.details.get("retry_after")
        return seconds if isinstance(seconds, int | float) else None


class BadRequest(RelayError):
    status = 400
    type = "invalid_request_error"
    code = "invalid_request"
    text = "The request could not be understood."


class InvalidToken(RelayError):
    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"
    text = "The API key is not valid."


class InsufficientQuota(RelayError):
    status = 402
    type = "billing"
    code = "insufficient_quota"
    text = "There is not enough credit for this call."


class AddressNotAllowed(RelayError):
    status = 403
    type = "invalid_request_error"
    code = "ip_not_allowed"
    text = "This API key may not be used from your address."


class ModelNotFound(RelayError):
    status = 404
    type = "invalid_request_error"
    code = "model_not_found"


class UnknownUrl(RelayError):
    status = 404
    type = "invalid_request_error"
    code = "unknown_url"

    def __init__(self, method: str | None, path: str) -> None:
        super().__init__(f"Unknown request URL: {method} {path}. Check the path and the method.")


class WrongMethod(RelayError):
    status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"

    def __init__(self, method: str | None, path: str) -> None:
        super().__init__(f"Not allowed to {method} on {path}.")


class RequestTooLarge(RelayError):
    status = 413
    type = "invalid_request_error"
    code = "request_too_large"
    text = "The request body is larger than 25 MiB."


class EncodingNotSupported(RelayError):
    status = 415
    type = "invalid_request_error"
    code = "unsupported_encoding"
    text = "Send the body without Content-Encoding."


class RateLimited(RelayError):
    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class UpstreamRefusal(RelayError):
    """The upstream found a mistake in the caller's request; its own words are the best help there is."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"

    def __init__(self, text: str, *, status: int, code: str | None = None, **details: object) -> None:
        super().__init__(text, code=code, **details)
        self.status = status

    @property
    def noted_code(self) -> str:
        return self.code if self.code in _USUAL_CODES else "upstream_refusal"


class UpstreamError(RelayError):
    status = 502
    code = "upstream_error"
    text = "The model's provider failed to answer. Try again."


class TooBusy(RelayError):
    status = 503
    type = "service_unavailable_error"
    code = "server_is_overloaded"
    text = "The service is busy. Try again in a moment."

    def __init__(self, text: str | None = None, *, retry_after: float = 1) -> None:
        super().__init__(text, retry_after=retry_after)


class ShuttingDown(TooBusy):
    code = "server_is_stopping"
    text = "This server is being restarted. Try again in a moment."


class UpstreamUnavailable(RelayError):
    status = 503
    type = "service_unavailable_error"
    code = "upstream_unavailable"
    text = "No provider of this model is available at the moment. Try again shortly."

    def __init__(self, text: str | None = None, *, retry_after: float = 5) -> None:
        super().__init__(text, retry_after=retry_after)


class UpstreamTimeout(RelayError):
    status = 504
    code = "upstream_timeout"
    text = "The model's provider did not answer in time."


class CallTooLong(RelayError):
    status = 504
    code = "call_too_long"
    text = "A call may take an hour at most."


def new_request_id() -> str:
    """For an answer to something that never became a call."""
    return public_id("req", uuid7())


def answer_for(error: RelayError, request_id: str | None = None) -> HttpResponse:
    """The error as a whole answer of the OpenAI dialect."""
    request_id = request_id or new_request_id()
    headers = {"x-request-id": request_id, **headers_of(error)}
    return HttpResponse(body_of(error, request_id), "application/json", error.status, headers=headers)


def frame_for(error: RelayError, request_id: str) -> bytes:
    """The error as the last event of a stream that had begun."""
    return b"data: " + body_of(error, request_id) + b"\n\n"


def body_of(error: RelayError, request_id: str) -> bytes:
    fields = {"message": str(error.text), "type": error.type, "param": None, "code": error.code, "retry_after": None}
    return _encode({"error": {**fields, **error.details, "request_id": request_id}})


def headers_of(error: RelayError) -> dict[str, str]:
    """The headers that tell clients whether and when to try again, and how to sign."""
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (402, 409) or isinstance(error, CallTooLong):
        headers["x-should-retry"] = "false"
    if (seconds := error.retry_after) is not None:
        headers["retry-after"] = str(math.ceil(seconds))
        headers["retry-after-ms"] = str(math.ceil(seconds * 1000))
    return headers


# -- Acts on tokens and channels -----------------------------------------------------------------


class TokenMissing(NotFound):
    code = "token_not_found"
    text = _("There is no such API token.")


class ChannelMissing(NotFound):
    code = "channel_not_found"
    text = _("There is no such channel.")


class ChannelKeyMissing(NotFound):
    code = "channel_key_not_found"
    text = _("There is no such channel key.")


class TokenOfWhoLeft(NotAllowed):
    code = "token_of_who_left"
    text = _("Whoever made this API token left the team. Only the owner or an admin can enable it again.")


class TokenLimitReached(Conflict):
    code = "token_limit_reached"
    text = _("The team has as many API tokens as it may have. Delete one first.")


class TokenNameTaken(Conflict):
    code = "token_name_taken"
    text = _("The team already has an API token with this name.")


class TokenTaken(Conflict):
    code = "token_taken"
    text = _("Another team has an API token with this key.")


class ChannelNameTaken(Conflict):
    code = "channel_name_taken"
    text = _("There is already a channel with this name.")


class TokenInvalid(Invalid):
    code = "token_invalid"


class ChannelInvalid(Invalid):
    code = "channel_invalid"


class CatalogueInvalid(Invalid):
    code = "catalogue_invalid"
