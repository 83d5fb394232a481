"""One shape for every error of the platform API, whoever raised it, and bodies that are read with care."""

import json
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.test import RequestFactory
from django.utils import translation
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import errors
from apps.core.api import ApiView, CreditsField

Answer = tuple[HttpResponseBase, dict[str, object]]


class EchoView(ApiView):
    authentication_classes = []
    permission_classes = []
    problem: Callable[[], Exception] | None = None

    def post(self, request: Request) -> Response:
        if self.problem is not None:
            raise self.problem()
        return Response(request.data)


def answer_to(body: bytes = b"{}", problem: Exception | None = None) -> Answer:
    request = RequestFactory().post("/api/echo", body, content_type="application/json")
    view = EchoView.as_view(problem=problem and (lambda: problem))
    response = view(request).render()
    return response, json.loads(response.content)


@pytest.mark.parametrize(
    ("problem", "status", "code", "kind"),
    [
        (errors.NotFound(), 404, "not_found", "not_found"),
        (errors.NotAllowed(), 403, "not_allowed", "permission"),
        (errors.Conflict(), 409, "conflict", "conflict"),
        (errors.Invalid(), 400, "invalid", "invalid_request"),
        (errors.SluiceError(), 400, "error", "invalid_request"),
        (Http404(), 404, "not_found", "not_found"),
        (PermissionDenied(), 403, "permission_denied", "permission"),
        (exceptions.NotAuthenticated(), 403, "not_authenticated", "permission"),
        (exceptions.Throttled(wait=3.2), 429, "throttled", "rate_limit"),
    ],
)
def test_every_error_has_the_same_shape(problem: Exception, status: int, code: str, kind: str) -> None:
    response, body = answer_to(problem=problem)

    assert response.status_code == status
    assert set(body["error"]) == {"code", "type", "message", "request_id"}
    assert (body["error"]["code"], body["error"]["type"]) == (code, kind)
    assert body["error"]["request_id"] == response["X-Request-Id"]


def test_details_of_an_error_stand_beside_its_message() -> None:
    _, body = answer_to(problem=errors.Conflict("Too late.", need="0.3", have="0.1", until=None))

    assert body["error"] | {"request_id": ""} == {
        "code": "conflict",
        "type": "conflict",
        "message": "Too late.",
        "need": "0.3",
        "have": "0.1",
        "until": None,
        "request_id": "",
    }


def test_a_wrong_field_is_named() -> None:
    _, body = answer_to(problem=exceptions.ValidationError({"limit": ["Write an amount."]}))

    assert body["error"]["message"] == "limit: Write an amount."
    assert body["error"]["fields"] == {"limit": ["Write an amount."]}
    assert body["error"]["code"] == "invalid"


def test_a_throttled_caller_learns_when_to_come_back() -> None:
    response, _ = answer_to(problem=exceptions.Throttled(wait=3.2))

    assert response["Retry-After"] == "4"


def test_programs_are_answered_in_english() -> None:
    with translation.override("zh-hans"):
        _, body = answer_to(problem=errors.NotFound())

    assert body["error"]["message"] == "Nothing was found here."


def test_a_fault_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        answer_to(problem=ZeroDivisionError())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a": 1, "a": 2}', id="a key twice"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": Infinity}', id="Infinity"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"9" * 5_000, id="a number without end"),
    ],
)
def test_a_body_that_is_no_plain_json_is_refused(body: bytes) -> None:
    response, answer = answer_to(body or b" ")

    assert (response.status_code, answer["error"]["code"]) == (400, "parse_error")


def test_a_body_above_one_mebibyte_is_refused() -> None:
    response, answer = answer_to(b'"' + b"x" * 1_048_576 + b'"')

    assert (response.status_code, answer["error"]["code"]) == (413, "request_too_large")


def test_a_body_of_another_type_is_refused() -> None:
    request = RequestFactory().post("/api/echo", {"a": "1"})

    response = EchoView.as_view()(request).render()

    assert response.status_code == 415


class Amount(serializers.Serializer):
    amount = CreditsField()


@pytest.mark.parametrize(("text", "nanos"), [("0", 0), ("0.3", 300_000_000), ("10.000000001", 10_000_000_001)])
def test_amounts_come_as_decimal_strings(text: str, nanos: int) -> None:
    amount = Amount(data={"amount": text})

    assert amount.is_valid()
    assert amount.validated_data == {"amount": nanos}
    assert Amount({"amount": nanos}).data == {"amount": text}


@pytest.mark.parametrize("amount", [0.3, 1, None, True, "", "1e3", "٣", "0.0000000001", "99999999999", ["1"], "1 "])
def test_any_other_amount_is_refused(amount: object) -> None:
    assert not Amount(data={"amount": amount}).is_valid()
