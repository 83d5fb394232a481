"""A catalogue file says what shall be; running it twice changes nothing."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.marketplace import queries, services
from apps.marketplace.errors import CatalogueError
from apps.marketplace.models import Model, ModelType, PriceVersion, Vendor
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def catalogue() -> dict[str, Any]:
    return {
        "vendors": [{"code": "openai", "name": {"en": "OpenAI"}}],
        "models": [
            {
                "id": "gpt-4o-mini",
                "type": "chat",
                "vendor": "openai",
                "lifecycle": "ga",
                "display_config": {"title": {"en": "GPT-4o mini"}, "context_length": 128_000, "max_output": 16_384},
                "pricing_config": config(item("input_tokens", "0.15"), currency="USD"),
                "access_groups": ["default"],
            },
            {
                "id": "gpt-3.5-turbo",
                "type": "chat",
                "vendor": "openai",
                "lifecycle": "retired",
                "retired_on": "2026-10-23",
                "successor": "gpt-4o-mini",
                "display_config": {},
                "pricing_config": {},
                "access_groups": ["default"],
            },
        ],
    }


@pytest.fixture(autouse=True)
def _groups() -> None:
    AccessGroup.objects.get_or_create(code="default")
    AccessGroup.objects.get_or_create(code="partners")


def test_an_import_creates_what_the_file_lists() -> None:
    report = services.import_section(catalogue(), at=NOON)

    assert report.created == (
        "vendors/openai",
        "model_types/chat",
        "models/gpt-4o-mini",
        "models/gpt-3.5-turbo",
        "prices/gpt-4o-mini",
    )
    retired = Model.objects.get(code="gpt-3.5-turbo")
    assert (retired.retired_on, str(retired.successor)) == (date(2026, 10, 23), "gpt-4o-mini")


def test_a_second_import_changes_nothing() -> None:
    services.import_section(catalogue(), at=NOON)

    again = services.import_section(catalogue(), at=LATER, prune=True)

    assert (again.created, again.changed, again.removed) == ((), (), ())


def test_an_exported_catalogue_is_imported_without_a_change() -> None:
    services.import_section(catalogue(), at=NOON)

    report = services.import_section(queries.export_section(), at=LATER, prune=True)

    assert (report.created, report.changed, report.removed) == ((), (), ())


def priced(amount: str) -> dict[str, Any]:
    changed = catalogue()
    changed["models"][0]["pricing_config"]["items"][0]["tiers"][0]["price"] = amount
    return changed


def test_a_lower_price_becomes_a_version_in_force_at_once() -> None:
    services.import_section(catalogue(), at=NOON)

    report = services.import_section(priced("0.1"), at=LATER)

    assert (report.changed, report.details) == (("prices/gpt-4o-mini",), {})
    assert list(PriceVersion.objects.values_list("number", "ends_at")) == [(2, None), (1, LATER)]


def test_a_higher_price_becomes_a_version_after_its_notice_and_the_report_says_so() -> None:
    services.import_section(catalogue(), at=NOON)

    report = services.import_section(priced("0.2"), at=LATER)

    assert report.details == {
        "prices/gpt-4o-mini": "in force from 2026-05-10T13:00:00+00:00, because some calls get dearer"
    }
    assert list(PriceVersion.objects.values_list("number", "ends_at")) == [(2, None), (1, LATER + timedelta(days=1))]


@pytest.mark.parametrize("amount", ["0.15", "0.2"])
def test_a_file_that_says_what_is_in_force_or_announced_changes_nothing(amount: str) -> None:
    services.import_section(catalogue(), at=NOON)
    services.import_section(priced("0.2"), at=LATER)

    report = services.import_section(priced(amount), at=LATER + timedelta(hours=1))

    assert (report.created, report.changed) == ((), ())


def test_a_file_that_contradicts_an_announced_price_is_refused_and_says_of_which_model() -> None:
    services.import_section(catalogue(), at=NOON)
    services.import_section(priced("0.2"), at=LATER)

    with pytest.raises(CatalogueError, match=r"models/gpt-4o-mini\.pricing_config: Version 2 begins"):
        services.import_section(priced("0.1"), at=LATER + timedelta(hours=1))


def test_changed_names_and_groups_are_reported_once() -> None:
    services.import_section(catalogue(), at=NOON)
    other = catalogue()
    other["vendors"][0]["name"]["zh-hans"] = "开放人工智能"
    other["models"][0] |= {"lifecycle": "beta", "access_groups": ["default", "partners"]}

    report = services.import_section(other, at=LATER)

    assert report.changed == ("vendors/openai", "models/gpt-4o-mini")
    model = Model.objects.get(code="gpt-4o-mini")
    assert sorted(model.access_groups.values_list("code", flat=True)) == ["default", "partners"]


def test_a_dry_run_tells_the_same_and_leaves_nothing() -> None:
    report = services.import_section(catalogue(), at=NOON, dry_run=True)

    assert "models/gpt-4o-mini" in report.created
    assert not Model.objects.exists()
    assert not Vendor.objects.exists()


def test_pruning_retires_models_and_removes_what_nothing_uses() -> None:
    services.import_section(catalogue() | {"vendors": [*catalogue()["vendors"], {"code": "idle"}]}, at=NOON)
    smaller = catalogue()
    smaller["models"] = smaller["models"][1:]
    smaller["models"][0]["successor"] = None

    report = services.import_section(smaller, at=LATER, prune=True)

    assert report.removed == ("models/gpt-4o-mini", "vendors/idle")
    assert Model.objects.get(code="gpt-4o-mini").lifecycle == "retired"
    assert Vendor.objects.filter(code="openai").exists()


def test_pruning_leaves_alone_what_the_file_has_no_list_of() -> None:
    services.import_section(catalogue(), at=NOON)

    report = services.import_section({"vendors": catalogue()["vendors"]}, at=LATER, prune=True)

    assert report.removed == ()
    assert Model.objects.get(code="gpt-4o-mini").lifecycle == "ga"


def test_without_pruning_what_is_not_listed_stays() -> None:
    services.import_section(catalogue(), at=NOON)

    report = services.import_section({"models": []}, at=LATER)

    assert report.removed == ()
    assert Model.objects.filter(lifecycle="ga").exists()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"vendor": "nobody"}, "models/gpt-4o-mini"),
        ({"type": "telepathy"}, "models/gpt-4o-mini"),
        ({"access_groups": ["strangers"]}, "models/gpt-4o-mini"),
        ({"successor": "gpt-9"}, "models/gpt-4o-mini"),
        ({"access_groups": "default"}, "models/gpt-4o-mini.access_groups"),
        ({"lifecycle": "live"}, "models/gpt-4o-mini.lifecycle"),
        ({"display_config": {"context_length": "128k"}}, "models/gpt-4o-mini.display_config.context_length"),
        ({"pricing_config": {"schema": 1}}, "models/gpt-4o-mini.pricing_config.schema"),
        ({"price": "1"}, "models/gpt-4o-mini.price"),
        ({"id": ""}, "models[0]"),
        ({"id": "gpt-3.5-turbo"}, "models/gpt-3.5-turbo"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_imported(change: dict[str, Any], place: str) -> None:
    wrong = catalogue()
    wrong["models"][0] |= change

    with pytest.raises(CatalogueError) as caught:
        services.import_section(wrong, at=NOON)

    assert caught.value.entry == place
    assert not Model.objects.exists()


def test_a_usual_type_that_was_renamed_keeps_its_name() -> None:
    services.import_section(catalogue(), at=NOON)
    ModelType.objects.filter(code="chat").update(name={"en": "Talk"})

    services.import_section(catalogue(), at=LATER)

    assert ModelType.objects.get(code="chat").name == {"en": "Talk"}


def test_a_listed_type_has_its_endpoints_and_facets_from_the_file() -> None:
    listed = {"code": "chat", "name": {"en": "Chat"}, "position": 5, "endpoints": ["/v1/messages"], "facets": ["tools"]}
    services.import_section(catalogue() | {"model_types": [listed]}, at=NOON)

    services.import_section({"model_types": [{"code": "chat", "name": {"en": "Chat"}, "position": 5}]}, at=LATER)

    chat = ModelType.objects.get()
    assert (chat.endpoints, chat.facets) == (["/v1/messages"], ["tools"])


@pytest.mark.parametrize(
    ("field", "value"), [("endpoints", ["v1/messages"]), ("endpoints", "/v1"), ("facets", ["Tools"]), ("facets", [5])]
)
def test_a_type_with_odd_endpoints_or_facets_is_named(field: str, value: object) -> None:
    with pytest.raises(CatalogueError) as caught:
        services.import_section({"model_types": [{"code": "chat", field: value}]}, at=NOON)

    assert caught.value.entry == f"model_types/chat.{field}"


def test_the_file_itself_is_left_as_it_was() -> None:
    data = catalogue()
    before = deepcopy(data)

    services.import_section(data, at=NOON)

    assert data == before
