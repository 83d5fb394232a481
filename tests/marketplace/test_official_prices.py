"""What the vendor asks: recorded in versions, read as known at an instant, in credits of that instant."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.marketplace import queries, rating, services
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.models import CreditRate, Model, ModelType, OfficialPrice, Vendor
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AS_OF = date(2026, 5, 1)
TEN_DOLLARS = config(item("input_tokens", "10"), currency="USD")
TWELVE_DOLLARS = config(item("input_tokens", "12"), currency="USD")


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    return Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))


def record(model: Model, official: dict[str, Any], at: datetime = NOON) -> bool:
    return services.record_official_price(model.pk, official, source="acme.example", as_of=AS_OF, at=at).changed


def of_a_million(model: Model, at: datetime) -> int | None:
    card = queries.official_prices([model.pk], at=at).get(model.pk)
    return card and rating.charge_nanos(card.price_list, {"input_tokens": 1_000_000}).total_nanos


def test_an_official_price_is_read_in_credits(model: Model) -> None:
    record(model, TEN_DOLLARS)

    # US$10 at 7 credits a dollar
    assert of_a_million(model, NOON) == 70_000_000_000
    card = queries.official_prices([model.pk], at=NOON)[model.pk]
    assert (card.config["currency"], card.source, card.as_of) == ("USD", "acme.example", AS_OF)


def test_it_follows_the_rate_of_the_currency(model: Model) -> None:
    record(model, TEN_DOLLARS)
    CreditRate.objects.create(currency="USD", credits_per_unit=Decimal("7.2"), starts_at=NOON + HOUR)

    assert of_a_million(model, NOON + HOUR) == 72_000_000_000


def test_the_last_one_recorded_is_in_force_and_the_one_before_stays_known(model: Model) -> None:
    record(model, TEN_DOLLARS)
    record(model, TWELVE_DOLLARS, NOON + HOUR)

    assert of_a_million(model, NOON + HOUR) == 84_000_000_000
    assert of_a_million(model, NOON) == 70_000_000_000
    assert of_a_million(model, NOON - HOUR) is None


def test_recording_the_same_again_changes_nothing(model: Model) -> None:
    assert record(model, TEN_DOLLARS)
    assert not record(model, {**TEN_DOLLARS, "policy": "pegged", "hold": {"max": "3"}}, NOON + HOUR)

    assert OfficialPrice.objects.count() == 1


def test_a_price_that_cannot_be_read_is_refused(model: Model) -> None:
    with pytest.raises(PricingConfigError, match="items"):
        record(model, {"schema": 2, "items": []})

    assert not OfficialPrice.objects.exists()


def test_an_official_price_is_never_edited(model: Model) -> None:
    record(model, TEN_DOLLARS)

    with pytest.raises(DatabaseError), transaction.atomic():
        OfficialPrice.objects.update(pricing_config={})


def test_many_models_take_no_more_queries_than_one(model: Model, django_assert_num_queries: Any) -> None:
    other = Model.objects.create(code="acme-2", vendor=model.vendor, type=model.type)
    for each in (model, other):
        record(each, TEN_DOLLARS)

    with django_assert_num_queries(2):
        assert len(queries.official_prices([model.pk, other.pk], at=NOON)) == 2
