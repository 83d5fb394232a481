"""What every endpoint of the platform API shares: one error shape, amounts as decimal strings, bounded JSON bodies."""

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import errors
from apps.core.ids import public_id, uuid7
from apps.core.money import Nanos, credits_text, nanos_from_text
from apps.core.pagination import DEFAULT_SIZE, MAX_SIZE, Cursor, Page, parse_cursor
from apps.core.strict_json import strict_json

MAX_BODY_BYTES: Final = 1_048_576

TEAM = OpenApiParameter("team", str, description="A team of yours; by default the token's, or your personal one.")
CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous` of another page.")
LIMIT = OpenApiParameter("limit", int, description=f"Results a page, at most {MAX_SIZE}.")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A repetition within 24 hours makes nothing new and shows the object again, without its secret.",
)

_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (errors.NotFound, status.HTTP_404_NOT_FOUND),
    (errors.NotAllowed, status.HTTP_403_FORBIDDEN),
    (errors.Conflict, status.HTTP_409_CONFLICT),
    (errors.TooMany, status.HTTP_429_TOO_MANY_REQUESTS),
    (errors.SluiceError, status.HTTP_400_BAD_REQUEST),
)
_TYPE: Final = {
    status.HTTP_401_UNAUTHORIZED: "authentication",
    status.HTTP_402_PAYMENT_REQUIRED: "billing",
    status.HTTP_403_FORBIDDEN: "permission",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_409_CONFLICT: "conflict",
    status.HTTP_429_TOO_MANY_REQUESTS: "rate_limit",
}


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "request_too_large"
    default_detail = "A body may have at most 1 MiB here."


class BoundedJSONParser(JSONParser):
    """JSON of at most 1 MiB, without NaN and without a key twice: the second would win silently."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            parsed = strict_json(body.decode())
            json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair can be neither stored nor answered
            return parsed
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(f"The body is no JSON that can be read: {error}.") from None


class ApiView(APIView):
    """The base of every `/api/…` endpoint. Answers programs, so it speaks English whatever the reader's language."""

    renderer_classes = [JSONRenderer]
    parser_classes = [BoundedJSONParser]
    request_id = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request_id = public_id("req", uuid7())
        with translation.override("en"):
            response = super().dispatch(request, *args, **kwargs)
        response["X-Request-Id"] = self.request_id
        response.setdefault("Cache-Control", "no-store")
        return response

    def get_exception_handler(self) -> Any:
        return error_response


@extend_schema(exclude=True)
class NoSuchEndpoint(ApiView):
    """Every other address below `/api/`: refused in the shape of the API instead of with a page."""

    authentication_classes = []
    permission_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound("There is no such endpoint. /api/docs lists those there are.")


def error_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """`{"error": {"code", "type", "message", …, "request_id"}}`; None for what is a fault of ours and becomes a 500."""
    known = _as_api_exception(error)
    if known is None:
        return None
    response = Response({"error": _body(known, error, context["view"])}, status=known.status_code)
    wait = getattr(known, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(wait)
    challenge = getattr(known, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response


def bare_error(status_code: int, *, code: str, kind: str, message: str) -> JsonResponse:
    """The same shape where no view answers: before one is found, or after one failed."""
    request_id = public_id("req", uuid7())
    body = {"error": {"code": code, "type": kind, "message": message, "request_id": request_id}}
    return JsonResponse(body, status=status_code, headers={"X-Request-Id": request_id, "Cache-Control": "no-store"})


def page_of(request: Request) -> tuple[Cursor | None, int]:
    """The cursor and the page size that a request asks for."""
    text, size = request.query_params.get("cursor"), request.query_params.get("limit", str(DEFAULT_SIZE))
    if not (size.isascii() and size.isdigit() and 1 <= int(size[:9]) <= MAX_SIZE):
        raise errors.Invalid(f"Write a limit between 1 and {MAX_SIZE}.", field="limit")
    return (parse_cursor(text) if text else None), int(size)


def page_body(request: Request, page: Page[Mapping[str, object]]) -> dict[str, object]:
    """`{"next", "previous", "results"}` with the two as addresses to follow."""
    return {
        "next": _address(request, page.next),
        "previous": _address(request, page.previous),
        "results": page.results,
    }


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Refuses a body that is no object, and a field that it does not know: a misspelt limit must not mean none."""

    def to_internal_value(self, data: object) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({str(name): ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "decimal", "example": "10.5"})
class CreditsField(serializers.Field):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Credits as a decimal string, nanocredits inside. A JSON number is refused: it may have been a float."""

    default_error_messages = {
        "not_text": 'Write an amount as a string, such as "10.50".',
        "no_amount": 'Write an amount such as "10" or "10.50", with at most nine decimals.',
    }

    def to_internal_value(self, data: object) -> Nanos:
        if not isinstance(data, str):
            self.fail("not_text")
        try:
            return nanos_from_text(data)
        except ValueError:
            self.fail("no_amount")

    def to_representation(self, value: int) -> str:
        return credits_text(value)


class LimitSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A limit of the ledger, such as a budget. `used` counts from the last refill; what is held for calls under way is
    not left either."""

    limit = CreditsField(source="limit_nanos", allow_null=True, help_text="Null: it counts, and stops nothing.")
    used = CreditsField(source="used_nanos")
    held = CreditsField(source="held_nanos")
    remaining = CreditsField(source="remaining_nanos", allow_null=True)
    reset = serializers.SerializerMethodField(help_text="When it is refilled: daily, weekly, monthly; null: never.")
    resets_at = serializers.DateTimeField(allow_null=True, help_text="The next refill; null for none.")

    def get_reset(self, limit: Any) -> str | None:
        return limit.refill or None


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, errors.SluiceError):
        known = exceptions.APIException(str(error.text), error.code)
        known.status_code = next(code for kind, code in _STATUS if isinstance(error, kind))
        return known
    return None


def _body(known: exceptions.APIException, error: Exception, view: object) -> dict[str, object]:
    body: dict[str, object] = {
        "code": _code(known),
        "type": _TYPE.get(known.status_code, "invalid_request"),
        "message": _first_text(known.detail),
    }
    if isinstance(known, exceptions.ValidationError):
        body["fields"] = known.detail
    if isinstance(error, errors.SluiceError):
        body |= {name: _plain(value) for name, value in error.details.items()}
    return body | {"request_id": getattr(view, "request_id", "")}


def _code(known: exceptions.APIException) -> str:
    codes = known.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _first_text(detail: object) -> str:
    """The first problem in words, with the field it is about."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        text = _first_text(inner)
        return text if name == "non_field_errors" else f"{name}: {text}"
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return _first_text(next(item for item in detail if item))
    return str(detail)


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple, set, frozenset)) else str(value)


def _address(request: Request, cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor.as_text()
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
