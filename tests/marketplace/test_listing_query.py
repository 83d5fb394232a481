"""What a process remembers of the catalogue for lists: always what a fresh look would find, for one question."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace import queries, services
from apps.marketplace.models import CreditRate, Model, ModelGrant
from apps.marketplace.types import Reach
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.catalogue import import_test_catalogue
from tests.marketplace.configs import config, item

pytestmark = pytest.mark.django_db

STRANGER = Reach((("default", Decimal(1)),), frozenset())


@pytest.fixture(autouse=True)
def catalogue() -> None:
    import_test_catalogue()


def codes(reach: Reach = STRANGER, *, at: datetime | None = None) -> list[str]:
    return sorted(model.code for model in queries.listed_models(reach, at=at or clock.now()))


def shown(code: str, reach: Reach = STRANGER, *, at: datetime | None = None) -> Any:
    return next(model for model in queries.listed_models(reach, at=at or clock.now()) if model.code == code)


def test_who_asks_sees_the_models_in_reach_and_no_others() -> None:
    vip = Model.objects.get(code="chat-vip")

    assert codes() == ["chat-small", "embed-small", "one-credit"]
    assert "chat-vip" in codes(Reach(STRANGER.groups, frozenset({vip.pk})))
    assert codes(Reach((("vip", Decimal("0.8")),), frozenset())) == ["chat-vip"]


def test_a_list_shows_the_same_as_the_model_itself() -> None:
    at = clock.now()
    found = queries.model_in_reach("chat-small", STRANGER, at=at)
    listed = shown("chat-small", at=at)

    assert found is not None
    card = found.card
    assert listed.pricing_config == card.pricing_config
    assert listed.display_config == card.display_config
    assert (listed.type, listed.vendor, listed.title("en")) == (card.type, card.vendor, card.title("en"))


def test_prices_are_those_of_the_group_that_prices_a_call() -> None:
    reach = Reach((("default", Decimal("0.5")), ("vip", Decimal("0.8"))), frozenset())

    small, vip = shown("chat-small", reach), shown("chat-vip", reach)

    assert (small.group, small.prices[0].nanos) == ("default", 1 * NANOS_PER_CREDIT)
    assert (vip.group, vip.prices[0].nanos) == ("vip", Fraction(16, 10) * NANOS_PER_CREDIT)
    assert vip.pricing_config["items"][0]["tiers"][0]["price"] == "2"


def test_it_is_one_question_cold_warm_and_after_a_change(django_assert_num_queries: Any) -> None:
    at = clock.now()

    for change in (None, None, "beta"):
        if change:
            Model.objects.filter(code="chat-small").update(lifecycle=change)
        with django_assert_num_queries(1):
            found = shown("chat-small", at=at)

    assert found.lifecycle == "beta"


def test_what_is_remembered_is_handed_out_again() -> None:
    at = clock.now()

    assert queries.listing(at=at).models is queries.listing(at=at + timedelta(seconds=1)).models


def test_a_scheduled_price_shows_from_its_instant_on_although_no_row_is_written() -> None:
    at = clock.now()
    later = at + timedelta(days=2)
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    services.publish_price(model_id, config(item("input_tokens", "3")), at=at, starts_at=later)

    before, after = shown("chat-small", at=at), shown("chat-small", at=later)

    assert (before.prices[0].nanos, before.coming.starts_at) == (2 * NANOS_PER_CREDIT, later)
    assert (after.prices[0].nanos, after.coming) == (3 * NANOS_PER_CREDIT, None)
    assert shown("chat-small", at=at).prices[0].nanos == 2 * NANOS_PER_CREDIT


def test_the_reach_of_a_team_is_the_one_that_calls_have(team: TeamAccess) -> None:
    at = clock.now()
    for code, multiplier, ends_at in (("dear", "2", None), ("cheap", "0.9", at + timedelta(days=1)), ("over", "1", at)):
        group = AccessGroup.objects.create(code=code, multiplier=Decimal(multiplier))
        AccessGrant.objects.create(team_id=team.id, access_group=group, ends_at=ends_at)
    ModelGrant.objects.create(team_id=team.id, model=Model.objects.get(code="chat-vip"))
    AccessGroup.objects.filter(code="dear").update(coming_multiplier=Decimal("0.1"), coming_at=at + timedelta(hours=1))

    for instant in (at, at + timedelta(hours=1), at + timedelta(days=1)):
        listing = queries.listing(at=instant)
        assert listing.reach_of(team, at=instant) == queries.reach_of(team.id, at=instant)
        assert listing.reach_of(None, at=instant) == queries.reach_of(None, at=instant)


def test_what_a_dollar_is_worth_is_the_rate_in_force() -> None:
    at = clock.now()
    CreditRate.objects.create(currency="USD", credits_per_unit=Decimal("8"), starts_at=at + timedelta(hours=1))

    for instant in (at, at + timedelta(hours=1)):
        for currency in ("USD", "CNY"):
            rate = queries.credit_rate(currency, at=instant).credits_per_unit
            assert queries.listing(at=instant).credits_per(currency, at=instant) == rate
