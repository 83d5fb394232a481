"""Public price maps: read by shape, to the last digit, and what no meter counts is named."""

import json
from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace import price_maps
from apps.marketplace.errors import PriceMapError
from apps.marketplace.price_maps.entries import MapEntry, WantedModel
from apps.marketplace.pricing_config import validate_config


def from_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def read(data: dict[str, Any], code: str = "m-1", vendor: str = "openai") -> MapEntry:
    (entry,) = price_maps.read_map(data, [WantedModel(code, vendor)]).entries
    if entry.config is not None:
        validate_config(entry.config)
    return entry


def litellm(mode: str = "chat", provider: str = "openai", **keys: Any) -> dict[str, Any]:
    exact = {name: Decimal(value) if isinstance(value, str) else value for name, value in keys.items()}
    return {"m-1": {"litellm_provider": provider, "mode": mode, **exact}}


def models_dev(**cost: Any) -> dict[str, Any]:
    return {"openai": {"id": "openai", "models": {"m-1": {"id": "m-1", "cost": cost}}}}


def prices(entry: MapEntry) -> dict[str, list[tuple[int, str]]]:
    """From which size which price, by meter; the conditions stand behind the meter's name."""
    items = (entry.config or {"items": []})["items"]
    return {
        " ".join((item["meter"], *item.get("conditions", {}).values())): [
            (tier["from"], tier["price"]) for tier in item["tiers"]
        ]
        for item in items
    }


def test_the_formats_are_told_apart_by_their_shape() -> None:
    assert price_maps.format_of(litellm(input_cost_per_token="1e-06")) == "litellm"
    assert price_maps.format_of(models_dev(input=1)) == "models.dev"
    assert price_maps.format_of({"models": [{"id": "m-1"}], "vendors": []}) is None
    with pytest.raises(PriceMapError, match="LiteLLM"):
        price_maps.read_map({"a": 1}, [])


def test_prices_of_one_token_become_prices_of_a_million_without_noise() -> None:
    costs = '"input_cost_per_token": 2.5e-06, "output_cost_per_token": 4.1999999999999996e-07'

    entry = read(from_json(f'{{"m-1": {{"litellm_provider": "openai", {costs}}}}}'))

    assert prices(entry) == {"input_tokens": [(0, "2.5")], "output_tokens": [(0, "0.42")]}
    assert entry.config is not None
    assert (entry.config["currency"], entry.config["items"][0]["unit"]) == ("USD", 1_000_000)


def test_caches_reasoning_sound_and_pictures_have_meters() -> None:
    entry = read(
        litellm(
            input_cost_per_token="4e-06",
            cache_read_input_token_cost="4e-07",
            cache_creation_input_token_cost="5e-06",
            cache_creation_input_token_cost_above_1hr="8e-06",
            output_cost_per_token="2.4e-05",
            output_cost_per_reasoning_token="3e-05",
            input_cost_per_audio_token="3.2e-05",
            cache_read_input_audio_token_cost="4e-07",
            output_cost_per_audio_token="6.4e-05",
            input_cost_per_image_token="8e-06",
            output_cost_per_image_token="3e-05",
        )
    )

    assert {meter: tiers[0][1] for meter, tiers in prices(entry).items()} == {
        "input_tokens": "4",
        "cached_input_tokens": "0.4",
        "cache_write_tokens": "5",
        "cache_write_1h_tokens": "8",
        "output_tokens": "24",
        "reasoning_tokens": "30",
        "audio_input_tokens": "32",
        "cached_audio_input_tokens": "0.4",
        "audio_output_tokens": "64",
        "image_input_tokens": "8",
        "image_output_tokens": "30",
    }
    assert (entry.left_out, entry.unknown) == ((), ())


@pytest.mark.parametrize(("key", "start"), [("128k", 128_001), ("200k", 200_001), ("272k", 272_001)])
def test_a_price_above_a_size_begins_one_token_later(key: str, start: int) -> None:
    entry = read(litellm(input_cost_per_token="2e-06", **{f"input_cost_per_token_above_{key}_tokens": "4e-06"}))

    assert prices(entry) == {"input_tokens": [(0, "2"), (start, "4")]}
    assert entry.config is not None
    assert (entry.config["tier_mode"], entry.config["tier_by"]) == ("volume", "input_tokens")


def test_ranges_are_tiers_and_a_meter_they_leave_out_keeps_its_plain_price() -> None:
    ranges = [
        {"range": [0, 32000], "input_cost_per_token": Decimal("1.2e-06")},
        {"range": [32000, 128000], "input_cost_per_token": Decimal("2.4e-06")},
    ]

    entry = read(litellm(tiered_pricing=ranges, output_cost_per_token="6e-06"))

    assert prices(entry) == {"input_tokens": [(0, "1.2"), (32_001, "2.4")], "output_tokens": [(0, "6")]}


@pytest.mark.parametrize(
    ("mode", "key", "amount", "expected"),
    [
        ("image_generation", "output_cost_per_image", "0.039", {"images": [(0, "0.039")]}),
        ("audio_speech", "input_cost_per_character", "1.5e-05", {"characters": [(0, "15")]}),
        ("audio_transcription", "input_cost_per_second", "0.0001", {"audio_seconds": [(0, "0.0001")]}),
        ("video_generation", "output_cost_per_video_per_second", "0.1", {"video_seconds": [(0, "0.1")]}),
        ("video_generation", "output_cost_per_second_1080p", "0.3", {"video_seconds 1080p": [(0, "0.3")]}),
        ("rerank", "input_cost_per_query", "0.0025", {"search_units": [(0, "0.0025")]}),
    ],
)
def test_what_is_not_counted_in_tokens_is_read_by_what_the_model_does(
    mode: str, key: str, amount: str, expected: dict[str, Any]
) -> None:
    assert prices(read(litellm(mode, **{key: amount}))) == expected


