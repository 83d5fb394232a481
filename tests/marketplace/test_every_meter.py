"""Everything that vendors charge for has a meter, and each meter is charged by its own price."""

from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace import rating
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.meters import METERS
from tests.marketplace.configs import config, item

# One price for each, all different; the units as vendors publish them.
UNITS = {meter: 1_000_000 if meter.endswith("tokens") or meter == "characters" else 1 for meter in METERS}
EVERYTHING = config(*(item(meter, str(number), unit=UNITS[meter]) for number, meter in enumerate(METERS, start=1)))

# What the marketplace is asked to price, by the words of vendors' lists.
ASKED_FOR = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached read": "cached_input_tokens",
    "cache write, five minutes": "cache_write_tokens",
    "cache write, an hour": "cache_write_1h_tokens",
    "cache write, twelve hours": "cache_write_12h_tokens",
    "reasoning": "reasoning_tokens",
    "images": "images",
    "tokens of images": "image_output_tokens",
    "seconds of audio": "audio_seconds",
    "tokens of audio": "audio_input_tokens",
    "seconds of video": "video_seconds",
    "characters": "characters",
    "search units": "search_units",
    "calls": "calls",
    "tools": "web_searches",
}


@pytest.mark.parametrize("wish", ASKED_FOR)
def test_there_is_a_meter_for_what_vendors_charge(wish: str) -> None:
    assert ASKED_FOR[wish] in METERS


def test_every_meter_has_a_name_for_people() -> None:
    assert set(METER_NAMES) == set(METERS)


@pytest.mark.parametrize(("number", "meter"), list(enumerate(METERS, start=1)))
def test_a_meter_with_a_price_is_charged_by_it(number: int, meter: str) -> None:
    charge = rating.charge_nanos(rating.parse_config(EVERYTHING), {meter: UNITS[meter]})

    assert charge.total_nanos == number * 1_000_000_000
    assert [(line.meter, line.price) for line in charge.lines] == [(meter, str(number))]


def test_a_call_of_many_meters_costs_their_sum() -> None:
    price = rating.parse_config(EVERYTHING)
    numbers = {meter: number for number, meter in enumerate(METERS, start=1)}

    charge = rating.charge_nanos(price, {meter: UNITS[meter] for meter in METERS}, multiplier=Decimal("0.5"))

    assert charge.total_nanos == sum(numbers.values()) * 500_000_000


IMAGES = config(
    item("images", "0.02", unit=1),
    item("images", "0.04", unit=1, size="1024x1024", quality="high"),
    item("images", "0.03", unit=1, size="1024x1024"),
)
VIDEO = config(
    item("video_seconds", "0.3", unit=1, resolution="720p", audio=True),
    item("video_seconds", "0.15", unit=1, resolution="720p", audio=False),
    item("video_seconds", "0.5", unit=1, resolution="1080p", audio=True),
)


@pytest.mark.parametrize(
    ("price", "meter", "conditions", "nanos"),
    [
        (IMAGES, "images", {"size": "1024x1024", "quality": "high"}, 160_000_000),
        (IMAGES, "images", {"size": "1024x1024", "quality": "low"}, 120_000_000),
        (IMAGES, "images", {"size": "512x512", "quality": "high"}, 80_000_000),
        (VIDEO, "video_seconds", {"resolution": "720p", "audio": True}, 1_200_000_000),
        (VIDEO, "video_seconds", {"resolution": "720p", "audio": False}, 600_000_000),
        (VIDEO, "video_seconds", {"resolution": "1080p", "audio": True}, 2_000_000_000),
    ],
)
def test_four_images_or_seconds_cost_what_their_size_and_quality_cost(
    price: dict[str, Any], meter: str, conditions: dict[str, str | bool], nanos: int
) -> None:
    assert rating.charge_nanos(rating.parse_config(price), {meter: 4}, conditions=conditions).total_nanos == nanos


def test_what_no_price_fits_is_refused_and_not_given_away() -> None:
    with pytest.raises(rating.NotPriced):
        rating.charge_nanos(rating.parse_config(VIDEO), {"video_seconds": 4}, conditions={"resolution": "4k"})
