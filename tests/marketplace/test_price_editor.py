"""The price editor of the back office: preview, publish, announce, withdraw; what imports refuse is refused too."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.marketplace import services
from apps.marketplace.models import Model, ModelType, PriceVersion, Vendor
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
NINE = config(item("input_tokens", "9"))
FIFTEEN = config(item("input_tokens", "15"))


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


def act(staff: Client, model: Model, name: str, price: dict[str, Any], **more: str) -> Any:
    url = reverse(f"admin:marketplace_model_{name}", args=[model.pk])
    return staff.post(url, {"pricing_config": json.dumps(price), **more})


def new_price(staff: Client, model: Model, price: dict[str, Any], **more: str) -> Any:
    return act(staff, model, "new-price", price, reason="Vendor changed it.", **more)


def on(at: datetime) -> dict[str, str]:
    return {"starts_at_0": f"{at:%Y-%m-%d}", "starts_at_1": f"{at:%H:%M:%S}"}


def test_a_lower_price_is_published_as_the_next_version_and_in_force(staff: Client, model: Model) -> None:
    response = new_price(staff, model, NINE)

    assert response.status_code == 302
    last = PriceVersion.objects.get(model=model, ends_at=None)
    assert (last.number, last.entered_config) == (2, NINE)
    published = AuditEntry.objects.filter(act="price.published").latest("id")
    assert (published.target_id, published.reason) == ("acme-1", "Vendor changed it.")
    assert published.actor_id is not None


def test_a_higher_price_is_published_for_a_day_later(staff: Client, model: Model) -> None:
    before = clock.now()

    new_price(staff, model, FIFTEEN)

    assert PriceVersion.objects.get(number=2).starts_at >= before + timedelta(hours=24)


def test_a_new_price_can_be_announced_for_later(staff: Client, model: Model) -> None:
    later = datetime.now(UTC) + timedelta(days=2)

    new_price(staff, model, FIFTEEN, **on(later))

    assert PriceVersion.objects.get(number=2).starts_at == later.replace(microsecond=0)


def test_a_higher_price_that_would_begin_too_early_is_shown_when_it_may(staff: Client, model: Model) -> None:
    response = new_price(staff, model, FIFTEEN, **on(datetime.now(UTC) + timedelta(hours=1)))

    assert "Some calls get dearer" in response.content.decode()
    assert PriceVersion.objects.count() == 1


@pytest.mark.parametrize("year", ["9999", "0001"])
def test_an_instant_that_no_page_could_say_is_refused(staff: Client, model: Model, year: str) -> None:
    response = new_price(staff, model, FIFTEEN, starts_at_0=f"{year}-12-31", starts_at_1="23:59:59")

    assert "Write a year from 1970 to 9000." in response.content.decode()
    assert PriceVersion.objects.count() == 1


def test_a_price_that_cannot_be_read_is_shown_its_fault(staff: Client, model: Model) -> None:
    response = new_price(staff, model, config(item("input_tokens", 15)))  # type: ignore[arg-type]

    assert "items[0].tiers[0].price" in response.content.decode()
    assert PriceVersion.objects.count() == 1


def test_the_page_of_a_new_price_begins_with_the_last_one(staff: Client, model: Model) -> None:
    page = staff.get(reverse("admin:marketplace_model_new-price", args=[model.pk]))

    assert page.context["form"]["pricing_config"].initial == config(item("input_tokens", "12"))
    assert "&quot;meter&quot;: &quot;input_tokens&quot;,\n" in page.content.decode()


def test_a_preview_shows_what_changes_and_what_calls_cost_and_publishes_nothing(staff: Client, model: Model) -> None:
    page = act(staff, model, "preview-price", FIFTEEN, sample="input_tokens=2000000").content.decode()

    assert "Input tokens: 12 → 15 credits for 1,000,000 (+25 %)" in page
    assert '<td class="num">24</td>' in page
    assert '<td class="num">30</td>' in page
    assert PriceVersion.objects.count() == 1


def test_a_preview_keeps_what_was_typed(staff: Client, model: Model) -> None:
    page = act(staff, model, "preview-price", FIFTEEN, sample="input_tokens=7", reason="Because.")

    assert page.context["form"]["sample"].value() == "input_tokens=7"
    assert page.context["form"]["reason"].value() == "Because."
    assert json.loads(page.context["form"]["pricing_config"].value()) == FIFTEEN


def test_a_preview_of_what_cannot_be_read_says_why(staff: Client, model: Model) -> None:
    beyond = config(item("input_tokens", "99999999"))

    assert "more than 10 credits for one" in act(staff, model, "preview-price", beyond).content.decode()
    assert "Write pairs such as" in act(staff, model, "preview-price", NINE, sample="many").content.decode()


def test_a_price_above_the_official_one_is_warned_about_before_and_after(staff: Client, model: Model) -> None:
    services.record_official_price(
        model.pk, config(item("input_tokens", "10")), source="vendor", as_of=NOON.date(), at=NOON
    )

    page = act(staff, model, "preview-price", FIFTEEN).content.decode()
    published = staff.get(new_price(staff, model, FIFTEEN)["Location"]).content.decode()

    assert "Input tokens: 10 official, 15 here, credits for 1,000,000" in page
    assert "This price is above the official one" in published


def test_an_announced_price_is_withdrawn_with_a_reason(staff: Client, model: Model) -> None:
    new_price(staff, model, FIFTEEN)
    version = PriceVersion.objects.get(number=2)

    staff.post(reverse("admin:marketplace_priceversion_withdraw", args=[version.pk]), {"reason": "A mistake."})

    version.refresh_from_db()
    assert version.withdrawn_at is not None
    assert AuditEntry.objects.get(act="price.withdrawn").reason == "A mistake."


def test_a_price_in_force_offers_no_withdrawal(staff: Client, model: Model) -> None:
    version = PriceVersion.objects.get(number=1)

    page = staff.post(reverse("admin:marketplace_priceversion_withdraw", args=[version.pk]), {"reason": "A mistake."})

    assert page.status_code == 404


@pytest.mark.parametrize(
    ("state", "numbers"), [("announced", [3]), ("in_force", [1]), ("ended", []), ("withdrawn", [2]), ("", [3, 2, 1])]
)
def test_versions_are_listed_by_their_state(staff: Client, model: Model, state: str, numbers: list[int]) -> None:
    now = clock.now()
    mistaken = services.publish_price(model.pk, FIFTEEN, at=now)
    services.withdraw_price(mistaken.version_id, reason="A mistake.", actor=None, at=now)
    services.publish_price(model.pk, config(item("input_tokens", "14")), at=now)

    page = staff.get(reverse("admin:marketplace_priceversion_changelist"), {"state": state} if state else {})

    assert [version.number for version in page.context["cl"].result_list] == numbers
