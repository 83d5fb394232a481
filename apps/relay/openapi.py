"""The relay in the OpenAPI schema. Its views read bytes, so that no serializer describes them; this page does."""

from typing import Any, Final

JSON: Final = "application/json"

_MESSAGES: Final = {
    "model": {"type": "string", "example": "gpt-4o-mini"},
    "messages": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    "stream": {"type": "boolean"},
    "max_tokens": {"type": "integer", "description": "Less holds less of the balance while the call runs."},
}
_CALLS: Final[dict[str, tuple[str, str, dict[str, Any], list[str]]]] = {
    "/v1/chat/completions": ("chat_completions", "Complete a conversation", _MESSAGES, ["model", "messages"]),
    "/v1/completions": (
        "completions",
        "Complete a text",
        {"model": {"type": "string"}, "prompt": {}, "stream": {"type": "boolean"}, "max_tokens": {"type": "integer"}},
        ["model", "prompt"],
    ),
    "/v1/embeddings": (
        "embeddings",
        "Embed texts",
        {"model": {"type": "string"}, "input": {}, "dimensions": {"type": "integer"}},
        ["model", "input"],
    ),
}
_COMING: Final = {
    "/v1/audio/speech": ("audio_speech", "Speak a text; planned, answers 404 until a model of this type is served"),
    "/v1/audio/transcriptions": (
        "audio_transcriptions",
        "Write down what was said; planned, answers 404 until a model of this type is served",
    ),
}
_ERRORS: Final = {
    "400": "The request could not be understood, or its input cannot fit the model's context "
    "(`context_length_exceeded`).",
    "401": "The API token is unknown, disabled or expired.",
    "402": "The token's limit, a budget or the balance does not cover the call; `scope`, `need` and `have` say "
    "which. A stream that has begun ends with the reason `length` instead.",
    "404": "There is no such model; `nearest` names those that may be meant. `availability` is `planned` for what is "
    "to come, `retired` for what was, with `retired_on` and `successor`.",
    "413": "The body is larger than 25 MiB.",
    "429": "A limit of calls is reached; `limit_type` says which, `Retry-After` when to come back.",
    "502": "The provider failed.",
    "503": "The service or every provider of the model is busy.",
    "504": "The provider did not answer in time, or the call took longer than an hour.",
}
_HEADERS: Final = {
    "x-request-id": {"description": "The call's id, as in the request log.", "schema": {"type": "string"}},
    "x-sluice-cost": {"description": "Credits charged; not on streams.", "schema": {"type": "string"}},
    "x-sluice-balance": {"description": "What this token can still spend.", "schema": {"type": "string"}},
}
_ERROR_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "type", "message", "request_id"],
            "properties": {name: {"type": "string"} for name in ("code", "type", "message", "request_id")},
            "additionalProperties": True,
        }
    },
}


def add_relay(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:  # noqa: FBT001
    """A hook of drf-spectacular, called with the finished schema."""
    components = result["components"]
    components["schemas"]["Error"] = _ERROR_SCHEMA
    components["securitySchemes"]["apiToken"] = {"type": "http", "scheme": "bearer", "bearerFormat": "sk-…"}
    result["paths"] |= {path: {"post": _call(*terms)} for path, terms in _CALLS.items()}
    result["paths"] |= {path: {"post": _planned(*terms)} for path, terms in _COMING.items()}
    result["paths"]["/v1/models"] = {"get": _question("models", "List the models that the token may call")}
    result["paths"]["/v1/models/{model}"] = {"get": _question("model", "Show one model", path_parameter="model")}
    return result


def _call(operation: str, summary: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    body = {"type": "object", "required": required, "properties": properties, "additionalProperties": True}
    return {
        **_question(operation, summary),
        "description": "OpenAI's dialect: fields that are not listed reach the model as they are.",
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": {"200": _answer(streams=operation != "embeddings"), **_refusals(_ERRORS)},
    }


def _question(operation: str, summary: str, *, path_parameter: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"relay_{operation}",
        "summary": summary,
        "tags": ["relay"],
        "security": [{"apiToken": []}],
        "responses": {"200": _answer(streams=False), **_refusals({"401": _ERRORS["401"]})},
    }
    if path_parameter:
        string = {"type": "string"}
        found["parameters"] = [{"in": "path", "name": path_parameter, "required": True, "schema": string}]
        found["responses"] |= _refusals({"404": _ERRORS["404"]})
    return found


def _planned(operation: str, summary: str) -> dict[str, Any]:
    refusals = _refusals({status: _ERRORS[status] for status in ("401", "404")})
    return {**_question(operation, summary), "responses": refusals}


def _answer(*, streams: bool) -> dict[str, Any]:
    content: dict[str, Any] = {JSON: {"schema": {"type": "object", "additionalProperties": True}}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return {"description": "The model's answer.", "headers": _HEADERS, "content": content}


def _refusals(texts: dict[str, str]) -> dict[str, Any]:
    error = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {status: {"description": text, "content": error} for status, text in texts.items()}
