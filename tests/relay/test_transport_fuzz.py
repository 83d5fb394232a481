"""However an upstream cuts, hastens or pollutes its answers: no caller ever sees another's."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.relay.transport import RawTransport, Timeouts

STOLEN = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen"


@dataclass(frozen=True)
class Plan:
    """How the upstream answers one request."""

    framing: str = "length"
    cuts: tuple[float, ...] = ()
    interim: bool = False
    early: bool = False
    """Answers as soon as it has the head."""
    surplus: bytes = b""
    ending: str = "keep"

    @property
    def is_clean(self) -> bool:
        tidy = not (self.early or self.surplus)
        return tidy and self.framing != "both" and self.ending in ("keep", "close", "say close")


surpluses = st.sampled_from([b"", b"", b"", b"\r\n", b"\n", b"x", STOLEN, STOLEN[:20]])
plans = st.builds(
    Plan,
    framing=st.sampled_from(["length", "length", "chunked", "chunked", "end", "both"]),
    cuts=st.lists(st.floats(0, 1), max_size=4).map(tuple),
    interim=st.booleans(),
    early=st.sampled_from([False, False, False, True]),
    surplus=surpluses,
    ending=st.sampled_from(["keep", "keep", "keep", "close", "say close", "drop before", "drop inside"]),
)
clean_plans = plans.map(lambda plan: Plan(plan.framing, plan.cuts, plan.interim)).filter(lambda plan: plan.is_clean)


@dataclass
class Upstream:
    plans: list[Plan]
    served: int = 0
    lines: set[Any] = field(default_factory=set)

    def next_plan(self) -> Plan:
        self.served += 1
        return self.plans[(self.served - 1) % len(self.plans)]


class Line(asyncio.Protocol):
    """Reads requests with a parser of its own, so that the test does not trust what it tests."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.received = b""
        self.answered_early = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.upstream.lines.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.upstream.lines.discard(self.transport)

    def data_received(self, received: bytes) -> None:
        self.received += received
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        call_id, length = headers[b"x-request-id"], int(headers[b"content-length"])
        if not self.answered_early:
            self.plan = self.upstream.next_plan()
            if self.plan.early:
                self.answered_early = True
                self.answer(call_id)
        if len(rest) >= length:
            self.received = rest[length:]
            if not self.answered_early:
                self.answer(call_id)
            self.answered_early = False

    def answer(self, call_id: bytes) -> None:
        plan = self.plan
        if plan.ending == "drop before":
            self.transport.abort()
            return
        whole = answer_bytes(plan, call_id)
        close = plan.ending in ("close", "say close", "drop inside") or plan.framing == "end"
        if plan.ending == "drop inside":
            whole = whole[: len(whole) * 2 // 3]
        elif plan.framing != "end":  # there, whatever follows belongs to the answer
            whole += plan.surplus
        pieces = in_pieces(whole, plan)
        self.send(pieces, close=close)

    def send(self, pieces: list[bytes], *, close: bool) -> None:
        """The pieces, one each turn of the clock."""
        if self.transport.is_closing():
            return
        self.transport.write(pieces[0])
        if len(pieces) > 1:
            asyncio.get_running_loop().call_later(0.001, lambda: self.send(pieces[1:], close=close))
        elif close:
            self.transport.close()


def in_pieces(whole: bytes, plan: Plan) -> list[bytes]:
    marks = [0, *sorted(int(cut * len(whole)) for cut in plan.cuts), len(whole)]
    return [whole[start:end] for start, end in pairwise(marks)]


def answer_bytes(plan: Plan, call_id: bytes) -> bytes:
    body = b"answer to " + call_id + b"\n"
    framing = {
        "length": b"content-length: %d\r\n" % len(body),
        "chunked": b"transfer-encoding: chunked\r\n",
        "both": b"content-length: %d\r\ntransfer-encoding: chunked\r\n" % len(body),
        "end": b"",
    }[plan.framing]
    if plan.framing in ("chunked", "both"):
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:])) + b"0\r\n\r\n"
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" if plan.interim else b""
    closing = b"connection: close\r\n" if plan.ending == "say close" else b""
    head = b"HTTP/1.1 200 OK\r\nx-empty:\r\nx-request-id: " + call_id + b"\r\n"
    return interim + head + framing + closing + b"\r\n" + body


async def converse(plans: list[Plan], callers: int, calls: int) -> list[tuple[bytes, bytes | None, bytes | None]]:
    """Every call's id with the id in the head and the body it was given; None for both if it failed."""
    upstream = Upstream(plans)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(upstream), "127.0.0.1", 0)
    transport = RawTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", allow_private=True)
    seen: list[tuple[bytes, bytes | None, bytes | None]] = []

    async def caller(number: int) -> None:
        for call in range(calls):
            call_id = b"call-%d-%d" % (number, call)
            seen.append((call_id, *await one_call(transport, call_id)))

    await asyncio.gather(*(caller(number) for number in range(callers)))
    await transport.aclose()
    server.close()
    for line in list(upstream.lines):
        line.abort()
    await asyncio.sleep(0)
    return seen


async def one_call(transport: RawTransport, call_id: bytes) -> tuple[bytes | None, bytes | None]:
    try:
        answer = await transport.send(
            b"POST", b"/v1/x", [(b"x-request-id", call_id)], b"x" * 40, Timeouts(first_byte=2, idle=2)
        )
        return dict(answer.headers)[b"x-request-id"], await answer.read(max_bytes=1000)
    except httpx.TransportError:
        return None, None


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(plans, min_size=1, max_size=8), st.integers(1, 4), st.integers(1, 6))
def test_no_caller_sees_the_answer_of_another(plans: list[Plan], callers: int, calls: int) -> None:
    seen = uvloop.run(converse(plans, callers, calls))

    assert len(seen) == callers * calls
    for call_id, head_id, body in seen:
        assert head_id in (call_id, None)
        assert body in (b"answer to " + call_id + b"\n", None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(clean_plans, min_size=1, max_size=6), st.integers(1, 4))
def test_every_call_to_a_tidy_upstream_succeeds_however_its_bytes_are_cut(plans: list[Plan], callers: int) -> None:
    seen = uvloop.run(converse(plans, callers, calls=4))

    assert all(body == b"answer to " + call_id + b"\n" for call_id, _, body in seen)
