"""A pegged price is the official one, to the last digit, unless a published announcement says why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.announcements import queries as announcements
from apps.announcements.models import Announcement
from apps.announcements.types import Audience
from apps.marketplace import services
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import Model, ModelType, PriceVersion, Vendor
from apps.teams.models import AccessGroup
from tests.announcements.entries import make_draft, publish
from tests.marketplace.configs import config, item, tiered

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
OFFICIAL = config(
    tiered("input_tokens", (0, "2"), (272_001, "4")),
    item("cached_input_tokens", "0.1"),
    item("output_tokens", "10"),
    currency="USD",
)
PEGGED = {"policy": "pegged"}


@pytest.fixture
def model() -> Model:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    model = Model.objects.create(code="gpt-x", vendor=vendor, type=ModelType.objects.create(code="chat"))
    services.record_official_price(model.pk, OFFICIAL, source="vendor", as_of=NOON.date(), at=NOON)
    return model


def announcement() -> str:
    return str(publish("pegged:gpt-x", at=NOON).public_id)


def test_the_official_price_itself_is_published(model: Model) -> None:
    services.publish_price(model.pk, OFFICIAL | PEGGED, at=NOON)

    assert PriceVersion.objects.get().policy == "pegged"


def test_the_same_amounts_in_credits_are_the_official_price_too(model: Model) -> None:
    """At 7 credits a dollar."""
    converted = config(
        tiered("input_tokens", (0, "14"), (272_001, "28")),
        item("cached_input_tokens", "0.7"),
        item("output_tokens", "70"),
    )

    assert services.publish_price(model.pk, converted | PEGGED, at=NOON).changed


def test_meters_that_the_official_price_does_not_have_are_ours_to_price(model: Model) -> None:
    more = {**OFFICIAL, "items": [*OFFICIAL["items"], item("web_searches", "0.01", unit=1)]}

    assert services.publish_price(model.pk, more | PEGGED, at=NOON).changed


@pytest.mark.parametrize(
    ("items", "meter"),
    [
        ([tiered("input_tokens", (0, "2"), (272_001, "4")), item("output_tokens", "10")], "cached_input_tokens"),
        ([*OFFICIAL["items"][:2], item("output_tokens", "9.99")], "output_tokens"),
        ([tiered("input_tokens", (0, "2"), (272_000, "4")), *OFFICIAL["items"][1:]], "input_tokens"),
        ([*OFFICIAL["items"], item("output_tokens", "20", thinking=True)], "output_tokens"),
    ],
)
def test_any_difference_is_refused_and_named(model: Model, items: list[dict[str, Any]], meter: str) -> None:
    with pytest.raises(PriceConflict, match=rf"\({meter}\)"):
        services.publish_price(model.pk, {**OFFICIAL, "items": items, **PEGGED}, at=NOON)

    assert not PriceVersion.objects.exists()


def test_an_announcement_that_some_who_see_the_model_cannot_read_lets_nothing_differ(model: Model) -> None:
    default, vip = (AccessGroup.objects.create(code=code) for code in ("default", "vip"))
    model.access_groups.set([default, vip])
    dearer = config(item("input_tokens", "3"), currency="USD", **PEGGED)
    to_some = publish("to vip", at=NOON, audience=Audience.GROUPS, group_codes=("vip",)).public_id
    to_all = publish("to both", at=NOON, audience=Audience.GROUPS, group_codes=("default", "vip")).public_id

    with pytest.raises(PriceConflict, match="readers can see"):
        services.publish_price(model.pk, dearer, at=NOON, announcement=to_some)

    assert services.publish_price(model.pk, dearer, at=NOON, announcement=to_all).changed


def test_a_published_announcement_lets_a_pegged_price_differ_and_the_version_keeps_it(model: Model) -> None:
    named = announcement()

    services.publish_price(
        model.pk, config(item("input_tokens", "3"), currency="USD", **PEGGED), at=NOON, announcement=named
    )

    entry = announcements.entry_by_uid(named)
    assert entry is not None
    assert PriceVersion.objects.get().announcement_id == entry.entry_id


def test_an_announcement_that_nobody_can_read_is_refused(model: Model) -> None:
    draft = make_draft().public_id

    for named in (draft, "ann_nothing"):
        with pytest.raises(PriceConflict, match="no published announcement"):
            services.publish_price(model.pk, OFFICIAL | PEGGED, at=NOON, announcement=named)


def test_leaving_the_peg_needs_an_announcement_even_at_the_same_price(model: Model) -> None:
    services.publish_price(model.pk, OFFICIAL | PEGGED, at=NOON)

    with pytest.raises(PriceConflict, match="pegged to the official one"):
        services.publish_price(model.pk, OFFICIAL, at=LATER)
    services.publish_price(model.pk, OFFICIAL, at=LATER, announcement=announcement())

    assert PriceVersion.objects.get(number=2).policy == "floating"


def test_a_price_is_not_pegged_to_nothing() -> None:
    vendor = Vendor.objects.create(code="acme", name={"en": "Acme"})
    bare = Model.objects.create(code="bare", vendor=vendor, type=ModelType.objects.create(code="chat"))

    with pytest.raises(PriceConflict, match="No official price"):
        services.publish_price(bare.pk, OFFICIAL | PEGGED, at=NOON)


def test_a_pegged_price_follows_the_official_one_with_the_notice_that_is_owed(model: Model) -> None:
    services.publish_price(model.pk, OFFICIAL | PEGGED, at=NOON)
    dearer = {**OFFICIAL, "items": [*OFFICIAL["items"][:2], item("output_tokens", "12")]}
    services.record_official_price(model.pk, dearer, source="vendor", as_of=NOON.date(), at=LATER)

    published = services.publish_price(model.pk, dearer | PEGGED, at=LATER)

    assert published.starts_at == LATER + timedelta(days=1)
    assert Announcement.objects.filter(key=f"price:{published.version_id}").exists()
