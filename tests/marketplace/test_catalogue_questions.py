"""What the catalogue answers: to the relay, to pages, and to callers who mistyped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace import queries, services
from apps.marketplace.models import Model, ModelType
from apps.marketplace.types import Reach
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def entry(code: str, **changes: Any) -> dict[str, Any]:
    return {"id": code, "type": "chat", "vendor": "acme", "pricing_config": config(item("input_tokens", "1"))} | changes


@pytest.fixture
def catalogue(db: None) -> None:
    AccessGroup.objects.get_or_create(code="default")
    AccessGroup.objects.get_or_create(code="partners")
    models = [
        entry("acme-1", display_config={"title": {"en": "Acme One"}, "context_length": 8_000, "max_output": 1_000}),
        entry("acme-2", access_groups=["partners"], pricing_config={}),
        entry("acme-0", lifecycle="retired", retired_on="2026-01-01", successor="acme-1"),
        entry("acme-embed", type="embedding", access_groups=["default", "partners"]),
    ]
    services.import_section({"vendors": [{"code": "acme", "name": {"en": "Acme"}}], "models": models}, at=NOON)


@pytest.mark.usefixtures("catalogue")
def test_the_snapshot_has_what_a_call_needs() -> None:
    snapshot = queries.catalogue_snapshot(at=NOON)

    models = {model.code: model for model in snapshot.models}
    one = models["acme-1"]
    assert (one.type, one.vendor, one.context_length, one.max_output) == ("chat", "acme", 8_000, 1_000)
    assert one.price is not None
    assert one.groups == frozenset({"default"})
    assert (models["acme-2"].price, models["acme-2"].price_version_id) == (None, None)
    assert (models["acme-0"].lifecycle, models["acme-0"].successor) == ("retired", "acme-1")


@pytest.mark.usefixtures("catalogue")
def test_the_snapshot_tells_when_a_scheduled_price_begins() -> None:
    model = Model.objects.get(code="acme-1")

    services.publish_price(model.pk, config(item("input_tokens", "2")), at=NOON, starts_at=NOON + DAY)

    assert queries.catalogue_snapshot(at=NOON).next_change_at == NOON + DAY
    assert queries.catalogue_snapshot(at=NOON + DAY).next_change_at is None


@pytest.mark.usefixtures("catalogue")
def test_the_snapshot_costs_the_same_few_queries_however_many_models(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        queries.catalogue_snapshot(at=NOON)


@pytest.mark.usefixtures("catalogue")
def test_a_models_price_carries_the_facts_of_its_version() -> None:
    found = queries.model_in_reach("acme-1", queries.reach_of(None, at=NOON), at=NOON)

    assert found is not None
    card = found.card
    assert card.pricing_config == config(item("input_tokens", "1")) | {
        "policy": "floating",
        "version": 1,
        "effective_at": "2026-05-09T12:00:00+00:00",
        "expires_at": None,
    }
    assert (card.title("zh-hans"), card.title("en")) == ("Acme One", "Acme One")


@pytest.mark.usefixtures("catalogue")
def test_a_model_of_another_group_is_not_there() -> None:
    assert queries.model_in_reach("acme-2", queries.reach_of(None, at=NOON), at=NOON) is None


ALL = Reach.of([("default", Decimal(1)), ("partners", Decimal(1))], main="default")


@pytest.mark.usefixtures("catalogue")
def test_the_dictionary_counts_the_models_within_reach_and_hints_at_no_other() -> None:
    stranger = queries.reach_of(None, at=NOON)
    only_one = Reach.of([], main="", model_ids=[Model.objects.get(code="acme-2").pk])

    assert [(card.code, card.model_count) for card in queries.model_types(ALL)] == [("chat", 2), ("embedding", 1)]
    assert [(card.code, card.model_count) for card in queries.model_types(stranger)] == [("chat", 1), ("embedding", 1)]
    assert [(card.code, card.model_count) for card in queries.model_types(only_one)] == [("chat", 1)]


@pytest.mark.usefixtures("catalogue")
def test_a_type_without_models_is_shown_when_asked_for_and_one_with_planned_ones_always() -> None:
    ModelType.objects.create(code="video", position=40)
    Model.objects.filter(code="acme-embed").update(lifecycle="planned")

    assert [card.code for card in queries.model_types(ALL)] == ["chat", "embedding"]
    everything = queries.model_types(ALL, with_empty=True)

    assert [(card.code, card.model_count, card.planned_count) for card in everything] == [
        ("chat", 2, 0),
        ("embedding", 0, 1),
        ("video", 0, 0),
    ]


@pytest.mark.usefixtures("catalogue")
def test_a_usual_type_says_which_endpoints_serve_it() -> None:
    embedding = queries.model_types(ALL)[1]

    assert (embedding.name["en"], embedding.endpoints) == ("Embeddings", ("/v1/embeddings",))
    assert embedding.facets == ("context_length",)


@pytest.mark.usefixtures("catalogue")
def test_the_dictionary_of_types_takes_two_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        queries.model_types(ALL)
