"""The catalogue in the back office: prices are followed, never edited; what imports refuse is refused here too."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.journal.models import AuditEntry
from apps.marketplace import queries, services
from apps.marketplace.models import CreditRate, Model, ModelType, PriceVersion, Vendor
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in_staff(client)


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    model = Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))
    model.access_groups.add(AccessGroup.objects.get_or_create(code="default")[0])
    services.publish_price(model.pk, config(item("input_tokens", "12")), at=NOON)
    return model


def test_nobody_edits_or_deletes_a_price_version(staff: Client, model: Model) -> None:
    version = PriceVersion.objects.get()

    assert staff.get(reverse("admin:marketplace_priceversion_add")).status_code == 403
    assert staff.post(reverse("admin:marketplace_priceversion_delete", args=[version.pk])).status_code == 403
    assert staff.post(reverse("admin:marketplace_priceversion_change", args=[version.pk]), {}).status_code == 403
    assert staff.get(reverse("admin:marketplace_priceversion_change", args=[version.pk])).status_code == 200


def test_a_model_is_edited_but_not_renamed(staff: Client, model: Model) -> None:
    form = {
        "code": "other-name",
        "type": model.type_id,
        "vendor": model.vendor_id,
        "lifecycle": "beta",
        "access_groups": [group.pk for group in model.access_groups.all()],
        "display_config": '{"context_length": 8000}',
        "price_versions-TOTAL_FORMS": 0,
        "price_versions-INITIAL_FORMS": 0,
    }

    response = staff.post(reverse("admin:marketplace_model_change", args=[model.pk]), form)

    assert response.status_code == 302
    model.refresh_from_db()
    assert (model.code, model.lifecycle, model.display_config) == ("acme-1", "beta", {"context_length": 8000})


def test_the_page_of_a_version_shows_both_configs(staff: Client, model: Model) -> None:
    services.publish_price(model.pk, config(item("input_tokens", "2"), currency="USD"), at=NOON + timedelta(hours=1))
    version = PriceVersion.objects.get(number=2)

    page = staff.get(reverse("admin:marketplace_priceversion_change", args=[version.pk])).content.decode()

    assert "&quot;USD&quot;" in page
    assert "&quot;price&quot;: &quot;14&quot;" in page


def test_a_model_with_an_unusable_display_config_is_not_saved(staff: Client, model: Model) -> None:
    form = {
        "type": model.type_id,
        "vendor": model.vendor_id,
        "lifecycle": "beta",
        "display_config": '{"context_length": "8k"}',
        "price_versions-TOTAL_FORMS": 0,
        "price_versions-INITIAL_FORMS": 0,
    }

    response = staff.post(reverse("admin:marketplace_model_change", args=[model.pk]), form)

    assert "display_config.context_length" in response.content.decode()


def test_a_rate_is_added_for_the_future_and_not_for_the_past(staff: Client) -> None:
    def add(starts_at: datetime) -> Any:
        return staff.post(
            reverse("admin:marketplace_creditrate_add"),
            {
                "currency": "USD",
                "credits_per_unit": "7.2",
                "starts_at_0": f"{starts_at:%Y-%m-%d}",
                "starts_at_1": f"{starts_at:%H:%M:%S}",
            },
        )

    tomorrow = datetime.now(UTC) + timedelta(days=1)

    assert add(tomorrow - timedelta(days=2)).status_code == 200
    assert add(tomorrow).status_code == 302

    assert CreditRate.objects.count() == 1
    assert queries.credit_rate("USD", at=tomorrow).credits_per_unit == Decimal("7.2")
    assert AuditEntry.objects.get(act="credit_rate.set").details["credits_per_unit"] == "7.2"


@pytest.mark.parametrize("name", ["model", "vendor", "modeltype", "priceversion", "creditrate"])
def test_lists_open_with_a_bounded_number_of_queries(
    staff: Client, model: Model, name: str, django_assert_max_num_queries: Any
) -> None:
    for n in range(2, 8):
        services.publish_price(model.pk, config(item("input_tokens", str(9 - n))), at=NOON + timedelta(hours=n))

    staff.get(reverse("admin:index"))  # the first page of a session notes the session
    with django_assert_max_num_queries(13):
        response = staff.get(reverse(f"admin:marketplace_{name}_changelist"))

    assert response.status_code == 200
