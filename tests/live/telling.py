"""Callers who put one text into every corner of a request, and requests that fail at every stage."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from apps.core.secret_tokens import mint

MIB = 1024 * 1024
LEAVE_SECONDS = 0.4
GONE = 0
"""Instead of a status: the caller left before the answer."""
CHAT, COMPLETIONS, EMBEDDINGS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"
ENDPOINTS = (CHAT, COMPLETIONS, EMBEDDINGS)
STREAMED = (CHAT, COMPLETIONS)
KINDS = {CHAT: "echo", COMPLETIONS: "echo", EMBEDDINGS: "vector"}
WAYS = {
    "": 200,
    "-tools": 200,
    "-uncounted": 200,
    "-refused": 400,
    "-unsigned": 503,
    "-limited": 429,
    "-broken": 502,
    "-page": 502,
    "-cut": 502,
    "-silent": GONE,
    "-late": GONE,
}
"""The models of `catalogue.echoing`, and what a plain call of each is answered. A stream that has begun stays 200."""


@dataclass(frozen=True)
class Call:
    """One request and the status it must get. `leaves`: the caller takes one piece of the answer and hangs up."""

    name: str
    status: int
    path: str = CHAT
    body: Any = None
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    leaves: bool = False


def calls(text: str, *, key: str, poor_key: str, slow_key: str) -> list[Call]:
    """All of them, with three tokens: one with money, one without, one that may call once a minute."""
    relayed = [
        *(call for path in ENDPOINTS for call in _relayed(path, text)),
        *_malformed(text),
        *_misplaced(text),
        *(Call(f"no money {p}", 402, p, body_of(p, KINDS[p], text), headers=_auth(poor_key)) for p in ENDPOINTS),
        Call("first of a minute", 200, CHAT, body_of(CHAT, "echo", text), headers=_auth(slow_key)),
        Call("second of a minute", 429, CHAT, body_of(CHAT, "echo", text), headers=_auth(slow_key)),
    ]
    signed = [
        Call(c.name, c.status, c.path, c.body, c.method, {**_told(text), **_auth(key), **c.headers}, c.leaves)
        for c in relayed
    ]
    return [*signed, *_unsigned(text)]


def _auth(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _told(text: str) -> dict[str, str]:
    names = ("user-agent", "x-request-id", "idempotency-key", "openai-organization", "x-forwarded-for", "cookie")
    return dict.fromkeys((*names, f"x-{text}"), text)


# -- Calls that reach the upstream ---------------------------------------------------------------


def body_of(path: str, model: str, text: str, **fields: Any) -> dict[str, Any]:
    """A well-formed request that says the text wherever a caller can; the double repeats what comes last."""
    common = {"model": model, "user": text, text: text, "max_tokens": 20}
    if path == CHAT:
        return {**common, **_conversation(text), **fields}
    if path == COMPLETIONS:
        return {**common, "prompt": text, "suffix": text, "stop": [text], **fields}
    return {**common, "input": text, **fields}


def _conversation(text: str) -> dict[str, Any]:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{text}", "detail": text}}
    paper = {"type": "file", "file": {"filename": f"{text}.pdf", "file_data": text}}
    schema = {"type": "object", "description": text, "properties": {text: {"type": "string", "enum": [text]}}}
    function = {"name": text, "description": text, "parameters": schema}
    called = {"id": text, "type": "function", "function": {"name": text, "arguments": text}}
    return {
        "messages": [
            {"role": "system", "content": text},
            {"role": "user", "name": text, "content": [{"type": "text", "text": text}, picture, paper]},
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "tool_call_id": text, "content": text},
            {"role": "user", "content": text},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": text}},
        "response_format": {"type": "json_schema", "json_schema": {"name": text, "schema": schema}},
        "metadata": {text: text},
        "prediction": {"type": "content", "content": text},
        "prompt_cache_key": text,
        "safety_identifier": text,
        "stop": [text],
    }


def _relayed(path: str, text: str) -> Iterator[Call]:
    for way, status in WAYS.items():
        yield Call(f"echo{way} {path}", status, path, body_of(path, f"{KINDS[path]}{way}", text))
    if path in STREAMED:
        for way, status in WAYS.items():
            begins = way in ("-cut", "-silent")
            body = body_of(path, f"echo{way}", text, stream=True)
            yield Call(f"echo{way} {path} stream", 200 if begins else status, path, body, leaves=way == "-silent")
        told = body_of(path, "echo", text, stream=True, stream_options={"include_usage": True})
        yield Call(f"stream with usage {path}", 200, path, told)
        yield Call(f"hang up {path}", 200, path, body_of(path, "echo-slow", text, stream=True), leaves=True)


# -- Calls that are refused ----------------------------------------------------------------------


def _malformed(text: str) -> Iterator[Call]:
    for path in ENDPOINTS:
        for name, status, body in _bad_bodies(path, text):
            yield Call(f"{name} {path}", status, path, body)
        yield Call(f"compressed {path}", 415, path, body_of(path, "echo", text), headers={"content-encoding": text})


def _bad_bodies(path: str, text: str) -> Iterator[tuple[str, int, Any]]:
    said = text.encode()
    yield "no JSON", 400, said
    yield "half a body", 400, b'{"model":"echo","messages":[{"role":"user","content":"' + said
    yield "a list", 400, [text]
    yield "the same key twice", 400, b'{"model":"echo","%b":1,"%b":2}' % (said, said)
    yield "no UTF-8", 400, b'{"model":"echo","prompt":"%b\xff"}' % said
    yield "NaN", 400, b'{"model":"echo","%b":NaN}' % said
    yield "too deep", 400, b'{"%b":' % said + b"[" * 500 + b"]" * 500 + b"}"
    yield "nothing said", 400, {"model": "echo", "user": text}
    yield "a key in capitals", 400, body_of(path, "echo", text, USER=text)
    yield "a model that is a list", 400, {**body_of(path, "echo", text), "model": [text]}
    yield "a model nobody knows", 404, body_of(path, text, text)
    yield (
        "content of a wrong type",
        400,
        body_of(path, "echo", text, messages={text: text}, prompt=7, input={text: text}),
    )
    if path == CHAT:
        yield "tools of a wrong type", 400, body_of(path, "echo", text, tools=text)
        yield "a dear service tier", 400, body_of(path, "echo", text, service_tier=text)
        yield "a message of a wrong type", 400, body_of(path, "echo", text, messages=[text])
    if path in STREAMED:
        yield "a stream of a wrong type", 400, body_of(path, "echo", text, stream=text)
        yield "a number of a wrong type", 400, body_of(path, "echo", text, n=text)
    yield "too long", 413, said + b" " * 25 * MIB


def _misplaced(text: str) -> Iterator[Call]:
    yield Call("models", 200, "/v1/models", method="GET")
    yield Call("a model", 200, f"/v1/models/echo?key={text}", method="GET")
    yield Call("an unknown model", 404, f"/v1/models/{text}", method="GET")
    yield Call("a vendor's unknown model", 404, f"/v1/models/{text}/{text}", method="GET")
    yield Call("an unknown path", 404, f"/v1/{text}", body={"prompt": text})
    yield Call("an unknown path below a known one", 404, f"{CHAT}/{text}?{text}={text}", body={"prompt": text})
    yield Call("an unknown path elsewhere in the relay", 404, f"/v1beta/{text}", body={"prompt": text})
    yield Call("a wrong method", 405, f"{CHAT}?{text}={text}", method="GET")
    yield Call("an invented method", 400, CHAT, method=text.upper(), body=body_of(CHAT, "echo", text))
    yield Call("a target that is too long", 414, f"/v1/models/{text * 600}", method="GET")
    yield Call("a head that is too long", 431, "/v1/models", method="GET", headers={"x-long": text * 2_000})


def _unsigned(text: str) -> Iterator[Call]:
    wrong = {
        "a wrong token": _auth(text),
        "a wrong token like ours": _auth(f"sk-{text}"),
        "a token that was never given": _auth(mint("sk-")),
        "no Bearer": {"authorization": text},
        "another scheme": {"authorization": f"Basic {text}"},
        "a wrong x-api-key": {"x-api-key": text},
        "no token": {},
    }
    for path in (*ENDPOINTS, "/v1/models", f"/v1/models/{text}"):
        method, body = ("POST", body_of(path, "echo", text)) if path in ENDPOINTS else ("GET", None)
        for name, headers in wrong.items():
            yield Call(f"{name} {path}", 401, path, body, method, {**_told(text), **headers})


# -- Saying it -----------------------------------------------------------------------------------


def say(client: httpx.Client, call: Call) -> tuple[int, bytes]:
    """The status and what was read of the answer; `GONE` when the caller lost patience."""
    content: dict[str, Any] = {"content": call.body} if isinstance(call.body, bytes) else {"json": call.body}
    content = {} if call.body is None else content
    timeout = LEAVE_SECONDS if call.status == GONE else 30
    try:
        with client.stream(call.method, call.path, headers=call.headers, timeout=timeout, **content) as answer:
            pieces = answer.iter_raw()
            return answer.status_code, next(pieces) if call.leaves else b"".join(pieces)
    except httpx.ReadTimeout:
        return GONE, b""


def say_badly(port: int, call: Call) -> None:
    """What no client library sends: a body without a head, and half a body after a head."""
    content = json.dumps(call.body).encode()
    head = f"POST {call.path} HTTP/1.1\r\nHost: x\r\nAuthorization: {call.headers['authorization']}\r\n"
    half = f"{head}Content-Length: {2 * len(content)}\r\n\r\n".encode() + content
    for words in (content, half):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.settimeout(LEAVE_SECONDS)
            connection.sendall(words)
            try:
                connection.recv(4096)
            except TimeoutError:
                continue
