"""Sends a call to one channel after the other until one answers: safe, for nothing has reached the caller yet."""

import asyncio
import random
from collections.abc import Callable, Coroutine

import httpx

from apps.relay import events, wire
from apps.relay.errors import CallTooLong, RelayError
from apps.relay.routing import Router
from apps.relay.settlement import NOTHING, OpenCall
from apps.relay.types import ChannelSnapshot, Forwarded, Route, UpstreamAnswer, UpstreamTransport, Usage
from apps.relay.upstreams import openai

MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 256 * 1024
_choose = random.Random().choice  # noqa: S311  spreads load over keys, guards nothing

Transports = Callable[[ChannelSnapshot], UpstreamTransport]


async def forward(call: OpenCall, route: Route, transports: Transports, router: Router) -> Forwarded:
    """The first channel's answer that is one. Otherwise the call ends free of charge, and the last error is raised."""
    try:
        return await _in_time(call, _first_answer(call, route, transports, router))
    except RelayError as error:
        await call.settle(NOTHING, status=error.status, error_code=error.noted_code)
        raise


async def _in_time(call: OpenCall, answer: Coroutine[None, None, Forwarded]) -> Forwarded:
    try:
        async with asyncio.timeout(call.seconds_left()):
            return await answer
    except TimeoutError:
        raise CallTooLong from None


async def _first_answer(call: OpenCall, route: Route, transports: Transports, router: Router) -> Forwarded:
    *others, last = route.channels
    for channel in others:
        try:
            return await _attempt(call, channel, transports)
        except RelayError as error:
            router.note_failure(channel, error)
            if not openai.is_next_ones_turn(error):
                raise
    try:
        return await _attempt(call, last, transports)
    except RelayError as error:
        router.note_failure(last, error)
        raise


async def _attempt(call: OpenCall, channel: ChannelSnapshot, transports: Transports) -> Forwarded:
    ask = call.ask
    call.channel = channel
    body = wire.outgoing(ask, upstream_name=channel.models[ask.model], max_output=call.quote.max_output)
    headers = openai.headers_of(_choose(channel.keys) if channel.keys else None, stream=ask.stream)
    timeouts = openai.SLOW_TIMEOUTS if call.admission.model.hidden_output else openai.TIMEOUTS
    target = openai.target_of(channel, ask.endpoint.path)
    try:
        answer = await transports(channel).send(b"POST", target, headers, body, timeouts)
        return await _read(call, channel, answer)
    except httpx.TransportError as error:
        raise openai.error_of_transport(error) from error


async def _read(call: OpenCall, channel: ChannelSnapshot, answer: UpstreamAnswer) -> Forwarded:
    """The whole of a plain answer, the first events of a stream; closes the answer unless it is handed on."""
    handed_on = False
    try:
        if answer.status != 200:
            raise openai.error_of_answer(answer.status, answer.headers, await answer.read(max_bytes=MAX_ERROR_BYTES))
        body = await (answer.piece() if call.ask.stream else answer.read(max_bytes=MAX_ANSWER_BYTES))
        call.first_byte_ms = call.elapsed_ms()
        usage = None
        if call.ask.stream:
            _check_head(body)
        else:
            usage = _checked_usage(body)
        handed_on = True
        return Forwarded(channel, answer, body, usage)
    finally:
        if not handed_on:
            await answer.aclose()


def _checked_usage(body: bytes) -> Usage | None:
    """The usage of a whole answer. A 200 that holds an error or no answer is refused while others may be asked."""
    is_answer, usage = events.read_answer(body)
    if not is_answer:
        raise openai.error_of_event(body)
    return usage


def _check_head(body: bytes) -> None:
    """Refuses a stream that begins with an error, or is none."""
    head = body.lstrip()
    if not head or not events.may_be_stream(head):
        raise openai.error_of_event(head)
    first = next(events.data_of(head), b"")
    if events.has_error(first):
        raise openai.error_of_event(first)
