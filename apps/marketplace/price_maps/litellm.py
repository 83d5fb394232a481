"""LiteLLM's price map: one flat object for each model, every price in US dollars for one of what is counted.

{"gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "max_tokens": 16384}}

`…_above_200k_tokens` is the price of the whole call once its prompt is larger than that; `tiered_pricing` lists ranges
`[a, b]` of prompts larger than a and at most b.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.marketplace.errors import PriceMapError
from apps.marketplace.price_maps.entries import (
    MILLION,
    MapEntry,
    Prices,
    WantedModel,
    amount_of,
    named,
    objects_of,
    per_million,
)

# key → meter, for what is counted in tokens and in characters
_BY_MILLION: Final[Mapping[str, str]] = {
    "input_cost_per_token": "input_tokens",
    "output_cost_per_token": "output_tokens",
    "output_cost_per_reasoning_token": "reasoning_tokens",
    "cache_read_input_token_cost": "cached_input_tokens",
    "input_cost_per_token_cache_hit": "cached_input_tokens",
    "cache_creation_input_token_cost": "cache_write_tokens",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_tokens",
    "input_cost_per_audio_token": "audio_input_tokens",
    "cache_read_input_audio_token_cost": "cached_audio_input_tokens",
    "output_cost_per_audio_token": "audio_output_tokens",
    "input_cost_per_image_token": "image_input_tokens",
    "cache_read_input_image_token_cost": "cached_image_input_tokens",
    "output_cost_per_image_token": "image_output_tokens",
}
# What a key stands for depends on what the model does: the same name is a call, a second or nothing of ours.
_BY_MODE: Final[Mapping[tuple[str, str], tuple[str, int]]] = {
    ("audio_speech", "input_cost_per_character"): ("characters", MILLION),
    ("audio_transcription", "input_cost_per_second"): ("audio_seconds", 1),
    ("audio_transcription", "output_cost_per_second"): ("audio_seconds", 1),
    ("chat", "input_cost_per_audio_per_second"): ("audio_seconds", 1),
    ("image_edit", "input_cost_per_image"): ("images", 1),
    ("image_edit", "output_cost_per_image"): ("images", 1),
    ("image_generation", "input_cost_per_image"): ("images", 1),
    ("image_generation", "output_cost_per_image"): ("images", 1),
    ("rerank", "input_cost_per_query"): ("search_units", 1),
    ("video_generation", "output_cost_per_second"): ("video_seconds", 1),
    ("video_generation", "output_cost_per_video_per_second"): ("video_seconds", 1),
}
_BY_CALL: Final = "input_cost_per_request"
_RESOLUTION: Final = re.compile(r"output_cost_per_second_(\d{3,4}p|\dk)")
_ABOVE: Final = re.compile(r"(.+)_above_(\d{1,4})k_tokens")
_SEARCH: Final = "search_context_cost_per_query"
_TIERED: Final = "tiered_pricing"

# Prices of what no call here does: kept apart from keys that nobody has heard of.
_PRICES_OF_OTHERS: Final = re.compile(
    r"(input|output)_cost_per_(audio_per_second|character|image|pixel|query|second|video_per_second|video_token)"
    r"(_above_\w+|_\d+k|_\d+p)?|(input|output)_dbu_cost_per_token|cache_creation_input_audio_token_cost|"
    r"(citation|annotation|code_interpreter|computer_use|file_search|google_maps_grounding|guardrail|ocr|vector_store)"
    r"_\w+|audio_seconds_per_prediction|regional_\w+_uplift_multiplier(_\w+)?|search_context_cost_per_query|"
    r"tiered_pricing|.+_(batches|flex|priority)"
)
_ABOUT_THE_MODEL: Final = re.compile(
    r"(supports|supported|max|min)_\w+|audio_transcription_config|bedrock_\w+|comment|default_reasoning_effort|"
    r"deprecation_date|gemini_\w+|litellm_provider|metadata|mode|output_vector_size|prompt_cache_min_tokens|"
    r"provider_specific_entry|reasoning_effort_levels|rpm|rpd|tpm|source|thinking_always_on|use_openai_responses_path|"
    r"uses_embed_content|vertex_ai_audio_api|web_search_billing_unit"
)
_SAMPLE: Final = "sample_spec"


def is_one(data: Mapping[str, Any]) -> bool:
    return any("litellm_provider" in entry for key, entry in objects_of(data) if key != _SAMPLE)


def read(data: Mapping[str, Any], wanted: Iterable[WantedModel]) -> Iterator[MapEntry]:
    """What the map says of each model that it knows from its vendor."""
    by_name: dict[str, list[str]] = {}
    for key, _entry in objects_of(data):
        if key != _SAMPLE:
            for name in {key, key.rpartition("/")[2]}:
                by_name.setdefault(name, []).append(key)
    for model in wanted:
        found = _key_of(model, by_name.get(model.code, ()), data)
        if found is not None:
            yield _entry_of(model.code, found, data[found])


def _key_of(model: WantedModel, keys: Iterable[str], data: Mapping[str, Any]) -> str | None:
    """The vendor's own entry, and never that of somebody who resells the model; the plainest name first."""
    places = {provider: place for place, provider in enumerate(model.providers)}
    providers = {key: str(data[key].get("litellm_provider")) for key in keys}
    found = [(places[provider], len(key), key) for key, provider in providers.items() if provider in places]
    return min(found)[2] if found else None


