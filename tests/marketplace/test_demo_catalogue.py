"""The catalogue that ships with the demo can be imported, priced and served."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from apps.marketplace import queries, rating, services
from apps.teams.models import AccessGroup

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    text = (settings.BASE_DIR / "apps/console/demo/catalogue.json").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = json.loads(text)
    return catalogue


@pytest.fixture
def imported(demo: dict[str, Any], db: None) -> dict[str, Any]:
    AccessGroup.objects.get_or_create(code="default")
    services.import_section(demo, at=NOON)
    return demo


def cost(code: str, **quantities: int) -> int:
    model = queries.visible_model(code, ["default"], at=NOON)
    assert model is not None
    price = queries.price_in_force(model.id, at=NOON)
    assert price is not None
    return rating.charge_nanos(price.price_list, quantities).total_nanos


@pytest.mark.usefixtures("imported")
def test_dollar_prices_are_charged_at_seven_credits() -> None:
    # 0.0163 dollars
    used = {"input_tokens": 3000, "cached_input_tokens": 8000, "cache_write_tokens": 1000, "output_tokens": 700}

    assert cost("gpt-6.1-sol", **used) == 114_100_000


@pytest.mark.usefixtures("imported")
def test_a_tier_of_the_source_reaches_its_upper_bound_included() -> None:
    assert cost("gpt-6.1-sol", input_tokens=272_000) == 272_000 * 14_000
    assert cost("gpt-6.1-sol", input_tokens=272_001) == 272_001 * 28_000


@pytest.mark.usefixtures("imported")
def test_yuan_prices_are_charged_at_one_credit() -> None:
    assert cost("qwen3.6-plus", input_tokens=256_001, output_tokens=1_000) == 256_001 * 8_000 + 1_000 * 48_000


@pytest.mark.usefixtures("imported")
def test_the_sandbox_has_a_model_with_one_price_for_every_call() -> None:
    assert cost("sandbox-fixed", calls=1, input_tokens=50_000, output_tokens=4_000) == 1_000_000_000
    assert cost("sandbox-echo", input_tokens=100, output_tokens=100) == 3_000


def test_importing_it_again_changes_nothing(imported: dict[str, Any]) -> None:
    again = services.import_section(imported, at=NOON, prune=True)

    assert (again.created, again.changed, again.removed) == ((), (), ())


def test_the_sandbox_channel_serves_every_model_that_can_be_called(demo: dict[str, Any]) -> None:
    callable_now = {model["id"] for model in demo["models"] if model["lifecycle"] in ("beta", "ga")}

    (channel,) = demo["channels"]

    assert channel["kind"] == "sandbox"
    assert set(channel["models"]) == callable_now


def test_models_and_vendors_have_names_in_both_languages(demo: dict[str, Any]) -> None:
    names = [model["display_config"]["title"] for model in demo["models"]] + [v["name"] for v in demo["vendors"]]

    assert all(set(name) == {"en", "zh-hans"} for name in names)
