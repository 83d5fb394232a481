"""What a team may reach: its main group, what staff granted it until that ends, and the multiplier of each now."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core import clock
from apps.marketplace import queries
from apps.marketplace.models import Model, ModelGrant
from apps.marketplace.types import Reach
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.catalogue import import_test_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    import_test_catalogue()


def grant_group(team: TeamAccess, code: str, *, ends_at: object = None, multiplier: str = "1") -> None:
    group, _ = AccessGroup.objects.get_or_create(code=code, defaults={"multiplier": Decimal(multiplier)})
    AccessGrant.objects.create(team_id=team.id, access_group=group, ends_at=ends_at)


def test_a_stranger_reaches_the_default_group() -> None:
    assert queries.reach_of(None, at=clock.now()) == Reach((("default", Decimal(1)),), frozenset())


def test_the_main_group_comes_first_then_the_cheapest_then_the_first_by_code(team: TeamAccess) -> None:
    for code, multiplier in (("dear", "2"), ("b", "0.9"), ("a", "0.9")):
        grant_group(team, code, multiplier=multiplier)
    grant_group(team, "vip")

    assert queries.reach_of(team.id, at=clock.now()).codes == ("default", "vip", "a", "b", "dear")


def test_a_grant_counts_until_the_instant_it_ends(team: TeamAccess, django_assert_num_queries) -> None:
    at = clock.now()
    model = Model.objects.get(code="chat-vip")
    grant_group(team, "vip", ends_at=at)
    ModelGrant.objects.create(team_id=team.id, model=model, ends_at=at)

    with django_assert_num_queries(1):
        before = queries.reach_of(team.id, at=at - timedelta(microseconds=1))

    assert (before.codes, before.model_ids) == (("default", "vip"), frozenset({model.pk}))
    assert queries.reach_of(team.id, at=at) == Reach((("default", Decimal(1)),), frozenset())


def test_an_announced_multiplier_counts_from_its_instant_on() -> None:
    at = clock.now()
    AccessGroup.objects.filter(code="default").update(coming_multiplier=Decimal("1.2"), coming_at=at)

    assert queries.reach_of(None, at=at - timedelta(microseconds=1)).groups == (("default", Decimal(1)),)
    assert queries.reach_of(None, at=at).groups == (("default", Decimal("1.2")),)


def test_one_group_prices_a_model_and_a_granted_one_goes_on_the_terms_of_the_main_group() -> None:
    reach = Reach((("default", Decimal(1)), ("cheap", Decimal("0.5")), ("dear", Decimal(2))), frozenset({7}))

    assert reach.group_of(5, {"dear", "default"}) == ("default", Decimal(1))
    assert reach.group_of(5, {"dear", "cheap"}) == ("cheap", Decimal("0.5"))
    assert reach.group_of(7, {"dear"}) == ("dear", Decimal(2))
    assert reach.group_of(7, {"secret"}) == ("default", Decimal(1))
    assert reach.group_of(5, {"secret"}) is None
