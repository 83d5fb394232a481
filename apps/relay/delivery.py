"""Hands an upstream's answer to the caller, metered; what it used is settled before its end goes out."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
from django.http import HttpResponse

from apps.core.money import credits_text
from apps.relay import counting, endings, events, settlement
from apps.relay.asyncview import RelayStream
from apps.relay.errors import CallTooLong, InsufficientQuota, RelayError, UpstreamError, frame_for
from apps.relay.meter import Meter
from apps.relay.reservation import Growth
from apps.relay.settlement import CALLER_GONE, NOTHING, OpenCall
from apps.relay.types import Forwarded, Usage
from apps.relay.upstreams import openai
from apps.wallet.types import Settlement

DRAIN_SECONDS = 600.0
"""How long an answer is read to its end for its usage after its caller has gone."""


async def plain(call: OpenCall, forwarded: Forwarded) -> HttpResponse:
    """The whole answer, with what it cost."""
    usage = forwarded.usage
    if usage is not None and usage.input_tokens and (usage.output_tokens or not call.ask.endpoint.has_output):
        settled = await call.settle(usage)
    else:
        settled = await asyncio.shield(settlement.run_apart(_count_and_settle(call, usage, forwarded.body)))
    headers = {"x-request-id": call.request_id, **_cost_headers(settled)}
    return HttpResponse(forwarded.body, "application/json", headers=headers)


async def _count_and_settle(call: OpenCall, usage: Usage | None, body: bytes) -> Settlement | None:
    return await call.settle(await _completed(call, usage, events.text_of(body)))


def _cost_headers(settled: Settlement | None) -> dict[str, str]:
    if settled is None:
        return {}
    return {
        "x-sluice-cost": credits_text(settled.charged_nanos),
        "x-sluice-balance": credits_text(settled.available_nanos),
    }


async def _completed(call: OpenCall, usage: Usage | None, text: str) -> Usage:
    """What the upstream said, and our own count of what it left out. Hidden reasoning can only come from it."""
    counted = await counting.off_loop(counting.estimated, call.ask, call.admission.model, text)
    if usage is None:
        return counted
    if usage.input_tokens and (usage.output_tokens or not text):
        return usage
    return Usage(
        input_tokens=usage.input_tokens or counted.input_tokens,
        output_tokens=usage.output_tokens or counted.output_tokens,
        cached_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        estimated=True,
    )


async def stream(call: OpenCall, forwarded: Forwarded) -> RelayStream:
    """The answer event by event. The end mark waits for the charge; a caller who leaves is charged all the same."""
    relayed = _Stream(call, forwarded)
    pieces = relayed.pieces()
    await anext(pieces)  # begun, so that closing it runs its end even if nobody reads a single piece
    headers = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-request-id": call.request_id,
    }
    return RelayStream(pieces, headers=headers)


class _Stream:
    """One stream on its way through."""

    def __init__(self, call: OpenCall, forwarded: Forwarded) -> None:
        self._call = call
        self._answer = forwarded.answer
        self._channel = forwarded.channel
        self._first = forwarded.body
        self._cutter = events.EventCutter()
        self._meter = Meter(asked_for_usage=call.ask.asked_for_usage)
        self._growth = Growth(call.ledger, call.reservation.call_id, call.admission, call.quote)
        self._is_caller_gone = False
        self._over: RelayError | None = None
        """Why nothing more of the upstream's answer may be passed on."""

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        timer = asyncio.get_running_loop().call_later(self._call.seconds_left(), self._on_time_up)
        try:
            yield b""
            self._listen()
            while (passed := await self._next()) is not None:
                if passed:
                    yield passed
            yield await self._end()
        except (InsufficientQuota, CallTooLong) as error:
            yield await self._cut_short(error)
        except RelayError as error:
            yield await self._break_off(error)
        finally:
            timer.cancel()
            if self._call.has_ended:
                await self._let_go()
            else:
                await asyncio.shield(settlement.run_apart(self._abandon()))

    def _listen(self) -> None:
        """Notice a caller who hangs up while the upstream is silent."""
        disconnect = self._call.incoming.disconnect
        if disconnect is not None and not self._drains:
            disconnect.call(self._on_disconnect)

    def _on_disconnect(self) -> None:
        if not self._call.has_ended:
            self._is_caller_gone = True
            settlement.run_apart(self._answer.aclose())

    def _on_time_up(self) -> None:
        if not self._call.has_ended:
            self._over = CallTooLong()
            settlement.run_apart(self._answer.aclose())

    @property
    def _drains(self) -> bool:
        """Whether the upstream bills to the end whoever has left, so that only its usage tells the price."""
        return self._call.admission.model.hidden_output or self._channel.bills_after_cancel

    async def _next(self) -> bytes | None:
        """What the caller may have of the next piece, perhaps nothing yet; None at the end."""
        if self._meter.ended:
            return None
        self._check_over()
        piece = self._first or await self._next_piece()
        self._first = b""
        if not piece:
            self._check_over()
            return None
        whole = self._whole(piece)
        if self._meter.received_bytes + len(whole) >= self._growth.look_at:
            return await self._paid_part(whole)
        return self._meter.take(whole) if whole else b""

    def _check_over(self) -> None:
        if self._over is not None:
            raise self._over

    def _whole(self, piece: bytes) -> bytes:
        whole = self._cutter.whole(piece)
        if whole.startswith(events.ERROR_START) or (not whole and self._cutter.is_overlong):
            raise UpstreamError
        return whole

    async def _paid_part(self, whole: bytes) -> bytes:
        """All of these events, once their hold has grown; when it cannot, those that it pays for and no further one."""
        meter, growth = self._meter, self._growth
        used, received = meter.output_with(whole), meter.received_bytes + len(whole)
        if not whole or not await growth.is_exhausted(used, received):
            return meter.take(whole) if whole else b""
        self._over = growth.refusal
        passed: list[bytes] = []
        for event in events.split(whole):
            if meter.output_with(event) > growth.held:
                break
            passed.append(meter.take(event))
        return b"".join(passed)

    async def _next_piece(self) -> bytes:
        try:
            return await self._answer.piece()
        except httpx.TransportError as error:
            if self._is_caller_gone or self._over is not None:
                return b""
            raise openai.error_of_transport(error) from error

    async def _end(self) -> bytes:
        """Settle, then give out what was held back. An upstream that just stopped has not finished."""
        if self._is_caller_gone:
            return b""
        if not self._meter.is_finished:
            raise UpstreamError
        await self._call.settle(await self._usage())
        return self._meter.tail if self._meter.ended else self._meter.tail + events.DONE

    async def _cut_short(self, error: RelayError) -> bytes:
        """Charge what was delivered, then end as at a limit of the caller's own: the answer is as long as it may be."""
        ask, meter = self._call.ask, self._meter
        finished = meter.finished_choices
        unfinished = [index for index in range(ask.choices) if index not in finished]
        usage = await self._charged(error if unfinished else None)
        asked = usage if ask.asked_for_usage else None
        ending = endings.cut_short(meter.sample, unfinished=unfinished, usage=asked)
        return ending or frame_for(error, self._call.request_id)

    async def _break_off(self, error: RelayError) -> bytes:
        """Charge what was delivered, tell the caller, and send no end mark."""
        await self._charged(error)
        return frame_for(error, self._call.request_id)

    async def _charged(self, error: RelayError | None) -> Usage:
        """Stop the upstream and charge what came of it; nothing when nothing came."""
        await self._answer.aclose()
        usage = await self._usage()
        if usage.estimated and not usage.output_tokens:
            usage = NOTHING
        if usage.estimated and isinstance(error, InsufficientQuota):
            # Sizes told when the hold was used up; a count that finds more would charge what nobody had.
            usage = replace(usage, output_tokens=min(usage.output_tokens, self._growth.held))
        if error is None:
            await self._call.settle(usage)
        else:
            await self._call.settle(usage, status=error.status, error_code=error.noted_code)
        return usage

    async def _abandon(self) -> None:
        """The caller has gone: read on where the upstream bills on, else stop; the input is charged in either case."""
        try:
            if self._drains:
                await self._read_on()
            await self._answer.aclose()
            await self._call.settle(await self._usage(), status=CALLER_GONE)
        finally:
            if not self._call.has_ended:  # what it used cannot even be told
                await self._call.void()
            await self._let_go()

    async def _let_go(self) -> None:
        self._meter.close()
        await self._answer.aclose()

    async def _read_on(self) -> None:
        try:
            async with asyncio.timeout(min(DRAIN_SECONDS, self._call.seconds_left())):
                while not self._meter.ended and (piece := await self._answer.piece()):
                    if whole := self._cutter.whole(piece):
                        self._meter.take(whole)
        except (httpx.TransportError, TimeoutError):
            return  # what came until then is counted

    async def _usage(self) -> Usage:
        usage = self._meter.usage
        if usage is not None and usage.input_tokens and usage.output_tokens:
            return usage
        return await _completed(self._call, usage, self._meter.text())
