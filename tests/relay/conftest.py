"""A relay in a test's transaction: a catalogue, a funded team with a token, and upstreams that the test writes."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from pytest_django.plugin import DjangoDbBlocker

from apps.core import clock
from apps.relay import catalogue, pipeline, runtime, services
from apps.relay.models import ApiToken
from apps.relay.routing import Router
from apps.relay.types import ChannelSnapshot, UpstreamTransport
from apps.relay.upstreams.sandbox import SandboxTransport
from apps.relay.upstreams.through_httpx import ThroughHttpx
from apps.teams.types import TeamAccess
from apps.usage.models import UsageRecord
from apps.wallet import queries as wallet
from tests.cast import make_team
from tests.relay.snapshots import PLAIN, price_config
from tests.shared import around_the_tests

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Reply:
    """A whole answer of the relay, streamed or not."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json["error"]
        return error

    @property
    def events(self) -> list[Any]:
        """The data of each event; the end mark as its text."""
        data = [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [item if item == "[DONE]" else json.loads(item) for item in data]

    @property
    def text(self) -> str:
        """What the model wrote, whichever way it came."""
        if not self.body.startswith(b"data:"):
            content: str = self.json["choices"][0]["message"]["content"]
            return content
        chunks = [event for event in self.events if isinstance(event, dict) and event.get("choices")]
        return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


@dataclass
class Relay:
    """Calls the relay through its URLs as a program would, and looks at what that left behind."""

    team: TeamAccess
    token: ApiToken
    secret: str
    upstreams: dict[str, UpstreamTransport] = field(default_factory=dict)

    def post(self, path: str, body: object, **headers: str) -> Reply:
        return self.request("POST", path, body, **headers)

    def chat(self, content: str = "hello there", **fields: Any) -> Reply:
        body = {"model": "chat-model", "messages": [{"role": "user", "content": content}], **fields}
        return self.post("/v1/chat/completions", body)

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", path, b"", **headers)

    def request(self, method: str, path: str, body: object, **headers: str) -> Reply:
        return async_to_sync(self._request)(method, path, body, headers)

    def leave_after(self, pieces: int, content: str = "hello there", **fields: Any) -> None:
        """Begin a stream, take some pieces, hang up."""
        async_to_sync(self._leave)(pieces, content, fields)

    def during_a_stream(self, act: Callable[[], object], content: str) -> Reply:
        """Begin a stream, do something else, read the stream to its end."""
        return async_to_sync(self._interrupted)(act, content)

    async def _interrupted(self, act: Callable[[], object], content: str) -> Reply:
        body = {"model": "chat-model", "messages": [{"role": "user", "content": content}], "stream": True}
        response = await self._send("POST", "/v1/chat/completions", body, {})
        pieces = [await anext(response.pieces)]
        await sync_to_async(act, thread_sensitive=True)()
        pieces += [piece async for piece in response.pieces]
        return Reply(response.status_code, b"".join(pieces), {k.lower(): v for k, v in response.headers.items()})

    async def _request(self, method: str, path: str, body: object, headers: dict[str, str]) -> Reply:
        response = await self._send(method, path, body, headers)
        pieces = [piece async for piece in response.pieces] if response.streaming else [response.content]
        return Reply(response.status_code, b"".join(pieces), {k.lower(): v for k, v in response.headers.items()})

    async def _leave(self, pieces: int, content: str, fields: dict[str, Any]) -> None:
        body = {"model": "chat-model", "messages": [{"role": "user", "content": content}], "stream": True, **fields}
        response = await self._send("POST", "/v1/chat/completions", body, {})
        for _ in range(pieces):
            await anext(response.pieces)
        await response.pieces.aclose()

    async def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        given = {"authorization": f"Bearer {self.secret}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept = {name: value for name, value in given.items() if value}
        return await AsyncClient().generic(method, path, content, "application/json", headers=kept)

    # -- What is left behind ---------------------------------------------------------------------

    @property
    def records(self) -> list[UsageRecord]:
        return list(UsageRecord.objects.order_by("at", "id"))

    @property
    def record(self) -> UsageRecord:
        (record,) = self.records
        return record

    @property
    def spent_nanos(self) -> int:
        """Out of the 100 credits that the team began with."""
        return 100_000_000_000 - wallet.balance_of(self.team.wallet_id).balance_nanos

    @property
    def held_nanos(self) -> int:
        return wallet.balance_of(self.team.wallet_id).held_nanos

    def assert_nothing_happened(self) -> None:
        """Nothing charged, nothing held, no slot taken."""
        assert (self.spent_nanos, self.held_nanos) == (0, 0)
        assert wallet.limit_use([self.token.account_id])[self.token.account_id].open_slots == 0

    def answers(self, handler: Handler, *, channel: str = "first") -> None:
        """Let this channel's upstream answer so."""
        self.upstreams[channel] = ThroughHttpx("https://upstream.test/v1", httpx.MockTransport(handler))


MODELS: list[dict[str, Any]] = [
    {"id": "chat-model", "pricing_config": PLAIN},
    {"id": "thinking-model", "pricing_config": {**PLAIN, "hold": {"hidden_output": True}}},
    {"id": "fixed-model", "pricing_config": price_config(("calls", "0.5"))},
    {"id": "dear-model", "pricing_config": price_config(("calls", "25"))},
    {"id": "acme/embedder", "type": "embedding", "pricing_config": price_config(("input_tokens", "1"))},
    {"id": "old-model", "pricing_config": PLAIN, "lifecycle": "retired", "successor": "chat-model"},
    {"id": "coming-model", "pricing_config": PLAIN, "lifecycle": "planned"},
    {"id": "secret-model", "pricing_config": PLAIN, "access_groups": ["vip"]},
]


def catalogue_file() -> dict[str, Any]:
    display = {"context_length": 128_000, "max_output": 16_384}
    models = [
        {
            "type": "chat",
            "vendor": "acme",
            "lifecycle": "ga",
            "display_config": display,
            "access_groups": ["default"],
            **m,
        }
        for m in MODELS
    ]
    names = {m["id"]: f"upstream-{m['id']}" for m in MODELS}
    channel = {"kind": "sandbox", "access_groups": ["default"], "models": names, "keys": [], "weight": 1}
    return {
        "access_groups": [{"code": "default", "multiplier": "1"}, {"code": "vip", "multiplier": "1"}],
        "vendors": [{"code": "acme", "name": {"en": "Acme"}}],
        "model_types": [{"code": "chat", "name": {"en": "Chat"}}, {"code": "embedding", "name": {"en": "Embedding"}}],
        "models": models,
        "channels": [{**channel, "name": "first", "priority": 1}, {**channel, "name": "second", "priority": 0}],
    }


@pytest.fixture(scope="module")
def _house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[TeamAccess, ApiToken, str]]:
    """The catalogue, and Acme with a token: made once for all tests of a file, in a transaction around theirs."""
    with around_the_tests(django_db_blocker):
        at = clock.now()
        catalogue.import_catalogue(catalogue_file(), at=at, resolve=str)
        team = make_team("Acme", credits="100")
        token, secret = services.create_token(team.id, "test", actor=None, at=at)
        with django_db_blocker.block():
            yield team, token, secret


@pytest.fixture
def relay(
    _house: tuple[TeamAccess, ApiToken, str], ledger_checked: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Relay]:
    """Acme's token, on two sandbox channels; `relay.answers` puts another upstream behind one of them."""
    team, token, secret = _house
    monkeypatch.setattr(pipeline, "_router", Router())  # a channel that failed in the test before is not at rest
    caller = Relay(team, copy(token), secret)

    def transport_of(channel: ChannelSnapshot) -> UpstreamTransport:
        return caller.upstreams.get(channel.name) or SandboxTransport()

    with ExitStack() as stack:
        stack.enter_context(runtime.use_runtime(runtime.direct_runtime(transport_of)))
        yield caller


async def sse(*events: object, end: bool = True) -> AsyncIterator[bytes]:
    """A stream's bytes, event by event."""
    for event in events:
        yield b"data: " + json.dumps(event).encode() + b"\n\n"
    if end:
        yield b"data: [DONE]\n\n"
