"""How much a call can cost at most, before it is sent: what is held, and what the ledger counts against the rate."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from apps.marketplace.rating import Conditions, NotPriced, PriceList, upper_bound_nanos
from apps.relay import extras as priced_fields
from apps.relay.errors import BadRequest
from apps.relay.types import Admission, Ask, Extras, ModelSnapshot, Quote, Shape
from apps.relay.wire import PART_NAMES

MESSAGE_TOKENS = 16
OVERHEAD_TOKENS = 64
TOOLS_TOKENS = 512
"""What providers put around tools at most: Anthropic's instructions are 346."""
STEP_TOKENS = 4096
"""Output that a stream holds at first, and again each time half of what is held is used."""
UNKNOWN_CONTEXT = 1_048_576
"""For a model whose catalogue entry names no length: the longest of today's."""
MOST_NANOS = 40_000_000 * 10**9
"""No real call costs 40 million credits, and the ledger adds up 200 holds of a batch in 64 bits."""
BYTES_A_TOKEN = 4
"""For the rate only: the middle of what prose and code measure."""
_PART_METERS = {
    "image": frozenset(("image_input_tokens", "cached_image_input_tokens")),
    "audio": frozenset(("audio_input_tokens", "cached_audio_input_tokens")),
}
_ANY_PART = frozenset().union(*_PART_METERS.values())


def quote(ask: Ask, shape: Shape, admission: Admission) -> Quote:
    """Upper bounds at the dearest tier the request can reach. `BadRequest` for a priced field without a price."""
    model, price = admission.model, price_of(admission.model)
    extras = _with_parts(priced_fields.extras_of(ask, model, price), shape)
    inputs = input_bound(shape, model)
    limit = _output_limit(ask, model)
    outputs = 0 if limit == 0 else limit * ask.choices + extras.more_output
    bound = bound_nanos(price, extras, inputs, outputs, admission.group.multiplier)
    held = outputs if not ask.stream or model.hidden_output else min(outputs, STEP_TOKENS * ask.choices)
    hold = bound if held == outputs else bound_nanos(price, extras, inputs, held, admission.group.multiplier)
    return Quote(
        input_tokens=inputs,
        output_tokens=outputs,
        held_output=held,
        max_output=model.max_output,
        hold_nanos=hold,
        bound_nanos=bound,
        rate_tokens=_rate_tokens(ask, shape, inputs, outputs),
        extras=extras,
    )


def price_of(model: ModelSnapshot) -> PriceList:
    """The price that admission has already found to exist."""
    if model.price is None:
        raise LookupError(f"The model {model.code} was admitted without a price.")
    return model.price


def input_bound(shape: Shape, model: ModelSnapshot) -> int:
    """A token is at least a byte of text; any other part counts its known maximum, else all there is room for."""
    room = (model.context_length or UNKNOWN_CONTEXT) * shape.contexts
    tokens = shape.text_bytes + MESSAGE_TOKENS * shape.messages + OVERHEAD_TOKENS + TOOLS_TOKENS * shape.has_tools
    for kind in shape.other_parts:
        tokens += model.part_tokens.get(PART_NAMES.get(kind, kind), room)
    return min(tokens, room)


def _with_parts(extras: Extras, shape: Shape) -> Extras:
    """Tokens of a picture or a recording may have a price of their own."""
    if not shape.other_parts:
        return extras
    kinds = {PART_NAMES.get(part, part) for part in shape.other_parts}
    meters = [_PART_METERS.get(kind, _ANY_PART) for kind in kinds]
    return replace(extras, also=extras.also.union(*meters))


def _output_limit(ask: Ask, model: ModelSnapshot) -> int:
    if not ask.endpoint.has_output:
        return 0
    most = model.max_output or model.context_length or UNKNOWN_CONTEXT
    return most if ask.max_output is None else min(ask.max_output, most)


def bound_nanos(price: PriceList, extras: Extras, inputs: int, outputs: int, multiplier: Decimal) -> int:
    """The most that this many tokens can cost under any condition the caller left open."""
    quantities = {"input_tokens": inputs, "output_tokens": outputs, "calls": 1, **extras.quantities}
    bounds, missing = [], ""
    for conditions in _possible(price, extras):
        try:
            bounds.append(
                upper_bound_nanos(price, quantities, conditions=conditions, multiplier=multiplier, also=extras.also)
            )
        except NotPriced as error:
            missing = error.meter  # the charge takes the other price too, where there is only one
    if not bounds:
        raise BadRequest(
            f"This model has no price for {missing} under the options of this request.", code="unsupported_parameter"
        )
    return min(max(bounds), MOST_NANOS, MOST_NANOS if price.hold.max_nanos is None else price.hold.max_nanos)


def _possible(price: PriceList, extras: Extras) -> list[Conditions]:
    """Whether a model thinks is known only afterwards when the caller did not say; a price may name either, or both."""
    given = extras.conditions
    if "thinking" not in price.condition_values or "thinking" in given:
        return [given]
    return [{**given, "thinking": True}, {**given, "thinking": False}]


def _rate_tokens(ask: Ask, shape: Shape, inputs: int, outputs: int) -> int:
    """A guess in the middle: bounds would let a few long calls use up a minute that their usage then gives back."""
    wanted = outputs if ask.max_output is not None else STEP_TOKENS // 4
    return min(inputs, shape.text_bytes // BYTES_A_TOKEN + 1) + min(wanted, outputs, STEP_TOKENS * ask.choices)


def hold_for(quote_: Quote, admission: Admission, outputs: int) -> int:
    """What has to be held for the quoted input and this many output tokens, all choices together."""
    return bound_nanos(
        price_of(admission.model), quote_.extras, quote_.input_tokens, outputs, admission.group.multiplier
    )


def affordable_output(ask: Ask, quote_: Quote, admission: Admission, have_nanos: int) -> int:
    """The `max_tokens` that the money would allow; 0 when not even the input fits."""

    def fits(limit: int) -> bool:
        outputs = limit * ask.choices + quote_.extras.more_output
        return hold_for(quote_, admission, outputs) <= have_nanos

    return _most(quote_.output_tokens // ask.choices, fits)


def outputs_within(quote_: Quote, admission: Admission, nanos: int, *, at_most: int) -> int:
    """How many output tokens, all choices together, this much money holds."""
    return _most(at_most, lambda outputs: hold_for(quote_, admission, outputs) <= nanos)


def _most(high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `high` that fits; 0 when none does."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
