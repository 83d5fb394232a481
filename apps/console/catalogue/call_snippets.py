"""How a model is called, path by path: what to type first. Only texts; which paths serve a model, its type says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import Resolver404, resolve

_HELLO: Final = [{"role": "user", "content": "Say hello."}]
_BODIES: Final[dict[str, dict[str, Any]]] = {
    "/v1/chat/completions": {"messages": _HELLO},
    "/v1/responses": {"input": "Say hello."},
    "/v1/messages": {"max_tokens": 256, "messages": _HELLO},
    "/v1/embeddings": {"input": "The first snow of the year"},
    "/v1/rerank": {"query": "first snow", "documents": ["A snowy morning", "A summer evening"]},
    "/v1/moderations": {"input": "Say hello."},
    "/v1/images/generations": {"prompt": "A lighthouse at dusk", "n": 1},
    "/v1/audio/speech": {"input": "Hello.", "voice": "alloy"},
    "/v1/videos": {"prompt": "A lighthouse at dusk", "seconds": "5"},
}
_OPENAI: Final = """from openai import OpenAI

client = OpenAI(base_url="{base}/v1", api_key="sk-…")
"""
_ANTHROPIC: Final = """from anthropic import Anthropic

client = Anthropic(base_url="{base}", api_key="sk-…")
"""
_PYTHON: Final = {
    "/v1/chat/completions": _OPENAI
    + """answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "Say hello."}}],
)
print(answer.choices[0].message.content)""",
    "/v1/responses": _OPENAI
    + """answer = client.responses.create(model="{model}", input="Say hello.")
print(answer.output_text)""",
    "/v1/embeddings": _OPENAI
    + """found = client.embeddings.create(model="{model}", input="The first snow of the year")
print(len(found.data[0].embedding))""",
    "/v1/images/generations": _OPENAI
    + """made = client.images.generate(model="{model}", prompt="A lighthouse at dusk")
print(made.data[0].url)""",
    "/v1/messages": _ANTHROPIC
    + """answer = client.messages.create(
    model="{model}",
    max_tokens=256,
    messages=[{{"role": "user", "content": "Say hello."}}],
)
print(answer.content[0].text)""",
}
_USUAL_PATHS: Final = {"chat": ("/v1/chat/completions",), "embedding": ("/v1/embeddings",)}
"""For types whose entry in the dictionary names no path."""
_HEADERS: Final = {"/v1/messages": ('"x-api-key: $SLUICE_TOKEN"', '"anthropic-version: 2023-06-01"')}
_BEARER: Final = ('"Authorization: Bearer $SLUICE_TOKEN"',)


@dataclass(frozen=True, slots=True)
class Snippet:
    """`python` is empty where no client library is known to call this path."""

    path: str
    curl: str
    python: str


def snippets_for(model_code: str, model_type: str, paths: Iterable[str], *, base_url: str) -> Iterator[Snippet]:
    """One for each path that answers to a JSON body; a path that takes files, or that we know nothing of, has none."""
    for path in paths or _USUAL_PATHS.get(model_type, ()):
        if path in _BODIES and _is_served(path):
            python = _PYTHON.get(path, "").format(base=base_url, model=_quoted(model_code))
            yield Snippet(path, _curl(model_code, path, base_url), python)


def _is_served(path: str) -> bool:
    """Whether the path has a door of its own: a dictionary may name what is to come."""
    try:
        return "<" not in resolve(path).route
    except Resolver404:
        return False


def _curl(model_code: str, path: str, base_url: str) -> str:
    headers = (*_HEADERS.get(path, _BEARER), '"Content-Type: application/json"')
    body = json.dumps({"model": model_code, **_BODIES[path]}, ensure_ascii=False).replace("'", r"'\''")
    lines = [f"curl {base_url}{path}", *(f"-H {header}" for header in headers), f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """As it stands within double quotes of Python."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