def test_the_same_price_said_twice_is_one_and_a_different_one_is_named() -> None:
    same = read(litellm("audio_transcription", input_cost_per_second="0.0001", output_cost_per_second="0.0001"))
    other = read(litellm("image_generation", output_cost_per_image="0.04", input_cost_per_image="0.001"))

    assert same.left_out == ()
    assert (prices(other), other.left_out) == ({"images": [(0, "0.04")]}, ("input_cost_per_image",))


def test_prices_of_other_services_are_named_and_not_charged() -> None:
    entry = read(
        litellm(
            input_cost_per_token="2e-06",
            input_cost_per_token_batches="1e-06",
            output_cost_per_token_priority="2e-05",
            input_cost_per_video_per_second="0.002",
            max_input_tokens=128_000,
            supports_vision=True,
            search_context_cost_per_query={"search_context_size_low": Decimal("0.01"), "search_context_size_high": 1},
        )
    )

    assert prices(entry) == {"input_tokens": [(0, "2")]}
    assert entry.left_out == (
        "input_cost_per_token_batches",
        "input_cost_per_video_per_second",
        "output_cost_per_token_priority",
        "search_context_cost_per_query",
    )
    assert entry.unknown == ()


def test_a_search_at_one_price_is_priced() -> None:
    sizes = dict.fromkeys(("search_context_size_low", "search_context_size_high"), Decimal("0.01"))

    assert prices(read(litellm(search_context_cost_per_query=sizes))) == {"web_searches": [(0, "0.01")]}


def test_a_key_that_nobody_has_heard_of_is_named() -> None:
    assert read(litellm(input_cost_per_token="2e-06", input_cost_per_dream="1")).unknown == ("input_cost_per_dream",)


def test_a_price_for_long_prompts_alone_is_named() -> None:
    entry = read(litellm(input_cost_per_token="2e-06", cache_read_input_token_cost_above_200k_tokens="1e-06"))

    assert prices(entry) == {"input_tokens": [(0, "2")]}
    assert entry.left_out == ("cache_read_input_token_cost_above_200k_tokens",)


def test_an_entry_without_a_price_that_a_meter_stands_for_has_none() -> None:
    assert read(litellm(ocr_cost_per_page="0.1")).config is None


def test_the_vendors_own_entry_is_taken_and_never_a_resellers() -> None:
    data = {
        "azure/m-1": {"litellm_provider": "azure", "input_cost_per_token": 9},
        "dashscope/m-1": {"litellm_provider": "dashscope", "input_cost_per_token": Decimal("1e-06")},
        "sample_spec": {"litellm_provider": "one of https://docs.example"},
    }

    assert read(data, vendor="aliyun").key == "dashscope/m-1"
    assert price_maps.read_map(data, [WantedModel("m-1", "openai")]).entries == ()


@pytest.mark.parametrize("odd", [Decimal("NaN"), Decimal(-1), "cheap", True, [1], Decimal("1e99")])
def test_what_is_no_price_is_refused_by_its_place(odd: Any) -> None:
    with pytest.raises(PriceMapError, match=r"m-1\.input_cost_per_token"):
        read({"m-1": {"litellm_provider": "openai", "input_cost_per_token": odd}})


@pytest.mark.parametrize("odd", [["openai"], {"openai": 1}, None, 5])
def test_an_entry_of_no_provider_is_nobodys(odd: Any) -> None:
    data = {"m-1": {"litellm_provider": odd, "input_cost_per_token": Decimal(1)}}

    assert price_maps.read_map(data, [WantedModel("m-1", "openai")]).entries == ()


@pytest.mark.parametrize("exponent", ["99999999999999999999", "-99999999999999999999"])
def test_a_figure_beyond_all_figures_makes_a_file_unreadable(exponent: str) -> None:
    text = f'{{"m-1": {{"litellm_provider": "openai", "input_cost_per_token": 1e{exponent}}}}}'

    with pytest.raises(PriceMapError, match="Choose a JSON file"):
        price_maps.parse_map(text.encode())


def test_costs_of_models_dev_are_for_a_million() -> None:
    entry = read(models_dev(input=Decimal("1.25"), output=10, cache_read=Decimal("0.125"), cache_write=0, reasoning=12))

    assert {meter: tiers[0][1] for meter, tiers in prices(entry).items()} == {
        "input_tokens": "1.25",
        "output_tokens": "10",
        "cached_input_tokens": "0.125",
        "cache_write_tokens": "0",
        "reasoning_tokens": "12",
    }


def test_tiers_of_models_dev_win_over_their_older_spelling() -> None:
    tiers = [{"tier": {"type": "context", "size": 272_000}, "input": 10, "output": 45}]

    newer = read(models_dev(input=5, output=30, tiers=tiers, context_over_200k={"input": 10, "output": 45}))
    older = read(models_dev(input=5, output=30, context_over_200k={"input": 10, "output": 45}))

    assert prices(newer)["input_tokens"] == [(0, "5"), (272_001, "10")]
    assert prices(older)["output_tokens"] == [(0, "30"), (200_001, "45")]


def test_a_tier_that_is_not_by_context_is_refused() -> None:
    with pytest.raises(PriceMapError, match="tiers"):
        read(models_dev(input=5, tiers=[{"tier": {"type": "time", "size": 5}, "input": 1}]))


def test_a_rate_of_models_dev_that_nobody_has_heard_of_is_named() -> None:
    assert read(models_dev(input=5, dreams=1)).unknown == ("dreams",)
