"""Prices that several people publish and withdraw at once, on connections of their own."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.announcements.models import Announcement
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.marketplace import services
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import Model, ModelType, PriceChange, PriceVersion, Vendor
from apps.marketplace.types import PublishedPrice
from tests.committed import together, wait_until_they_wait
from tests.marketplace.configs import config, item
from tests.relay.catalogues import SMALL, import_small

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("committed_anew")]

CALLERS = 8
TEN = config(item("input_tokens", "10"))
TWELVE = config(item("input_tokens", "12"))


@pytest.fixture
def model(committed_anew: None) -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    model = Model.objects.create(code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"))
    services.publish_price(model.pk, TEN, at=clock.now() - timedelta(days=9))
    return model


def test_a_price_that_several_publish_at_once_is_one_version_and_one_announcement(model: Model) -> None:
    at = clock.now()

    done: list[PublishedPrice] = together([lambda: services.publish_price(model.pk, TWELVE, at=at)] * CALLERS)

    assert {published.number for published in done} == {2}
    assert [published.changed for published in done].count(True) == 1
    assert PriceChange.objects.count() == 1
    assert AuditEntry.objects.filter(act="price.published", details__version=2).count() == 1


def test_control_writing_without_the_lock_is_refused_by_the_database_for_all_but_one(model: Model) -> None:
    begins = clock.now() + timedelta(days=2)
    PriceVersion.objects.update(ends_at=begins)

    def write() -> bool:
        try:
            PriceVersion.objects.create(
                model=model, number=2, pricing_config=TWELVE, entered_config=TWELVE, starts_at=begins
            )
        except IntegrityError:
            return False
        return True

    assert together([write] * CALLERS).count(True) == 1


def test_different_prices_at_once_become_versions_one_after_the_other_or_are_refused(model: Model) -> None:
    at = clock.now()
    prices = [config(item("input_tokens", str(amount))) for amount in range(2, 2 + CALLERS)]

    done = together([lambda price=price: services.publish_price(model.pk, price, at=at) for price in prices])

    published = [result for result in done if isinstance(result, PublishedPrice)]
    assert published
    assert done.count(PriceConflict) == CALLERS - len(published)
    assert PriceVersion.objects.filter(ends_at=None).count() == 1
    assert sorted(PriceVersion.objects.values_list("number", flat=True)) == list(range(1, 2 + len(published)))


def test_a_price_that_several_withdraw_at_once_is_withdrawn_once(model: Model) -> None:
    at = clock.now()
    published = services.publish_price(model.pk, TWELVE, at=at)

    together([lambda: services.withdraw_price(published.version_id, reason="No.", actor=None, at=at)] * CALLERS)

    assert PriceChange.objects.filter(withdrawn=True).count() == 1
    assert AuditEntry.objects.filter(act="price.withdrawn").count() == 1
    assert PriceVersion.objects.get(number=1).ends_at is None


def test_a_withdrawal_and_a_next_price_at_once_leave_one_price_at_every_instant(model: Model) -> None:
    at = clock.now()
    scheduled = services.publish_price(model.pk, TWELVE, at=at)

    together(
        [
            lambda: services.withdraw_price(scheduled.version_id, reason="No.", actor=None, at=at),
            lambda: services.publish_price(model.pk, TEN, at=at, starts_at=at + timedelta(days=3)),
        ]
        * 3
    )

    standing = list(PriceVersion.objects.filter(withdrawn_at=None).order_by("starts_at"))
    assert standing[-1].ends_at is None
    assert [version.ends_at for version in standing[:-1]] == [version.starts_at for version in standing[1:]]


def test_a_price_that_is_published_and_a_catalogue_that_is_imported_wait_for_each_other_in_one_order() -> None:
    import_small()
    model, at, is_published = Model.objects.get(code="small-chat"), clock.now(), threading.Event()

    def publish() -> None:
        with transaction.atomic():
            services.publish_price(model.pk, TWELVE, at=at)
            is_published.set()
            wait_until_they_wait(1)

    def import_file() -> int:
        is_published.wait(60)
        return len(import_small({**SMALL, "access_groups": [{"code": "default", "rpm": 7}]}))

    _, changes = together([publish, import_file])

    assert changes == 1
    assert Announcement.objects.filter(category="prices", access_groups__code="default").count() == 1