def _entry_of(model: str, key: str, entry: Mapping[str, Any]) -> MapEntry:
    prices, mode = Prices(), str(entry.get("mode", "chat"))
    left_out, unknown = [], []
    for name in sorted(entry, key=_rank):
        if entry[name] is None or _is_read(prices, name, entry[name], mode, f"{key}.{name}"):
            continue
        if _PRICES_OF_OTHERS.fullmatch(name) or _meaning_of(_base_of(name)[0], mode) is not None:
            left_out.append(name)
        elif not _ABOUT_THE_MODEL.fullmatch(name):
            unknown.append(name)
    return MapEntry(model, key, prices.config(), named([*left_out, *prices.orphans()]), named(unknown))


def _rank(name: str) -> tuple[bool, bool, str]:
    """Where two keys say what the same thing costs, the finer one first: ranges, and what comes out of an image."""
    return name != _TIERED, name != "output_cost_per_image", name


def _is_read(prices: Prices, name: str, value: Any, mode: str, place: str) -> bool:
    """False for what no meter stands for, and for what another key has said otherwise."""
    if name == _TIERED:
        return _are_ranges_read(prices, value, place)
    if name == _SEARCH:
        return _is_search_read(prices, value, place)
    if (resolution := _RESOLUTION.fullmatch(name)) is not None and mode == "video_generation":
        conditions = (("resolution", resolution[1]),)
        return prices.take("video_seconds", amount_of(value, place), key=name, conditions=conditions)
    base, start = _base_of(name)
    meant = _meaning_of(base, mode)
    return meant is not None and _is_taken(prices, meant, amount_of(value, place), key=name, start=start)


def _base_of(name: str) -> tuple[str, int]:
    """The key without its size, and the prompt from which it holds."""
    above = _ABOVE.fullmatch(name)
    return (name, 0) if above is None else (above[1], int(above[2]) * 1000 + 1)


def _meaning_of(name: str, mode: str) -> tuple[str, int] | None:
    """(meter, unit)"""
    if name in _BY_MILLION:
        return _BY_MILLION[name], MILLION
    if name == _BY_CALL:
        return "calls", 1
    return _BY_MODE.get((mode, name))


def _is_taken(prices: Prices, meant: tuple[str, int], amount: Decimal, *, key: str, start: int) -> bool:
    meter, unit = meant
    whole = per_million(amount) if unit == MILLION else amount
    return prices.take(meter, whole, key=key, unit=unit, start=start)


def _are_ranges_read(prices: Prices, value: Any, place: str) -> bool:
    """False for ranges of something that is not the prompt, and where a rate of theirs is none of ours."""
    if not isinstance(value, list) or not all(isinstance(tier, Mapping) for tier in value):
        raise PriceMapError(place, _("Write a list of ranges with their prices."))
    if not all("range" in tier for tier in value):
        return False
    taken = []
    for index, tier in enumerate(value):
        here = f"{place}[{index}]"
        start = _start_of(tier["range"], f"{here}.range")
        for name in sorted(set(tier) - {"range"}):
            meant = _meaning_of(name, "chat")
            amount = amount_of(tier[name], f"{here}.{name}")
            taken.append(meant is not None and _is_taken(prices, meant, amount, key=_TIERED, start=start))
    return all(taken)


def _start_of(span: Any, place: str) -> int:
    if not isinstance(span, list) or len(span) != 2:
        raise PriceMapError(place, _("Write two numbers of tokens."))
    below = amount_of(span[0], place)
    return int(below) + 1 if below else 0


def _is_search_read(prices: Prices, value: Any, place: str) -> bool:
    """One price for every size of the search, or none: calls here do not tell the sizes apart."""
    if not isinstance(value, Mapping):
        raise PriceMapError(place, _("Write prices by the size of the search."))
    amounts = {amount_of(amount, place) for amount in value.values()}
    return len(amounts) == 1 and prices.take("web_searches", amounts.pop(), key=_SEARCH)
