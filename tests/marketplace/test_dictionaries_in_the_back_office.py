"""Model types and pricing templates in the back office: what files may say, forms accept, and nothing else."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.marketplace import services
from apps.marketplace.models import Model, ModelType, PricingTemplate, Vendor
from tests.marketplace.configs import config, item
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

FLAT: dict[str, Any] = {
    "model_types": ["chat"],
    "label": {"en": "Per token"},
    "meters": [{"meter": "input_tokens", "unit": 1_000_000}],
}


@pytest.fixture
def staff(client: Client) -> Client:
    ModelType.objects.create(code="chat", name={"en": "Chat"})
    return sign_in_staff(client)


@pytest.fixture
def template(staff: Client) -> PricingTemplate:
    published = services.publish_template("flat", FLAT, at=clock.now())
    return PricingTemplate.objects.get(pk=published.template_id)


def url(name: str, *args: object) -> str:
    return reverse(f"admin:marketplace_{name}", args=args)


def test_a_template_is_added_as_its_first_version(staff: Client) -> None:
    response = staff.post(url("pricingtemplate_add"), {"code": "flat", "definition": json.dumps(FLAT)})

    assert response.status_code == 302
    added = PricingTemplate.objects.get()
    assert (added.code, added.version, [type_.code for type_ in added.model_types.all()]) == ("flat", 1, ["chat"])
    assert AuditEntry.objects.get(act="pricing_template.published").actor_id is not None


def test_the_form_of_a_template_begins_with_one_that_can_be_published(staff: Client) -> None:
    page = staff.get(url("pricingtemplate_add"))

    definition = page.context["adminform"].form.initial["definition"]
    assert services.check_definition(definition).tiering == "none"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tiering": "steps"}, "tiering: Write one of: none, volume, graduated."),
        ({"model_types": ["telepathy"]}, "There is no model type “telepathy”."),
        ({"json_schema": {"type": "objekt"}}, "json_schema.type"),
    ],
)
def test_a_template_that_cannot_be_used_is_shown_its_fault(staff: Client, change: dict[str, Any], problem: str) -> None:
    response = staff.post(url("pricingtemplate_add"), {"code": "flat", "definition": json.dumps(FLAT | change)})

    assert problem in response.content.decode()
    assert not PricingTemplate.objects.exists()


@pytest.mark.parametrize("definition", ["[]", "null", "5", '"flat"', "{"])
def test_a_definition_that_is_no_object_is_refused(staff: Client, definition: str) -> None:
    response = staff.post(url("pricingtemplate_add"), {"code": "flat", "definition": definition})

    assert response.status_code == 200
    assert not PricingTemplate.objects.exists()


def test_a_template_is_added_once_and_then_followed(staff: Client, template: PricingTemplate) -> None:
    refused = staff.post(url("pricingtemplate_add"), {"code": "flat", "definition": json.dumps(FLAT)})
    form = {"definition": json.dumps(FLAT | {"hold": "x"}), "reason": "Clearer."}
    staff.post(url("pricingtemplate_new-version", template.pk), form)

    assert "open it and publish a new version there" in refused.content.decode()
    assert list(PricingTemplate.objects.values_list("version", "hold")) == [(2, "x"), (1, "")]


def test_a_new_version_begins_with_the_one_on_the_page(staff: Client, template: PricingTemplate) -> None:
    page = staff.get(url("pricingtemplate_new-version", template.pk))

    assert page.context["form"]["definition"].initial["meters"] == FLAT["meters"]


def test_a_version_is_deprecated_and_reinstated_with_a_reason(staff: Client, template: PricingTemplate) -> None:
    staff.post(url("pricingtemplate_deprecate", template.pk), {"reason": "Too coarse."})
    template.refresh_from_db()
    assert template.is_deprecated
    assert staff.get(url("pricingtemplate_deprecate", template.pk)).status_code == 404

    staff.post(url("pricingtemplate_reinstate", template.pk), {"reason": "Asked for."})

    template.refresh_from_db()
    assert not template.is_deprecated


def test_an_unused_version_is_deleted_and_a_used_one_stays(staff: Client, template: PricingTemplate) -> None:
    unused = services.publish_template("idle", FLAT, at=clock.now())
    model = Model.objects.create(
        code="acme-1", vendor=Vendor.objects.create(code="acme"), type=ModelType.objects.get(code="chat")
    )
    price = config(item("input_tokens", "2"), template={"code": "flat", "version": 1})
    services.publish_price(model.pk, price, at=clock.now())

    assert staff.post(url("pricingtemplate_delete", unused.template_id), {"post": "yes"}).status_code == 302
    assert staff.post(url("pricingtemplate_delete", template.pk), {"post": "yes"}).status_code == 403

    assert list(PricingTemplate.objects.all()) == [template]
    assert AuditEntry.objects.filter(act="pricing_template.removed", target_id="idle 1").exists()


def test_the_page_of_a_version_shows_what_was_published(staff: Client, template: PricingTemplate) -> None:
    page = staff.get(url("pricingtemplate_change", template.pk)).content.decode()

    assert "&quot;input_tokens&quot;" in page
    assert staff.post(url("pricingtemplate_change", template.pk), {}).status_code == 403


def test_the_first_price_of_a_model_begins_with_the_defaults_of_a_template(staff: Client) -> None:
    model = Model.objects.create(
        code="acme-1", vendor=Vendor.objects.create(code="acme"), type=ModelType.objects.get(code="chat")
    )
    old = services.publish_template("a", FLAT | {"defaults": config(item("input_tokens", "1"))}, at=clock.now())
    services.deprecate_template(old.template_id, at=clock.now())
    services.publish_template("b", FLAT | {"defaults": config(item("input_tokens", "0"))}, at=clock.now())

    page = staff.get(url("model_new-price", model.pk))

    begun = page.context["form"]["pricing_config"].initial
    assert begun == config(item("input_tokens", "0"), template={"code": "b", "version": 1})


# -- Model types ---------------------------------------------------------------------------------


def saved(staff: Client, **changes: str) -> Any:
    form = {"code": "smell", "name": '{"en": "Smell"}', "position": "90", "endpoints": '["/v1/smells"]', "facets": "[]"}
    return staff.post(url("modeltype_add"), form | changes)


def test_a_type_is_added_with_its_endpoints_and_facets(staff: Client) -> None:
    response = saved(staff, facets='["strength"]')

    assert response.status_code == 302
    smell = ModelType.objects.get(code="smell")
    assert (smell.name, smell.endpoints, smell.facets) == ({"en": "Smell"}, ["/v1/smells"], ["strength"])


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", '{"en": 5}', "Write names by language"),
        ("endpoints", '["v1/smells"]', "Write a list of paths such as /v1/images/generations."),
        ("facets", '["Strength"]', "Write a list of codes such as context_length."),
        ("facets", '{"a": 1}', "Write a list of codes such as context_length."),
    ],
)
def test_a_type_that_a_file_could_not_have_is_shown_its_fault(
    staff: Client, field: str, value: str, problem: str
) -> None:
    response = saved(staff, **{field: value})

    assert problem in response.content.decode()
    assert not ModelType.objects.filter(code="smell").exists()


def test_a_vendor_has_names_by_language(staff: Client) -> None:
    response = staff.post(url("vendor_add"), {"code": "acme", "name": '["Acme"]'})

    assert "name: Write an object in braces." in response.content.decode()
    assert staff.post(url("vendor_add"), {"code": "acme", "name": '{"en": "Acme"}'}).status_code == 302


def test_a_type_that_a_template_prices_is_not_deleted(staff: Client, template: PricingTemplate) -> None:
    chat = ModelType.objects.get(code="chat")

    assert staff.post(url("modeltype_delete", chat.pk), {"post": "yes"}).status_code == 403
