"""Many prices by a percentage: previewed, then exactly that is published, one version a model, or nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.marketplace import queries, services
from apps.marketplace.bulk_prices import by_percent
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import Model, ModelType, PriceVersion, Vendor
from apps.marketplace.queries import BulkScope
from apps.marketplace.services import BulkChange
from tests.marketplace.configs import config, item
from tests.staff import sign_in_staff

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = BulkScope()


def amounts(price: dict[str, Any]) -> list[str]:
    return [tier["price"] for entry in price["items"] for tier in entry["tiers"]]


@pytest.mark.parametrize(
    ("amount", "percent", "changed"),
    [
        ("12", "5", "12.6"),
        ("0.15", "10", "0.165"),
        ("0.388126", "-12.5", "0.33961"),  # 0.33961025
        ("1234567", "1", "1246910"),  # 1,246,912.67
        ("0.0000005", "1", "0.000000505"),
        ("0.1000005", "100", "0.200001"),
        ("0", "50", "0"),
    ],
)
def test_an_amount_is_rounded_half_up_to_six_significant_digits(amount: str, percent: str, changed: str) -> None:
    assert amounts(by_percent(config(item("input_tokens", amount)), Decimal(percent))) == [changed]


def test_the_most_that_is_held_changes_alike_and_all_else_stays() -> None:
    price = config(item("calls", "2", unit=1, mode="fast"), currency="USD", hold={"max": "40", "hidden_output": True})

    assert by_percent(price, Decimal(-50)) == config(
        item("calls", "1", unit=1, mode="fast"), currency="USD", hold={"max": "20", "hidden_output": True}
    )


@pytest.fixture
def models() -> dict[str, Model]:
    """Two chat models of acme, a free one, a pegged one, one without a price, and a video model of another vendor."""
    acme, other = (Vendor.objects.create(code=code, name={"en": code}) for code in ("acme", "other"))
    chat, video = (ModelType.objects.create(code=code) for code in ("chat", "video"))
    rows = {
        code: Model.objects.create(code=code, vendor=vendor, type=kind)
        for code, vendor, kind in (
            ("a-1", acme, chat),
            ("a-2", acme, chat),
            ("a-free", acme, chat),
            ("a-pegged", acme, chat),
            ("a-bare", acme, chat),
            ("o-1", other, video),
        )
    }
    prices = {"a-1": "10", "a-2": "20", "a-free": "0", "o-1": "5"}
    for code, amount in prices.items():
        services.publish_price(rows[code].pk, config(item("input_tokens", amount)), at=NOON)
    pegged = config(item("input_tokens", "3"))
    services.record_official_price(rows["a-pegged"].pk, pegged, source="vendor", as_of=NOON.date(), at=NOON)
    services.publish_price(rows["a-pegged"].pk, pegged | {"policy": "pegged"}, at=NOON)
    return rows


def previewed(scope: BulkScope, percent: str, *, at: datetime = NOON + DAY) -> BulkChange:
    preview = queries.bulk_preview(scope, Decimal(percent), at=at)
    return BulkChange(scope, Decimal(percent), preview.digest)


def change(wanted: BulkChange, *, at: datetime = NOON + DAY) -> int:
    return services.change_prices(wanted, actor=None, reason="The market moved.", at=at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "codes"),
    [
        (ALL, ["a-1", "a-2", "o-1"]),
        (BulkScope(vendor="acme"), ["a-1", "a-2"]),
        (BulkScope(type="video"), ["o-1"]),
        (BulkScope(models=("a-2", "o-1")), ["a-2", "o-1"]),
        (BulkScope(vendor="acme", models=("a-2", "o-1")), ["a-2"]),
    ],
)
def test_a_change_is_of_all_of_a_vendor_of_a_type_or_of_named_models(
    models: dict[str, Model], scope: BulkScope, codes: list[str]
) -> None:
    assert [row.code for row in queries.bulk_preview(scope, Decimal(5), at=NOON + DAY).changed] == codes


@pytest.mark.django_db
def test_what_is_left_out_says_why(models: dict[str, Model]) -> None:
    services.publish_price(models["a-2"].pk, config(item("input_tokens", "30")), at=NOON + DAY)
    Model.objects.filter(code="o-1").update(lifecycle="retired")

    preview = queries.bulk_preview(BulkScope(models=(*models, "nobody")), Decimal(5), at=NOON + DAY)

    assert {row.code: str(row.left_out) for row in preview.left_out} == {
        "a-2": "Another price is announced already: withdraw that one first.",
        "a-free": "It is free, or too cheap for this percentage to count.",
        "a-pegged": "Its price is pegged to the official one.",
        "a-bare": "It has no price.",
        "o-1": "It is retired.",
    }
    assert preview.unknown == ("nobody",)


@pytest.mark.django_db
def test_a_decrease_is_in_force_at_once_in_one_version_for_each_model(models: dict[str, Model]) -> None:
    count = change(previewed(ALL, "-10"))

    found = PriceVersion.objects.filter(number=2).order_by("model_id")
    assert count == 3
    assert [(v.model.code, amounts(v.entered_config), v.starts_at) for v in found] == [
        ("a-1", ["9"], NOON + DAY),
        ("a-2", ["18"], NOON + DAY),
        ("o-1", ["4.5"], NOON + DAY),
    ]


@pytest.mark.django_db
def test_an_increase_waits_for_its_notice(models: dict[str, Model]) -> None:
    change(previewed(BulkScope(models=("a-1",)), "5"))

    version = PriceVersion.objects.get(number=2)
    assert (amounts(version.entered_config), version.starts_at) == (["10.5"], NOON + 2 * DAY)


@pytest.mark.django_db
def test_what_changed_since_the_preview_is_not_published_unseen(models: dict[str, Model]) -> None:
    wanted = previewed(ALL, "-10")
    services.publish_price(models["a-2"].pk, config(item("input_tokens", "15")), at=NOON + DAY)

    with pytest.raises(PriceConflict, match="since the preview"):
        change(wanted, at=NOON + 2 * DAY)

    assert PriceVersion.objects.filter(number=2).count() == 1


@pytest.mark.django_db
def test_publishing_a_preview_twice_changes_prices_once(models: dict[str, Model]) -> None:
    wanted = previewed(ALL, "-10")
    change(wanted)

    with pytest.raises(PriceConflict):
        change(wanted, at=NOON + 2 * DAY)

    assert not PriceVersion.objects.filter(number=3).exists()


@pytest.mark.django_db
def test_one_price_that_may_not_begin_so_early_stops_all(models: dict[str, Model]) -> None:
    wanted = previewed(ALL, "10")
    early = BulkChange(wanted.scope, wanted.percent, wanted.digest, starts_at=NOON + DAY + timedelta(hours=1))

    with pytest.raises(PriceConflict, match="at the earliest"):
        change(early)

    assert not PriceVersion.objects.filter(number=2).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("models")
def test_a_preview_takes_the_same_queries_however_many_models(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(5):
        queries.bulk_preview(BulkScope(models=("a-1",)), Decimal(5), at=NOON + DAY)
    with django_assert_num_queries(5):
        queries.bulk_preview(ALL, Decimal(5), at=NOON + DAY)


@pytest.mark.django_db
@pytest.mark.usefixtures("models")
def test_in_the_back_office_the_preview_is_what_the_button_publishes(client: Client) -> None:
    staff = sign_in_staff(client)
    asked = {"vendor": "acme", "type": "", "models": "", "percent": "-50", "starts_at_0": "", "starts_at_1": ""}

    page = staff.post(reverse("admin:marketplace_model_bulk-prices"), asked)
    assert "Input tokens: 10 → 5 credits for 1,000,000 (−50 %)" in page.content.decode()
    assert not PriceVersion.objects.filter(number=2).exists()
    hidden = {field.html_name: field.value() for field in page.context["publishing"].hidden_fields()}
    again = {**asked, "digest": hidden["digest"], "reason": "Half price."}
    done = staff.post(reverse("admin:marketplace_model_publish-bulk"), again)

    assert (done.status_code, hidden["vendor"], hidden["percent"]) == (302, "acme", Decimal(-50))
    assert sorted(v.model.code for v in PriceVersion.objects.filter(number=2)) == ["a-1", "a-2"]


@pytest.mark.django_db
@pytest.mark.usefixtures("models")
def test_in_the_back_office_a_stale_preview_is_shown_anew(client: Client) -> None:
    staff = sign_in_staff(client)
    asked = {"percent": "-50", "models": "a-1", "digest": "0" * 64, "reason": "Half price."}

    page = staff.post(reverse("admin:marketplace_model_publish-bulk"), asked)

    assert "Prices have changed since the preview." in page.content.decode()
    assert page.context["publishing"]["reason"].value() == "Half price."
    assert page.context["publishing"]["digest"].value() != "0" * 64
    assert not PriceVersion.objects.filter(number=2).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("models")
def test_selected_models_go_into_the_form(client: Client) -> None:
    staff = sign_in_staff(client)
    chosen = Model.objects.filter(code__in=["a-1", "o-1"]).values_list("pk", flat=True)

    page = staff.post(
        reverse("admin:marketplace_model_changelist"), {"action": "change_prices", "_selected_action": list(chosen)}
    )

    assert page.context["form"]["models"].value() == "a-1\no-1"
