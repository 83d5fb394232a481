"""Fields of a request that cost more than tokens at the list price, and whether the price list knows that price.

A priced field that it does not know is refused by name: relaying it would give away what the upstream bills us for.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Raw

from apps.marketplace.rating import PriceList
from apps.relay.errors import BadRequest
from apps.relay.types import Ask, Extras, ModelSnapshot

FREE_TIERS = frozenset(("auto", "default", "standard"))
FREE_TOOLS = frozenset(("function", "custom"))
SEARCH_TOOLS = ("web_search", "live_search", "google_search", "builtin_function")
"""How the types of tools begin that search the web; those of other hosted tools have no price."""
NO_EXTRAS = Extras()
# Not `{}`: empty search options are how a search with defaults is asked for.
_OFF = frozenset((b"null", b"false", b"[]", b'""'))
_OFF_FOR_THINKING = frozenset((b"null",))


class _Asked(NamedTuple):
    """One priced wish: under which name it is refused, and what it means for the price."""

    name: str
    is_priced: bool
    extras: Extras


class _Typed(msgspec.Struct):
    type: str = ""


class _CacheOptions(msgspec.Struct):
    ttl: str | None = None


_decode_str = msgspec.json.Decoder(str).decode
_decode_strs = msgspec.json.Decoder(list[str]).decode
_decode_typed = msgspec.json.Decoder(_Typed).decode
_decode_tools = msgspec.json.Decoder(list[_Typed]).decode
_decode_cache = msgspec.json.Decoder(_CacheOptions).decode

_Reader = Callable[[str, Raw, PriceList], Iterator[_Asked]]


def extras_of(ask: Ask, model: ModelSnapshot, price: PriceList) -> Extras:
    """What the request asks for beyond plain tokens; `BadRequest` names the first field whose price is unknown."""
    names = _READERS.keys() & ask.fields.keys()
    if not names:
        return NO_EXTRAS
    found = [asked for name in sorted(names) for asked in _read(name, ask.fields[name], price)]
    if not model.pass_unknown_priced:
        for asked in found:
            if not asked.is_priced:
                raise BadRequest(
                    f"'{asked.name}' has no price for the model '{model.code}', so it cannot be used with it.",
                    param=asked.name,
                    code="unsupported_parameter",
                )
    return _joined([asked.extras for asked in found])


def _joined(parts: list[Extras]) -> Extras:
    if not parts:
        return NO_EXTRAS
    writes = [part.write_meter for part in parts if part.write_meter != NO_EXTRAS.write_meter]
    return Extras(
        conditions={name: value for part in parts for name, value in part.conditions.items()},
        also=frozenset().union(*(part.also for part in parts)),
        quantities={meter: count for part in parts for meter, count in part.quantities.items()},
        write_meter=writes[0] if writes else NO_EXTRAS.write_meter,
        more_output=sum(part.more_output for part in parts),
    )


def _read(name: str, raw: Raw, price: PriceList) -> list[_Asked]:
    if bytes(raw) in (_OFF_FOR_THINKING if name == "enable_thinking" else _OFF):
        return []
    try:
        return list(_READERS[name](name, raw, price))
    except msgspec.DecodeError:
        raise BadRequest(f"'{name}' is not what it should be.", param=name, code="invalid_type") from None


def _has_item(price: PriceList, meter: str) -> bool:
    return any(item.meter == meter for item in price.items)


def _search(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    priced = _has_item(price, "web_searches")
    yield _Asked(name, priced, Extras(quantities={"web_searches": 1} if priced else {}))


def _other_models(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    """A router behind the channel would let another model answer at this one's price."""
    yield _Asked(name, is_priced=False, extras=NO_EXTRAS)


def _service_tier(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    tier = _decode_str(raw)
    if tier not in FREE_TIERS:
        priced = tier in price.condition_values.get(name, ())
        yield _Asked(name, priced, Extras(conditions={name: tier} if priced else {}))


def _spoken_or_drawn(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    for kind in _decode_strs(raw) if name == "modalities" else ["audio"]:
        if kind != "text":
            meter = f"{kind}_output_tokens"
            yield _Asked(name, _has_item(price, meter), Extras(also=frozenset((meter,))))


def _tools(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    for index, tool in enumerate(_decode_tools(raw)):
        if tool.type.startswith(SEARCH_TOOLS):
            yield from _search(f"{name}[{index}].type", raw, price)
        elif tool.type not in FREE_TOOLS:
            yield _Asked(f"{name}[{index}].type", is_priced=False, extras=NO_EXTRAS)


def _thinking(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    on = bytes(raw) == b"true" if name == "enable_thinking" else _decode_typed(raw).type != "disabled"
    if "thinking" in price.condition_values:
        yield _Asked(name, is_priced=True, extras=Extras(conditions={"thinking": on}))


def _cache(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    ttl = _decode_cache(raw).ttl
    if ttl is not None:
        meter = f"cache_write_{ttl}_tokens"
        priced = _has_item(price, meter)
        yield _Asked(name, priced, Extras(also=frozenset((meter,)), write_meter=meter) if priced else NO_EXTRAS)


def _prediction(name: str, raw: Raw, price: PriceList) -> Iterator[_Asked]:
    yield _Asked(name, is_priced=True, extras=Extras(more_output=len(bytes(raw))))


_READERS: Mapping[str, _Reader] = {
    "audio": _spoken_or_drawn,
    "enable_search": _search,
    "enable_thinking": _thinking,
    "modalities": _spoken_or_drawn,
    "models": _other_models,
    "plugins": _search,
    "prediction": _prediction,
    "prompt_cache_options": _cache,
    "search_parameters": _search,
    "service_tier": _service_tier,
    "thinking": _thinking,
    "tools": _tools,
    "web_search": _search,
    "web_search_options": _search,
}
