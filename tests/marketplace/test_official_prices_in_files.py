"""A catalogue file may say what the vendors ask; importing records it, and an export says it again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.marketplace import queries, services
from apps.marketplace.errors import CatalogueError
from apps.marketplace.models import Model, ModelType, OfficialPrice, Vendor
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _model() -> None:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))


def section(**changed: Any) -> dict[str, Any]:
    entry = {
        "model": "acme-1",
        "source": "acme.example/pricing",
        "as_of": "2026-05-01",
        "pricing_config": config(item("input_tokens", "10"), currency="USD"),
    }
    return {"official_prices": [{**entry, **changed}]}


def test_an_official_price_of_the_file_is_recorded_once() -> None:
    first = services.import_section(section(), at=NOON)
    second = services.import_section(section(), at=NOON + timedelta(hours=1))

    assert (first.created, second.created, second.changed) == (("official_prices/acme-1",), (), ())
    assert OfficialPrice.objects.get().source == "acme.example/pricing"


def test_another_one_follows() -> None:
    services.import_section(section(), at=NOON)

    dearer = section(pricing_config=config(item("input_tokens", "12"), currency="USD"))

    assert services.import_section(dearer, at=NOON).changed == ("official_prices/acme-1",)


def test_an_export_imports_as_it_is() -> None:
    services.import_section(section(), at=NOON)

    assert queries.export_section()["official_prices"] == section()["official_prices"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"model": "nobody"}, r"official_prices/nobody: There is no model"),
        ({"model": ""}, r"official_prices\[0\]\.model"),
        ({"source": "x" * 201}, r"official_prices\[0\]\.source"),
        ({"as_of": "soon"}, r"official_prices\[0\]\.as_of"),
        ({"pricing_config": config()}, r"official_prices\[0\]\.pricing_config\.items"),
        ({"pricing_config": None}, r"official_prices\[0\]\.pricing_config"),
        ({"price": "1"}, r"official_prices\[0\]\.price"),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_its_place(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(CatalogueError, match=place):
        services.import_section(section(**changed), at=NOON)


def test_a_model_stands_there_once() -> None:
    twice = {"official_prices": [*section()["official_prices"], *section()["official_prices"]]}

    with pytest.raises(CatalogueError, match="twice"):
        services.import_section(twice, at=NOON)
