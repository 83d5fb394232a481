"""Who pays more is told a day before; who pays less gets it at once. What was announced can be withdrawn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.announcements import services as announcements
from apps.announcements.models import Announcement
from apps.journal.models import AuditEntry
from apps.marketplace import queries, services
from apps.marketplace.errors import PriceConflict, PriceVersionMissing
from apps.marketplace.models import Model, ModelType, PriceChange, PriceVersion, Vendor
from apps.marketplace.types import Reach
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 5, 9, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
TWELVE = config(item("input_tokens", "12"))
DEFAULT = Reach((("default", Decimal(1)),), frozenset())
FIFTEEN = config(item("input_tokens", "15"))


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    display = {"title": {"en": "Acme One", "zh-hans": "艾克米一号"}}
    model = Model.objects.create(
        code="acme-1", vendor=vendor, type=ModelType.objects.create(code="chat"), display_config=display
    )
    model.access_groups.add(AccessGroup.objects.get_or_create(code="default")[0])
    services.publish_price(model.pk, TWELVE, at=TEN - 100 * DAY)
    return model


def price_at(model: Model, at: datetime) -> str:
    price = queries.price_in_force(model.pk, at=at)
    assert price is not None
    return str(price.pricing_config["items"][0]["tiers"][0]["price"])


def test_an_increase_begins_a_day_after_its_publication(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)

    assert published.starts_at == TEN + DAY
    assert price_at(model, TEN + DAY - SECOND) == "12"
    assert price_at(model, TEN + DAY) == "15"


def test_an_increase_that_would_begin_earlier_is_refused_with_the_earliest_instant(model: Model) -> None:
    with pytest.raises(PriceConflict, match="2026-05-10 10:00 UTC at the earliest") as caught:
        services.publish_price(model.pk, FIFTEEN, at=TEN, starts_at=TEN + DAY - SECOND)

    assert caught.value.details == {"earliest": TEN + DAY}
    assert PriceVersion.objects.count() == 1
    assert not PriceChange.objects.exists()


def test_the_earliest_instant_is_written_so_that_it_can_be_typed_in_again(model: Model) -> None:
    with pytest.raises(PriceConflict, match="2026-05-10 10:01 UTC"):
        services.publish_price(model.pk, FIFTEEN, at=TEN + SECOND, starts_at=TEN + HOUR)


def test_a_decrease_begins_at_once(model: Model) -> None:
    services.publish_price(model.pk, config(item("input_tokens", "9")), at=TEN)

    assert price_at(model, TEN) == "9"


@pytest.mark.parametrize(
    "price",
    [
        config(item("input_tokens", "9"), item("output_tokens", "1")),
        config(item("input_tokens", "12"), item("input_tokens", "13", mode="fast")),
    ],
)
def test_a_change_that_makes_any_call_dearer_needs_the_notice(model: Model, price: dict[str, Any]) -> None:
    assert services.publish_price(model.pk, price, at=TEN).starts_at == TEN + DAY


def test_what_changes_no_call_begins_at_once_and_is_no_news(model: Model) -> None:
    published = services.publish_price(model.pk, TWELVE | {"hold": {"max": "4"}}, at=TEN)

    assert (published.starts_at, published.direction) == (TEN, None)
    assert not PriceChange.objects.exists()
    assert not Announcement.objects.filter(category="prices").exists()


def test_a_first_price_is_no_change(model: Model) -> None:
    assert not PriceChange.objects.exists()


def test_a_change_is_recorded_with_its_lines_and_announced_in_both_languages(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)

    change = PriceChange.objects.get()
    assert (change.version_id, change.direction, change.withdrawn) == (published.version_id, "up", False)
    assert (change.published_at, change.effective_at, change.told_at) == (TEN, TEN + DAY, None)
    assert str(change.largest_percent) == "25.0000"
    assert change.lines == [
        {
            "meter": "input_tokens",
            "conditions": {},
            "from": 0,
            "to": None,
            "unit": 1_000_000,
            "old": "12",
            "new": "15",
            "percent": "25.0000",
        }
    ]
    entry = change.announcement
    assert entry is not None
    assert entry.title == {"en": "Price increase: Acme One", "zh-hans": "价格上调：艾克米一号"}
    assert entry.summary["en"].startswith("From 10 May 2026, 18:00 (UTC+0800) on.")
    assert entry.notes["en"] == "Input tokens: 12 → 15 credits for 1,000,000 (+25 %)"
    assert (entry.category, entry.audience, entry.effective_at) == ("prices", "groups", TEN + DAY)
    assert [group.code for group in entry.access_groups.all()] == ["default"]


def test_publishing_the_same_price_again_tells_nobody_again(model: Model) -> None:
    services.publish_price(model.pk, FIFTEEN, at=TEN)

    services.publish_price(model.pk, FIFTEEN, at=TEN + HOUR)

    assert (PriceChange.objects.count(), Announcement.objects.filter(category="prices").count()) == (1, 1)


def test_a_withdrawn_price_never_comes_and_whoever_was_told_is_told_again(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)

    services.withdraw_price(published.version_id, reason="The vendor took it back.", actor=None, at=TEN + HOUR)

    assert price_at(model, TEN + 2 * DAY) == "12"
    withdrawal = PriceChange.objects.get(withdrawn=True)
    assert (withdrawal.direction, withdrawal.effective_at) == ("up", TEN + DAY)
    assert withdrawal.announcement is not None
    assert withdrawal.announcement.title["en"] == "Withdrawn price change: Acme One"
    first = Announcement.objects.get(key=f"price:{published.version_id}")
    assert first.withdrawn_at == TEN + HOUR
    assert AuditEntry.objects.get(act="price.withdrawn").reason == "The vendor took it back."


def test_a_price_is_withdrawn_although_its_announcement_was_before(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)
    entry = Announcement.objects.get(key=f"price:{published.version_id}")
    announcements.withdraw_entry(entry.pk, actor=None, reason="A typo.", at=TEN + SECOND)

    services.withdraw_price(published.version_id, reason="No.", actor=None, at=TEN + HOUR)

    entry.refresh_from_db()
    assert (entry.withdrawn_at, price_at(model, TEN + DAY)) == (TEN + SECOND, "12")


def test_withdrawing_twice_tells_once(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)

    for _ in range(2):
        services.withdraw_price(published.version_id, reason="No.", actor=None, at=TEN + HOUR)

    assert PriceChange.objects.filter(withdrawn=True).count() == 1


def test_after_a_withdrawal_the_next_version_has_a_number_of_its_own(model: Model) -> None:
    second = services.publish_price(model.pk, FIFTEEN, at=TEN)
    services.withdraw_price(second.version_id, reason="No.", actor=None, at=TEN + HOUR)

    third = services.publish_price(model.pk, FIFTEEN, at=TEN + 2 * HOUR)

    assert (third.number, third.starts_at) == (3, TEN + 2 * HOUR + DAY)
    assert price_at(model, third.starts_at) == "15"


def test_a_price_that_has_begun_or_is_about_to_cannot_be_withdrawn(model: Model) -> None:
    published = services.publish_price(model.pk, FIFTEEN, at=TEN)

    for at in (TEN + DAY - 30 * SECOND, TEN + DAY, TEN + 2 * DAY):
        with pytest.raises(PriceConflict, match="has begun or is about to"):
            services.withdraw_price(published.version_id, reason="No.", actor=None, at=at)


def test_a_price_that_another_one_follows_is_withdrawn_after_that_one(model: Model) -> None:
    second = services.publish_price(model.pk, FIFTEEN, at=TEN)
    third = services.publish_price(model.pk, TWELVE, at=TEN, starts_at=TEN + 2 * DAY)

    with pytest.raises(PriceConflict, match="withdraw that one first"):
        services.withdraw_price(second.version_id, reason="No.", actor=None, at=TEN + HOUR)
    services.withdraw_price(third.version_id, reason="No.", actor=None, at=TEN + HOUR)
    services.withdraw_price(second.version_id, reason="No.", actor=None, at=TEN + HOUR)

    assert price_at(model, TEN + 3 * DAY) == "12"


def test_a_version_that_does_not_exist_cannot_be_withdrawn() -> None:
    with pytest.raises(PriceVersionMissing):
        services.withdraw_price(0, reason="No.", actor=None, at=TEN)


def test_changes_are_listed_newest_first_and_only_to_who_sees_the_model(model: Model) -> None:
    services.publish_price(model.pk, FIFTEEN, at=TEN)
    services.publish_price(model.pk, TWELVE, at=TEN, starts_at=TEN + 2 * DAY)

    page = queries.changes_page(DEFAULT, at=TEN)

    assert [(card.model, card.direction, card.version) for card in page.results] == [
        ("acme-1", "down", 3),
        ("acme-1", "up", 2),
    ]
    assert queries.changes_page(Reach((("vip", Decimal(1)),), frozenset()), at=TEN).results == []
    assert len(queries.changes_page(Reach((), frozenset({model.pk})), at=TEN).results) == 2
    assert len(queries.changes_page(DEFAULT, at=TEN, direction="up", vendor="acme", model="acme-1").results) == 1
    assert queries.changes_page(DEFAULT, at=TEN, vendor="other").results == []
    assert queries.changes_page(DEFAULT, at=TEN - SECOND).results == []


def test_a_page_of_changes_is_one_query(model: Model, django_assert_num_queries: Any) -> None:
    services.publish_price(model.pk, FIFTEEN, at=TEN)
    services.publish_price(model.pk, TWELVE, at=TEN, starts_at=TEN + 2 * DAY)

    with django_assert_num_queries(1):
        queries.changes_page(DEFAULT, at=TEN)
