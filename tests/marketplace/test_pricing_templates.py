"""Pricing templates: versions that are never edited, and prices that stay with theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.journal.models import AuditEntry
from apps.marketplace import queries, services
from apps.marketplace.errors import CatalogueError, PricingConfigError, TemplateInUse, TemplateInvalid
from apps.marketplace.models import Model, ModelType, PriceVersion, PricingTemplate, Vendor
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLAT: dict[str, Any] = {
    "model_types": ["chat"],
    "label": {"en": "Per token"},
    "meters": [
        {"meter": "input_tokens", "unit": 1_000_000, "required": True},
        {"meter": "output_tokens", "unit": 1_000_000},
    ],
    "line_format": {"en": "{price} / 1M tokens"},
}
PRICED = config(item("input_tokens", "2"), template={"code": "flat", "version": 1})


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme")
    ModelType.objects.create(code="video")
    return Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))


def test_an_edited_template_is_a_new_version(model: Model) -> None:
    first = services.publish_template("flat", FLAT, at=NOON)

    second = services.publish_template("flat", FLAT | {"label": {"en": "By token"}}, at=NOON, reason="Clearer.")

    assert (first.version, second.version) == (1, 2)
    newest, old = queries.pricing_template("flat"), queries.pricing_template("flat", version=1)
    assert newest is not None
    assert old is not None
    assert (newest.terms.label, old.terms.label) == ({"en": "By token"}, {"en": "Per token"})
    assert AuditEntry.objects.get(act="pricing_template.published", target_id="flat 2").reason == "Clearer."


def test_publishing_the_same_template_again_changes_nothing(model: Model) -> None:
    services.publish_template("flat", FLAT, at=NOON)

    again = services.publish_template("flat", dict(reversed(FLAT.items())), at=NOON + HOUR)

    assert (again.version, again.changed) == (1, False)
    assert PricingTemplate.objects.count() == 1


def test_a_template_that_cannot_be_used_is_refused(model: Model) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        services.publish_template("flat", FLAT | {"tiering": "steps"}, at=NOON)
    assert caught.value.path == "tiering"

    with pytest.raises(TemplateInvalid) as caught:
        services.publish_template("flat", FLAT | {"model_types": ["telepathy"]}, at=NOON)
    assert str(caught.value.text) == "model_types: There is no model type “telepathy”."


def test_the_database_keeps_a_version_as_it_was_published(model: Model) -> None:
    template = services.publish_template("flat", FLAT, at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        PricingTemplate.objects.filter(pk=template.template_id).update(hold="other")


def test_a_price_stays_with_the_version_it_was_published_under(model: Model) -> None:
    first = services.publish_template("flat", FLAT, at=NOON)
    services.publish_price(model.pk, PRICED, at=NOON)

    services.publish_template("flat", FLAT | {"hold": "input_plus_max_output"}, at=NOON)

    assert PriceVersion.objects.get().template_id == first.template_id
    services.publish_price(model.pk, PRICED | {"items": [item("input_tokens", "1")]}, at=NOON + HOUR)
    assert PriceVersion.objects.get(number=2).template_id == first.template_id


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"template": {"code": "flat", "version": 9}}, "template"),
        ({"template": {"code": "steep", "version": 1}}, "template"),
        ({"template": {"code": "flat"}}, "template.version"),
        ({"template": "flat"}, "template"),
        ({"items": [item("output_tokens", "2")]}, "items"),
        ({"items": [item("input_tokens", "2"), item("calls", "2")]}, "items[1].meter"),
        ({"items": [item("input_tokens", "2", thinking=True)]}, "items[0].conditions.thinking"),
    ],
)
def test_a_price_that_departs_from_its_template_is_refused(model: Model, change: dict[str, Any], path: str) -> None:
    services.publish_template("flat", FLAT, at=NOON)

    with pytest.raises(PricingConfigError) as caught:
        services.publish_price(model.pk, PRICED | change, at=NOON)

    assert caught.value.path == path
    assert not PriceVersion.objects.exists()


def test_a_template_prices_models_of_its_types_alone(model: Model) -> None:
    services.publish_template("flat", FLAT | {"model_types": ["video"]}, at=NOON)

    with pytest.raises(PricingConfigError) as caught:
        services.publish_price(model.pk, PRICED, at=NOON)

    assert str(caught.value.text) == "template.code: This template prices models of other types: video."


def test_a_deprecated_template_is_kept_by_its_models_and_begins_no_other_price(model: Model) -> None:
    template = services.publish_template("flat", FLAT, at=NOON)
    services.publish_price(model.pk, PRICED, at=NOON)
    other = Model.objects.create(code="acme-2", vendor=model.vendor, type=model.type)

    assert services.deprecate_template(template.template_id, at=NOON, reason="Too coarse.") is True

    services.publish_price(model.pk, PRICED | {"items": [item("input_tokens", "1")]}, at=NOON + HOUR)
    with pytest.raises(PricingConfigError, match="deprecated"):
        services.publish_price(other.pk, PRICED, at=NOON)
    assert services.deprecate_template(template.template_id, at=NOON) is False
    assert services.reinstate_template(template.template_id, at=NOON) is True
    services.publish_price(other.pk, PRICED, at=NOON)


def test_a_used_version_is_never_removed(model: Model) -> None:
    template = services.publish_template("flat", FLAT, at=NOON)
    services.publish_price(model.pk, PRICED, at=NOON)

    with pytest.raises(TemplateInUse), transaction.atomic():
        services.remove_template(template.template_id, at=NOON)
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(
            "DELETE FROM marketplace_pricingtemplate_model_types; DELETE FROM marketplace_pricingtemplate;"
            "SET CONSTRAINTS ALL IMMEDIATE"
        )


def test_an_unused_version_may_be_removed_twice(model: Model) -> None:
    template = services.publish_template("flat", FLAT, at=NOON)

    services.remove_template(template.template_id, at=NOON)
    services.remove_template(template.template_id, at=NOON)

    assert not PricingTemplate.objects.exists()


def test_the_dictionary_shows_the_newest_version_of_each_template(model: Model, django_assert_num_queries: Any) -> None:
    services.publish_template("flat", FLAT, at=NOON)
    services.publish_template("flat", FLAT | {"hold": "x"}, at=NOON)
    services.publish_template("clip", FLAT | {"model_types": ["video"]}, at=NOON)

    with django_assert_num_queries(2):
        shown = queries.pricing_templates()

    assert [(card.code, card.version) for card in shown] == [("clip", 1), ("flat", 2)]
    assert [card.code for card in queries.pricing_templates("video")] == ["clip"]


# -- In a catalogue file -------------------------------------------------------------------------


def catalogue(*templates: dict[str, Any]) -> dict[str, Any]:
    models = [{"id": "acme-1", "type": "chat", "vendor": "acme", "pricing_config": PRICED}]
    return {"vendors": [{"code": "acme"}], "pricing_templates": list(templates), "models": models}


@pytest.fixture
def group() -> None:
    AccessGroup.objects.get_or_create(code="default")


@pytest.mark.usefixtures("group")
def test_templates_of_a_file_are_published_before_the_prices_that_name_them() -> None:
    file = catalogue({"code": "flat", "version": 1, **FLAT}, {"code": "clip", **FLAT, "deprecated": True})

    report = services.import_section(file, at=NOON)

    assert "pricing_templates/flat/1" in report.created
    assert PriceVersion.objects.get().template == PricingTemplate.objects.get(code="flat")
    assert PricingTemplate.objects.get(code="clip").is_deprecated


@pytest.mark.usefixtures("group")
def test_a_second_import_and_that_of_an_export_change_nothing() -> None:
    file = catalogue({"code": "flat", "version": 1, **FLAT}, {"code": "flat", "version": 3, **FLAT, "hold": "x"})
    services.import_section(file, at=NOON)

    for again in (file, queries.export_section()):
        report = services.import_section(again, at=NOON + HOUR, prune=True)
        assert (report.created, report.changed, report.removed) == ((), (), ())


@pytest.mark.usefixtures("group")
def test_a_file_cannot_edit_a_version() -> None:
    services.import_section(catalogue({"code": "flat", "version": 1, **FLAT}), at=NOON)

    with pytest.raises(CatalogueError) as caught:
        services.import_section(catalogue({"code": "flat", "version": 1, **FLAT, "hold": "x"}), at=NOON)

    assert str(caught.value.text) == (
        "pricing_templates/flat/1.version: Version 1 exists and is never edited: write a change as version 2."
    )


@pytest.mark.usefixtures("group")
def test_pruning_deprecates_what_prices_have_and_removes_the_rest() -> None:
    services.import_section(
        catalogue({"code": "flat", "version": 1, **FLAT}, {"code": "idle", "version": 1, **FLAT}), at=NOON
    )

    report = services.import_section(catalogue(), at=NOON + HOUR, prune=True)

    assert report.removed == ("pricing_templates/flat/1", "pricing_templates/idle/1")
    assert list(PricingTemplate.objects.values_list("code", "is_deprecated")) == [("flat", True)]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"code": "Flat", **FLAT}, "pricing_templates[0].code"),
        ({"code": "flat", **FLAT, "version": "1"}, "pricing_templates/flat.version"),
        ({"code": "flat", **FLAT, "deprecated": "no"}, "pricing_templates/flat.deprecated"),
        ({"code": "flat", **FLAT, "meters": [{"meter": "x", "unit": 1}]}, "pricing_templates/flat.meters[0].meter"),
        (
            {"code": "flat", "model_types": ["telepathy"], "label": {"en": "x"}, "meters": FLAT["meters"]},
            "pricing_templates/flat/1.model_types",
        ),
        ("flat", "pricing_templates[0]"),
    ],
)
def test_a_wrong_template_of_a_file_is_named(entry: Any, place: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        services.import_section(catalogue(entry), at=NOON)

    assert caught.value.entry == place
