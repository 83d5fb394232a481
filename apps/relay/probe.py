"""One small real call through a channel, for staff who want to know whether it works. Charged to nobody."""

import time
from dataclasses import dataclass

import httpx
import msgspec

from apps.relay import events
from apps.relay.connection import Timeouts
from apps.relay.types import ChannelSnapshot, UpstreamTransport
from apps.relay.upstreams import openai

TIMEOUTS = Timeouts(connect=5.0, first_byte=30.0, idle=10.0)
MAX_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """`problem` is empty for a good answer. It never quotes the upstream at length: some repeat the key."""

    milliseconds: int
    status: int | None = None
    problem: str = ""


async def probe(
    channel: ChannelSnapshot, transport: UpstreamTransport, *, model_code: str, embeds: bool
) -> ProbeResult:
    """Asks the channel's first key for a few tokens of the model."""
    started = time.monotonic()
    endpoint, body = _question(channel.models[model_code], embeds=embeds)
    headers = openai.headers_of(channel.keys[0] if channel.keys else None, stream=False)
    try:
        answer = await transport.send(b"POST", openai.target_of(channel, endpoint), headers, body, TIMEOUTS)
        content = await answer.read(max_bytes=MAX_ANSWER_BYTES)
    except httpx.TransportError as error:
        return ProbeResult(_since(started), problem=type(error).__name__)
    return ProbeResult(_since(started), answer.status, _problem(answer.status, content))


def _question(upstream_name: str, *, embeds: bool) -> tuple[str, bytes]:
    if embeds:
        return "/v1/embeddings", msgspec.json.encode({"model": upstream_name, "input": "ping"})
    messages = [{"role": "user", "content": "ping"}]
    return "/v1/chat/completions", msgspec.json.encode({"model": upstream_name, "messages": messages, "max_tokens": 16})


def _problem(status: int, content: bytes) -> str:
    if status == 200:
        return ""
    said = events.error_of(content)
    code = "" if said is None else str(said.code or said.type or "")
    return f"HTTP {status} {code[:60]}".strip()


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
