"""A pricing template is checked when it is written, and a pricing_config against it."""

from typing import Any

import pytest

from apps.marketplace.template_terms import config_fault, terms_fault, terms_of
from tests.marketplace.configs import config, item, tiered

VIDEO: dict[str, Any] = {
    "model_types": ["video"],
    "label": {"en": "Per second of video"},
    "meters": [
        {"meter": "video_seconds", "unit": 1, "conditions": {"resolution": ["480p", "720p", "1080p"], "audio": [True]}},
        {"meter": "calls", "unit": 1},
    ],
    "tiering": "none",
    "hold": "requested_seconds_x_price",
    "line_format": {"en": "{price} / s ({resolution})"},
    "json_schema": {"type": "object", "required": ["items", "currency"]},
    "defaults": config(item("video_seconds", "0.6", unit=1, resolution="720p"), currency="CNY"),
}


def test_a_template_with_everything_is_accepted() -> None:
    assert terms_fault(VIDEO) is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"label": {"zh-hans": "按秒"}}, "label"),
        ({"model_types": []}, "model_types"),
        ({"meters": [{"meter": "smiles", "unit": 1}]}, "meters[0].meter"),
        ({"meters": [{"meter": "calls", "unit": 0}]}, "meters[0].unit"),
        ({"meters": [*VIDEO["meters"], {"meter": "calls", "unit": 1}]}, "meters[2].meter"),
        ({"tiering": "steps"}, "tiering"),
        ({"line_format": {"en": "per second"}}, "line_format.en"),
        ({"line_format": {"en": "{price} {0.__class__}"}}, "line_format.en"),
        ({"line_format": {"en": "{price} / {quality}"}}, "line_format.en"),
        ({"json_schema": {"type": "objekt"}}, "json_schema.type"),
        ({"json_schema": {"$ref": "https://example.com"}}, "json_schema.$ref"),
        ({"defaults": {"schema": 1}}, "defaults.schema"),
        ({"defaults": config(item("images", "1", unit=1), currency="CNY")}, "defaults.items[0].meter"),
        ({"version": 3}, ""),
    ],
)
def test_a_template_that_cannot_be_used_is_told_where(change: dict[str, Any], path: str) -> None:
    fault = terms_fault(VIDEO | change)

    assert fault is not None
    assert fault.path == path


@pytest.mark.parametrize(
    ("price", "path", "problem"),
    [
        (config(item("video_seconds", "1", unit=1)), "", "Add currency."),
        (config(item("images", "1", unit=1), currency="USD"), "items[0].meter", "It prices: video_seconds, calls."),
        (config(item("video_seconds", "1", unit=60), currency="USD"), "items[0].unit", "for 1."),
        (
            config(item("video_seconds", "1", unit=1, resolution="8k"), currency="USD"),
            "items[0].conditions.resolution",
            "Write one of: 480p, 720p, 1080p.",
        ),
        (
            config(item("calls", "1", unit=1, resolution="720p"), currency="USD"),
            "items[0].conditions.resolution",
            "The template has no such condition of this meter.",
        ),
        (
            config(tiered("video_seconds", (0, "1"), (60, "0.9"), unit=1), currency="USD"),
            "items[0].tiers",
            "The template has no tiers: write one price, from 0 to null.",
        ),
    ],
)
def test_a_price_that_departs_from_its_template_is_told_where(price: dict[str, Any], path: str, problem: str) -> None:
    fault = config_fault(terms_of(VIDEO), price)

    assert fault is not None
    assert fault.path == path
    assert problem in str(fault.problem)


def test_a_meter_that_the_template_wants_must_be_priced() -> None:
    terms = terms_of(
        VIDEO | {"meters": [{"meter": "video_seconds", "unit": 1}, {"meter": "calls", "unit": 1, "required": True}]}
    )

    fault = config_fault(terms, config(item("video_seconds", "1", unit=1), currency="USD"))

    assert fault is not None
    assert (fault.path, str(fault.problem)) == ("items", "The template wants a price of calls: add it.")


def test_tiers_are_those_of_the_template() -> None:
    tokens = {
        "model_types": ["chat"],
        "label": {"en": "Tiers"},
        "meters": [{"meter": "input_tokens", "unit": 1_000_000}],
    }
    terms = terms_of(tokens | {"tiering": "volume"})
    tiers = tiered("input_tokens", (0, "2.5"), (32_000, "4"))

    assert config_fault(terms, config(tiers)) is None
    fault = config_fault(terms, config(tiers, tier_mode="graduated"))
    assert fault is not None
    assert fault.path == "tier_mode"


def test_equal_terms_are_equal_whatever_the_order_of_types() -> None:
    both = VIDEO | {"model_types": ["video", "image"]}

    assert terms_of(both) == terms_of(both | {"model_types": ["image", "video"]})
