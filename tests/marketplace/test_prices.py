"""Publishing a price: a new version, never an edit; the one before ends where it begins."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.marketplace import queries, rating, services
from apps.marketplace.errors import PriceConflict, PricingConfigError
from apps.marketplace.models import CreditRate, Model, ModelType, PriceVersion, Vendor
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHEAP = config(item("input_tokens", "12"))
DEAR = config(item("input_tokens", "15"))


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    return Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))


def price_of_a_million(model: Model, at: datetime) -> int | None:
    price = queries.price_in_force(model.pk, at=at)
    return price and rating.charge_nanos(price.price_list, {"input_tokens": 1_000_000}).total_nanos


def test_the_first_price_is_in_force_at_once(model: Model) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON, starts_at=NOON + HOUR)

    assert price_of_a_million(model, NOON) == 12_000_000_000
    assert price_of_a_million(model, NOON - HOUR) is None


def test_a_new_price_ends_the_old_one_at_its_beginning(model: Model) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON)

    published = services.publish_price(model.pk, DEAR, at=NOON + HOUR, starts_at=NOON + 25 * HOUR)

    assert (published.number, published.changed) == (2, True)
    assert price_of_a_million(model, NOON + 25 * HOUR - timedelta(microseconds=1)) == 12_000_000_000
    assert price_of_a_million(model, NOON + 25 * HOUR) == 15_000_000_000


def test_publishing_the_same_price_again_changes_nothing(model: Model) -> None:
    first = services.publish_price(model.pk, CHEAP, at=NOON)

    again = services.publish_price(model.pk, CHEAP | {"version": 1, "expires_at": None}, at=NOON + HOUR)

    assert (again.version_id, again.changed) == (first.version_id, False)
    assert PriceVersion.objects.count() == 1


def test_a_price_cannot_begin_in_the_past(model: Model) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON)

    with pytest.raises(PriceConflict, match="in the past"):
        services.publish_price(model.pk, DEAR, at=NOON + 2 * HOUR, starts_at=NOON + HOUR)


def test_a_price_cannot_begin_before_one_that_is_announced(model: Model) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON)
    services.publish_price(model.pk, DEAR, at=NOON, starts_at=NOON + 24 * HOUR)

    with pytest.raises(PriceConflict, match="Version 2"):
        services.publish_price(model.pk, CHEAP, at=NOON + HOUR)


def test_a_price_that_cannot_be_read_is_not_published(model: Model) -> None:
    with pytest.raises(PricingConfigError):
        services.publish_price(model.pk, config(item("tokens", "1")), at=NOON)

    assert not PriceVersion.objects.exists()


def test_a_dollar_price_is_kept_beside_its_credits(model: Model) -> None:
    dollars = config(item("input_tokens", "0.15"), currency="USD")

    services.publish_price(model.pk, dollars, at=NOON)

    price = queries.price_in_force(model.pk, at=NOON)
    assert price is not None
    assert price.entered_config == dollars
    assert price.pricing_config == config(item("input_tokens", "1.05"), currency="CREDIT")
    assert price_of_a_million(model, NOON) == 1_050_000_000


def test_a_new_rate_leaves_published_prices_alone_and_converts_later_ones(model: Model) -> None:
    services.publish_price(model.pk, config(item("input_tokens", "1"), currency="USD"), at=NOON)

    services.set_credit_rate("USD", Decimal("7.2"), at=NOON, starts_at=NOON + HOUR)
    services.publish_price(model.pk, config(item("input_tokens", "2"), currency="USD"), at=NOON + 2 * HOUR)

    assert price_of_a_million(model, NOON + HOUR) == 7_000_000_000
    assert price_of_a_million(model, NOON + 26 * HOUR) == 14_400_000_000


def test_a_price_in_dollars_published_again_after_a_new_rate_takes_that_rate(model: Model) -> None:
    dollars = config(item("input_tokens", "1"), currency="USD")
    services.publish_price(model.pk, dollars, at=NOON)
    services.set_credit_rate("USD", Decimal("6.9"), at=NOON, starts_at=NOON + HOUR)

    published = services.publish_price(model.pk, dollars, at=NOON + HOUR)
    again = services.publish_price(model.pk, dollars, at=NOON + 2 * HOUR)

    assert (published.number, published.changed, again.changed) == (2, True, False)
    assert price_of_a_million(model, NOON + HOUR) == 6_900_000_000


def test_the_settings_are_the_first_rate_and_become_a_row_when_they_are_used(model: Model) -> None:
    assert queries.credit_rate("CNY", at=NOON).credits_per_unit == 1
    assert not CreditRate.objects.exists()

    services.publish_price(model.pk, config(item("calls", "1", unit=1), currency="CNY"), at=NOON)

    assert [str(rate) for rate in CreditRate.objects.all()] == ["CNY 1"]


def test_a_rate_cannot_begin_in_the_past() -> None:
    with pytest.raises(PriceConflict, match="in the past"):
        services.set_credit_rate("USD", Decimal("7.2"), at=NOON, starts_at=NOON - HOUR)


def test_an_instant_has_one_rate() -> None:
    services.set_credit_rate("USD", Decimal("7.2"), at=NOON, starts_at=NOON)

    with pytest.raises(PriceConflict, match="another"):
        services.set_credit_rate("USD", Decimal("7.3"), at=NOON, starts_at=NOON)


@pytest.mark.parametrize(
    "edit",
    [
        {"pricing_config": DEAR},
        {"entered_config": DEAR},
        {"starts_at": NOON - HOUR},
        {"number": 7},
    ],
)
def test_the_database_refuses_to_edit_a_price(model: Model, edit: dict[str, Any]) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON)

    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        PriceVersion.objects.update(**edit)


def test_the_database_refuses_to_reopen_or_delete_a_price(model: Model) -> None:
    services.publish_price(model.pk, DEAR, at=NOON)
    services.publish_price(model.pk, CHEAP, at=NOON + HOUR)

    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        PriceVersion.objects.filter(number=1).update(ends_at=None)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        PriceVersion.objects.filter(number=1).delete()


def test_the_database_refuses_two_prices_in_force_at_once(model: Model) -> None:
    services.publish_price(model.pk, CHEAP, at=NOON)

    with pytest.raises(IntegrityError, match="price_version_one_in_force"), transaction.atomic():
        PriceVersion.objects.create(
            model=model, number=2, pricing_config=DEAR, entered_config=DEAR, starts_at=NOON + HOUR, published_at=NOON
        )


def test_the_database_refuses_a_price_that_begins_before_it_is_published(model: Model) -> None:
    with pytest.raises(IntegrityError, match="price_version_never_begins_in_the_past"), transaction.atomic():
        PriceVersion.objects.create(
            model=model, number=1, pricing_config=DEAR, entered_config=DEAR, starts_at=NOON, published_at=NOON + HOUR
        )
