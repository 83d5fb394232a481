"""Operators who change a multiplier or grant the same thing at once, on connections of their own."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django.plugin import DjangoDbBlocker

from apps.announcements.models import Announcement
from apps.core import clock
from apps.marketplace import services as marketplace
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import ModelGrant, PriceChange
from apps.marketplace.types import ChangedMultiplier
from apps.teams import services as teams
from apps.teams.models import AccessGrant, AccessGroup
from tests.cast import make_team
from tests.catalogue import import_test_catalogue
from tests.committed import committed_database, together

pytestmark = pytest.mark.live

FEW = 4


@pytest.fixture(autouse=True)
def _committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with committed_database(django_db_blocker):
        import_test_catalogue()
        yield


def raising(multiplier: str, at: datetime) -> Callable[[], ChangedMultiplier]:
    return lambda: marketplace.change_multiplier("vip", Decimal(multiplier), at=at, actor=None, reason="Costs")


def test_one_multiplier_asked_for_by_four_is_announced_once() -> None:
    at = clock.now()

    results = together([raising("0.9", at)] * FEW)

    assert sorted(result.changed for result in results) == [False, False, False, True]
    assert PriceChange.objects.count() == 1
    assert Announcement.objects.filter(category="prices").count() == 1


def test_of_four_different_multipliers_one_is_announced_and_the_others_are_told_to_withdraw_it_first() -> None:
    at = clock.now()

    results = together([raising(f"0.9{digit}", at) for digit in range(1, FEW + 1)])

    assert results.count(PriceConflict) == FEW - 1
    change, group = PriceChange.objects.get(), AccessGroup.objects.get(code="vip")
    assert Decimal(change.lines[0]["new"]) == group.coming_multiplier


def test_control_without_the_lock_everybody_finds_nothing_announced() -> None:
    have_read = threading.Barrier(FEW)

    def read_then_write() -> bool:
        is_free = AccessGroup.objects.get(code="vip").coming_at is None
        have_read.wait(60)
        in_a_day = clock.now() + timedelta(days=1)
        AccessGroup.objects.filter(code="vip").update(coming_multiplier=1, coming_at=in_a_day)
        return is_free

    assert together([read_then_write] * FEW) == [True] * FEW


def test_one_of_two_who_withdraw_at_once_does() -> None:
    at = clock.now()
    raising("0.9", at)()

    results = together([lambda: marketplace.withdraw_multiplier("vip", at=at, actor=None, reason="No")] * 2)

    assert sorted(map(str, results)) == sorted([str(None), str(PriceConflict)])
    assert PriceChange.objects.filter(withdrawn=True).count() == 1


def test_a_grant_given_by_four_at_once_is_one_grant() -> None:
    at, team = clock.now(), make_team("Acme")
    terms = {"ends_at": None, "actor": None, "reason": "Contract", "at": at}

    groups = together([lambda: teams.grant_access_group(team.id, "vip", **terms)] * FEW)
    models = together([lambda: marketplace.grant_model(team.id, "chat-vip", **terms)] * FEW)

    assert groups + models == [None] * FEW * 2
    assert (AccessGrant.objects.count(), ModelGrant.objects.count()) == (1, 1)
