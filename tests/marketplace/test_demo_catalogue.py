"""The catalogue that ships with the demo can be imported, priced and served."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from apps.marketplace import queries, rating, services
from apps.marketplace.models import PriceVersion
from apps.marketplace.pricing_config import in_credits
from apps.marketplace.types import Reach
from apps.teams import services as teams

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    text = (settings.BASE_DIR / "apps/console/demo/catalogue.json").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = json.loads(text)
    return catalogue


@pytest.fixture
def imported(demo: dict[str, Any], db: None) -> dict[str, Any]:
    teams.import_access_groups(demo["access_groups"])
    services.import_section(demo, at=NOON)
    return demo


@pytest.fixture(scope="module")
def cost(demo: dict[str, Any]) -> Callable[..., int]:
    """What a call of a model costs in nanocredits, at seven credits a dollar and one a yuan."""
    configs = {model["id"]: model["pricing_config"] for model in demo["models"] if model.get("pricing_config")}
    rates = {"CREDIT": Decimal(1), "CNY": Decimal(1), "USD": Decimal(7)}

    def charge(code: str, conditions: dict[str, str | bool] | None = None, **quantities: int) -> int:
        config = in_credits(configs[code], rates[configs[code]["currency"]])
        return rating.charge_nanos(rating.parse_config(config), quantities, conditions=conditions or {}).total_nanos

    return charge


def test_dollar_prices_are_charged_at_seven_credits(cost: Callable[..., int]) -> None:
    # 0.0163 dollars
    used = {"input_tokens": 3000, "cached_input_tokens": 8000, "cache_write_tokens": 1000, "output_tokens": 700}

    assert cost("gpt-6.1-sol", **used) == 114_100_000


def test_a_tier_of_the_source_reaches_its_upper_bound_included(cost: Callable[..., int]) -> None:
    assert cost("gpt-6.1-sol", input_tokens=272_000) == 272_000 * 14_000
    assert cost("gpt-6.1-sol", input_tokens=272_001) == 272_001 * 28_000


def test_yuan_prices_are_charged_at_one_credit(cost: Callable[..., int]) -> None:
    assert cost("qwen3.6-plus", input_tokens=256_001, output_tokens=1_000) == 256_001 * 8_000 + 1_000 * 48_000


def test_the_sandbox_has_a_model_with_one_price_for_every_call(cost: Callable[..., int]) -> None:
    assert cost("sandbox-fixed", calls=1, input_tokens=50_000, output_tokens=4_000) == 1_000_000_000
    assert cost("sandbox-echo", input_tokens=100, output_tokens=100) == 3_000


def test_what_is_counted_otherwise_than_in_tokens_is_charged_by_its_list_price(cost: Callable[..., int]) -> None:
    sound: dict[str, str | bool] = {"resolution": "720p", "audio": True}

    # 5 × 0.6 and 5 × 1 yuan; 5 × 0.3; 3 × 0.5; 40 × 5 + 1,056 × 30 = 31,880 a million dollars at 7
    assert cost("wan2.6-t2v", {"resolution": "720p"}, video_seconds=5) == 3_000_000_000
    assert cost("wan2.6-t2v", {"resolution": "1080p"}, video_seconds=5) == 5_000_000_000
    assert cost("wan2.6-i2v-flash", sound, video_seconds=5) == 1_500_000_000
    assert cost("qwen-image-max", images=3) == 1_500_000_000
    assert cost("gpt-image-2", input_tokens=40, image_output_tokens=1_056) == 223_160_000
    # 0.006 dollars a minute; 0.0025 a search; 30 dollars a million characters; nothing
    assert cost("whisper-1", audio_seconds=60) == 42_000_000
    assert cost("rerank-v4.0-pro", search_units=1) == 17_500_000
    assert cost("tts-1-hd", characters=1_000) == 210_000_000
    assert cost("omni-moderation-latest", input_tokens=1_000) == 0


@pytest.mark.usefixtures("imported")
def test_every_price_keeps_to_the_template_it_names_and_equals_the_official_one() -> None:
    models = {model.code: model for model in queries.catalogue_snapshot(at=NOON).models}
    priced = {code: model.id for code, model in models.items() if model.price is not None}

    official = queries.official_prices(list(priced.values()), at=NOON)

    assert {code for code, pk in priced.items() if pk not in official} == {"sandbox-echo", "sandbox-fixed"}
    assert not PriceVersion.objects.filter(template=None).exists()
    assert set(PriceVersion.objects.filter(policy="pegged").values_list("model__vendor__code", flat=True)) == {"openai"}


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


def test_what_no_endpoint_serves_yet_is_planned(demo: dict[str, Any]) -> None:
    callable_now = {model["type"] for model in demo["models"] if model["lifecycle"] in ("beta", "ga")}

    assert callable_now == {"chat", "embedding"}


def test_a_model_without_a_public_price_is_planned_and_without_a_price(demo: dict[str, Any]) -> None:
    unpriced = {model["id"]: model["lifecycle"] for model in demo["models"] if not model.get("pricing_config")}

    named = ("claude-opus-4-7", "dall-e-3", "gpt-image-1", "doubao-seedream-4-0", "midjourney")
    assert unpriced == dict.fromkeys(named, "planned")


def test_the_recommended_picks_are_shipped_with_their_notes(demo: dict[str, Any]) -> None:
    picks = {
        (pick["use"], model["id"]): pick.get("note", {}).get("en")
        for model in demo["models"]
        for pick in model["display_config"].get("recommended_for", [])
        if model["id"] not in ("deepseek-flash", "deepseek-v4-flash")  # they follow the two that were retired
    }

    assert picks == {
        ("chat", "deepseek-chat"): "best cost-performance",
        ("chat", "claude-haiku-4-5"): "best cost-performance",
        ("coding", "deepseek-chat"): "best cost-performance",
        ("coding", "claude-haiku-4-5"): "best cost-performance",
        ("reasoning", "claude-sonnet-4-6"): None,
        ("reasoning", "claude-opus-4-7"): None,
        ("reasoning", "deepseek-reasoner"): None,
        ("long_documents", "claude-sonnet-4-6"): None,
        ("long_documents", "claude-opus-4-7"): None,
        ("long_documents", "deepseek-reasoner"): None,
        ("maths", "deepseek-reasoner"): None,
        ("maths", "claude-opus-4-7"): "strong reasoning",
        ("images", "claude-sonnet-4-6"): None,
        ("images", "claude-opus-4-7"): None,
    }


@pytest.mark.usefixtures("imported")
def test_there_are_models_of_every_type_and_groups_for_who_needs_more(demo: dict[str, Any]) -> None:
    types = queries.model_types(Reach.of([("default", Decimal(1))], main="default"))

    assert [card.code for card in types] == [
        card.code for card in queries.model_types(Reach.of([], main=""), with_empty=True)
    ]
    assert [group["code"] for group in demo["access_groups"]] == ["default", "high_concurrency", "enterprise_dedicated"]
    assert demo["access_groups"][2]["tpm"] == 30_000_000
    assert demo["access_groups"][2]["all_lines"] is True


def test_summaries_and_labels_are_in_both_languages(demo: dict[str, Any]) -> None:
    summaries = [model["display_config"]["summary"] for model in demo["models"]]
    labels = [entry["label"] for entry in demo["pricing_templates"]] + [entry["name"] for entry in demo["model_types"]]

    assert all(set(text) == {"en", "zh-hans"} for text in summaries + labels)
