"""What can be counted and priced. The parts of a call never overlap: a cached token is not an input token too."""

from collections.abc import Mapping

# meter → the meter whose price it takes when the price list has none of its own
METERS: Mapping[str, str | None] = {
    "input_tokens": None,
    "cached_input_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "cache_write_1h_tokens": "cache_write_tokens",
    "cache_write_12h_tokens": "cache_write_tokens",
    "image_input_tokens": "input_tokens",
    "audio_input_tokens": "input_tokens",
    "cached_image_input_tokens": "cached_input_tokens",
    "cached_audio_input_tokens": "cached_input_tokens",
    "output_tokens": None,
    "reasoning_tokens": "output_tokens",
    "image_output_tokens": "output_tokens",
    "audio_output_tokens": "output_tokens",
    "calls": None,
    "images": None,
    "video_seconds": None,
    "audio_seconds": None,
    "characters": None,
    "search_units": None,
    "web_searches": None,
}


def chain_of(meter: str) -> tuple[str, ...]:
    """The meter, then those it stands for, one after the other."""
    stands_for = METERS[meter]
    return (meter,) if stands_for is None else (meter, *chain_of(stands_for))


def _base_of(meter: str) -> str:
    return chain_of(meter)[-1]


def _family_of(base: str) -> frozenset[str]:
    return frozenset(meter for meter in METERS if _base_of(meter) == base)


FAMILIES: Mapping[str, frozenset[str]] = {base: _family_of(base) for base, up in METERS.items() if up is None}

# What tokens that were quoted as plain input or output may turn out to be, whatever the caller asked for.
QUOTED_AS: Mapping[str, frozenset[str]] = {
    "input_tokens": frozenset({"input_tokens", "cached_input_tokens", "cache_write_tokens"}),
    "output_tokens": frozenset({"output_tokens", "reasoning_tokens"}),
}
