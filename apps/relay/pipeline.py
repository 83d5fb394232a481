"""The recipe of a call, one line a stage. What a stage refuses ends the call with nothing charged and nothing held."""

from django.http.response import HttpResponseBase

from apps.relay import admission, delivery, forwarding, quote, reading, reservation
from apps.relay.routing import Router
from apps.relay.runtime import Runtime
from apps.relay.settlement import OpenCall
from apps.relay.types import Caller, Endpoint, Incoming

_router = Router()


async def signed_in(incoming: Incoming, runtime: Runtime) -> Caller:
    """Who calls."""
    secret = admission.secret_of(incoming.authorization, incoming.api_key)
    return await admission.authenticate(runtime.snapshots, secret, ip=incoming.ip, at=incoming.at)


async def relay(incoming: Incoming, endpoint: Endpoint, runtime: Runtime) -> HttpResponseBase:
    """Relay one call: authenticate, admit, route, quote, authorise, forward, meter, settle."""
    caller = await signed_in(incoming, runtime)
    ask, shape = await reading.read(incoming, endpoint)
    admitted = admission.admit(runtime.snapshots, caller, ask, at=incoming.at)
    route = _router.route(runtime.snapshots, admitted)
    quoted = quote.quote(ask, shape, admitted)
    reserved = await reservation.authorise(runtime.ledger, incoming.call_id, ask, admitted, quoted)
    deliver = delivery.stream if ask.stream else delivery.plain
    async with OpenCall(runtime.ledger, incoming, ask, admitted, quoted, reserved) as call:
        forwarded = await forwarding.forward(call, route, runtime.transports, _router)
        return await deliver(call, forwarded)
