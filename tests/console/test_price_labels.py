"""What an operator calls the lines of a price list stands where its conditions would."""

from typing import Any, Final

import pytest
from django.test import Client

from apps.console.catalogue.price_labels import Priced, label_of
from apps.core import clock
from apps.marketplace import services
from apps.marketplace.models import Model
from tests.catalogue import price

PRICED: Final[tuple[Priced, ...]] = (
    ("video_seconds", {"resolution": "480p"}),
    ("video_seconds", {"resolution": "1080p", "audio": True}),
    ("calls", {}),
)
LINES: Final[list[dict[str, Any]]] = [
    {"label": {"en": "Small", "zh-hans": "小"}, "template": "{price} / s", "item": 0},
    {"label": {"en": "Large with sound"}, "template": "{price} / s", "item": 1},
    {"label": {"en": "A call"}, "template": "{price}", "item": 2},
    {"template": "{price}", "item": 40},
]


def label(conditions: dict[str, Any], *, lines: list[dict[str, Any]] | None = None, language: str = "en") -> str:
    config = {"price_lines": LINES if lines is None else lines}
    return label_of(config, PRICED, meters={"video_seconds", "calls"}, conditions=conditions, language=language)


def test_a_line_names_exactly_the_conditions_of_its_item() -> None:
    assert label({"resolution": "480p"}) == "Small"
    assert label({"resolution": "480p"}, language="zh-hans") == "小"
    assert label({"resolution": "1080p", "audio": True}, language="zh-hans") == "Large with sound"
    assert label({"resolution": "1080p"}) == ""
    assert label({"resolution": "480p", "audio": True}) == ""


def test_a_price_of_everything_keeps_its_own_words() -> None:
    assert label({}) == ""


def test_what_two_lines_call_differently_keeps_its_conditions() -> None:
    again = {"label": {"en": "Tiny"}, "template": "{price}", "item": 0}

    assert label({"resolution": "480p"}, lines=[*LINES, again]) == ""
    assert label({"resolution": "480p"}, lines=[]) == ""


@pytest.fixture
def by_resolution(catalogue: None) -> None:
    """`film`, priced by resolution: 1 credit, and 2 for the large one; only the small one has a label."""
    config = price(video_seconds=(1, "1"))
    small, large = dict(config["items"][0]), dict(config["items"][0])
    small["conditions"] = {"resolution": "480p"}
    large |= {"conditions": {"resolution": "1080p"}, "tiers": [{"from": 0, "to": None, "price": "2"}]}
    config["items"] = [small, large]
    like = Model.objects.get(code="chat-small")
    film = Model.objects.create(
        code="film", vendor=like.vendor, type=like.type, lifecycle="ga", display_config={"price_lines": LINES[:1]}
    )
    film.access_groups.set(like.access_groups.all())
    services.publish_price(film.id, config, at=clock.now())


@pytest.mark.usefixtures("by_resolution")
def test_the_page_of_a_model_heads_its_rows_with_labels_where_there_are_some() -> None:
    shown = Client().get("/models/film").content.decode()

    assert '<th scope="row">Small' in shown
    assert '<th scope="row">Resolution: 1080p' in shown


@pytest.mark.usefixtures("by_resolution")
def test_a_list_row_names_what_its_price_is_for() -> None:
    shown = Client().get("/models?search=film").content.decode()

    assert "per second of video · Small" in shown
