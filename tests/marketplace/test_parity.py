"""The parity report: above the official price first, GPT equal unless announced."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace import queries, services
from apps.marketplace.models import Model, ModelType, Vendor
from apps.marketplace.parity import ParityRow
from apps.teams.models import AccessGroup
from tests.announcements.entries import publish as announce
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
TEN = config(item("input_tokens", "10"), currency="USD")


def make_model(code: str, ours: dict[str, Any], official: dict[str, Any] | None = TEN, vendor: str = "openai") -> Model:
    row, _ = Vendor.objects.get_or_create(code=vendor)
    chat, _ = ModelType.objects.get_or_create(code="chat")
    model = Model.objects.create(code=code, vendor=row, type=chat)
    model.access_groups.add(AccessGroup.objects.get_or_create(code="default")[0])
    if official is not None:
        services.record_official_price(model.pk, official, source="a map", as_of=date(2026, 5, 1), at=NOON)
    services.publish_price(model.pk, ours, at=NOON)
    return model


def at_usd(price: str, **more: Any) -> dict[str, Any]:
    return config(item("input_tokens", price), currency="USD", **more)


def report() -> list[tuple[str, str]]:
    return [(row.model, row.standing) for row in queries.parity_report(at=NOON)]


def row(code: str) -> ParityRow:
    return next(row for row in queries.parity_report(at=NOON) if row.model == code)


def test_a_pegged_price_differs_by_nothing() -> None:
    make_model("gpt-1", at_usd("10", policy="pegged"))

    found = row("gpt-1")

    assert (found.standing, found.currency, found.source) == ("equal", "USD", "a map")
    assert [(p.reference, p.ours, p.difference_percent) for p in found.points] == [(10, 10, 0)]


def test_rows_above_the_official_price_come_first_then_what_nobody_announced() -> None:
    make_model("claude-b", at_usd("9"), vendor="anthropic")
    make_model("claude-a", at_usd("12"), vendor="anthropic")
    make_model("gpt-cheap", at_usd("9"))
    make_model("gpt-same", at_usd("10"))
    make_model("free-map", at_usd("9"), official=None, vendor="anthropic")

    assert report() == [
        ("claude-a", "above"),
        ("gpt-cheap", "unannounced"),
        ("claude-b", "below"),
        ("gpt-same", "equal"),
        ("free-map", "unknown"),
    ]


def test_the_difference_is_told_per_meter_in_percent() -> None:
    make_model("claude-a", at_usd("9"), vendor="anthropic")

    found = row("claude-a")

    assert [(p.meter, p.difference_percent) for p in found.points] == [("input_tokens", Decimal("-10.00"))]
    assert found.discount_percent == 10


def test_a_gpt_price_may_differ_where_an_announcement_says_so() -> None:
    gpt = make_model("gpt-1", at_usd("10", policy="pegged"))
    announced = announce(at=NOON).public_id
    services.publish_price(gpt.pk, at_usd("9", policy="pegged"), at=NOON + timedelta(1), announcement=announced)

    (found,) = queries.parity_report(at=NOON + timedelta(1))

    assert (found.standing, found.announcement) == ("announced", announced)


def test_a_price_that_is_on_its_way_is_told() -> None:
    gpt = make_model("gpt-1", at_usd("10", policy="pegged"))
    twelve = at_usd("12", policy="pegged")
    services.record_official_price(gpt.pk, twelve, source="a map", as_of=date(2026, 5, 2), at=NOON)
    services.publish_price(gpt.pk, twelve, at=NOON + timedelta(hours=1))

    (found,) = queries.parity_report(at=NOON + timedelta(hours=1))

    assert found.standing == "following"
    assert found.follows_at == NOON + timedelta(hours=25)


def test_models_that_are_retired_or_have_no_price_are_left_out() -> None:
    make_model("gpt-1", at_usd("10"))
    Model.objects.update(lifecycle="retired")

    assert report() == []


def test_many_models_take_as_many_queries_as_one(django_assert_num_queries: Any) -> None:
    for number in range(3):
        make_model(f"gpt-{number}", at_usd("10"))

    with django_assert_num_queries(5):
        assert len(report()) == 3
