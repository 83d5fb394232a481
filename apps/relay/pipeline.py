"""The recipe of a call, one line a stage. What a stage refuses ends the call with nothing charged and nothing held."""

from django.http.response import HttpResponseBase

from apps.relay import admission, context, delivery, forwarding, quote, reading, reservation
from apps.relay.refusals import Refusable
from apps.relay.routing import Router
from apps.relay.runtime import Runtime
from apps.relay.settlement import OpenCall
from apps.relay.types import Caller, Endpoint, Incoming, TokenSnapshot

_router = Router()


async def signed_in(incoming: Incoming, runtime: Runtime) -> Caller:
    """Who calls."""
    return await _caller_with(await _token_of(incoming, runtime), incoming, runtime)


async def _token_of(incoming: Incoming, runtime: Runtime) -> TokenSnapshot:
    return await admission.token_of(runtime.snapshots, admission.secret_of(incoming.authorization, incoming.api_key))


async def _caller_with(token: TokenSnapshot, incoming: Incoming, runtime: Runtime) -> Caller:
    return await admission.authenticate(runtime.snapshots, token, ip=incoming.ip, at=incoming.at)


async def relay(incoming: Incoming, endpoint: Endpoint, runtime: Runtime) -> HttpResponseBase:
    """Relay one call: authenticate, admit, route, quote, authorise, forward, meter, settle."""
    token = await _token_of(incoming, runtime)
    with Refusable(runtime.refusals, token, at=incoming.at) as refusable:
        caller = await _caller_with(token, incoming, runtime)
        ask, shape = await reading.read(incoming, endpoint)
        admitted = admission.admit(runtime.snapshots, caller, ask, at=incoming.at)
        refusable.model_code = admitted.model.code
        await context.refuse_overlong(ask, shape, admitted.model)
        route = _router.route(runtime.snapshots, admitted)
        quoted = quote.quote(ask, shape, admitted)
        reserved = await reservation.authorise(
            runtime.ledger, incoming.call_id, ask, admitted, quoted, seconds=runtime.call_seconds
        )
    deliver = delivery.stream if ask.stream else delivery.plain
    async with OpenCall(runtime.ledger, incoming, ask, admitted, quoted, reserved) as call:
        forwarded = await forwarding.forward(call, route, runtime.transports, _router)
        return await deliver(call, forwarded)
