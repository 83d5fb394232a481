"""The relay's doors in OpenAI's dialect: read the request, run the pipeline, turn what it refuses into an answer."""

import logging
import time

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock, metrics
from apps.core.errors import Invalid, SluiceError
from apps.core.http import request_ip
from apps.core.ids import public_id, uuid7
from apps.relay import admission, call_log, errors, pipeline, wire
from apps.relay.asyncview import AsyncAPIView
from apps.relay.missing_models import type_to_come
from apps.relay.runtime import get_runtime
from apps.relay.types import Endpoint, Incoming, ModelSnapshot

_encode = msgspec.json.Encoder().encode
logger = logging.getLogger(__name__)


class RelayView(AsyncAPIView):
    """A door whose refusals read as OpenAI's, and carry the id the call has in the log."""

    schema = None

    def incoming(self, request: Request) -> Incoming:
        meta = request.META
        self.call_id = uuid7()
        return Incoming(
            call_id=self.call_id,
            at=clock.now(),
            started=time.monotonic(),
            body=_body_of(request),
            authorization=meta.get("HTTP_AUTHORIZATION"),
            api_key=meta.get("HTTP_X_API_KEY"),
            content_encoding=meta.get("HTTP_CONTENT_ENCODING"),
            ip=request_ip(request._request),
            disconnect=getattr(request._request, "disconnected", None),
        )

    def handle_exception(self, exc: Exception) -> Response | HttpResponse:  # type: ignore[override]
        error = _error_of(exc, self.request)
        call_id = getattr(self, "call_id", None)
        request_id = errors.new_request_id() if call_id is None else public_id("req", call_id)
        if error.status == 500:
            logger.error("A call met a fault of ours.", exc_info=exc, extra={"request_id": request_id})
        metrics.REFUSALS.labels(error.noted_code).inc()
        call_log.note(
            {
                "at": clock.now(),
                "text": "refused",
                "request_id": request_id,
                "route": _route_of(self.request),
                "status": error.status,
                "error": error.noted_code,
            }
        )
        answer = errors.answer_for(error, request_id)
        if isinstance(error, errors.WrongMethod):
            answer["allow"] = ", ".join(self.allowed_methods)
        return answer


def _body_of(request: Request) -> bytes:
    try:
        return request._request.body
    except RequestDataTooBig:
        raise errors.RequestTooLarge from None


def _route_of(request: Request) -> str:
    """Not the path: it may hold what the caller made up."""
    match = request.resolver_match
    return "" if match is None else str(match.route)


def _error_of(exc: Exception, request: Request) -> errors.RelayError:
    if isinstance(exc, errors.RelayError):
        return exc
    if isinstance(exc, MethodNotAllowed):
        return errors.WrongMethod(request.method, request.path)
    if isinstance(exc, Invalid) or (isinstance(exc, APIException) and exc.status_code < 500):
        return errors.BadRequest()
    if isinstance(exc, SluiceError | APIException):
        return errors.RelayError()  # what the ledger or the catalogue cannot do is not the caller's mistake
    return errors.UnknownUrl(request.method, request.path)


class CallView(RelayView):
    """A door that relays calls of one endpoint."""

    endpoint: Endpoint

    async def post(self, request: Request) -> HttpResponseBase:
        return await pipeline.relay(self.incoming(request), self.endpoint, get_runtime())


class ChatCompletionsView(CallView):
    endpoint = wire.CHAT


class CompletionsView(CallView):
    endpoint = wire.COMPLETIONS


class EmbeddingsView(CallView):
    endpoint = wire.EMBEDDINGS


class ComingView(RelayView):
    """A door whose form is settled and behind which no model can be called yet."""

    model_type: str

    async def post(self, request: Request) -> HttpResponseBase:
        await pipeline.signed_in(self.incoming(request), get_runtime())
        raise type_to_come(self.model_type)


class SpeechView(ComingView):
    model_type = "tts"


class TranscriptionsView(ComingView):
    model_type = "transcription"


class ModelsView(RelayView):
    """The models that the caller's token can use."""

    async def get(self, request: Request) -> HttpResponse:
        incoming, runtime = self.incoming(request), get_runtime()
        caller = await pipeline.signed_in(incoming, runtime)
        models = admission.models_for(runtime.snapshots, caller, at=incoming.at)
        return self.answer({"object": "list", "data": [_listed(model) for model in models]})

    def answer(self, content: dict[str, object]) -> HttpResponse:
        headers = {"x-request-id": public_id("req", self.call_id)}
        return HttpResponse(_encode(content), "application/json", headers=headers)


class ModelView(ModelsView):
    """One of them; ids may contain slashes."""

    async def get(self, request: Request, model_id: str) -> HttpResponse:  # type: ignore[override]
        incoming, runtime = self.incoming(request), get_runtime()
        caller = await pipeline.signed_in(incoming, runtime)
        return self.answer(_listed(admission.model_for(runtime.snapshots, caller, model_id, at=incoming.at)))


class UnknownView(RelayView):
    """Every other path below `/v1/`."""

    async def get(self, request: Request, rest: str) -> HttpResponseBase:
        return await self._refuse(request)

    async def _refuse(self, request: Request, *args: object, **kwargs: object) -> HttpResponseBase:
        raise errors.UnknownUrl(request.method, request.path)


def _listed(model: ModelSnapshot) -> dict[str, object]:
    created = int(model.created_at.timestamp())
    return {"id": model.code, "object": "model", "created": created, "owned_by": model.vendor}
