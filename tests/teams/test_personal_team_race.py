"""Two doors at once: a person still gets one team, and no wallet is left behind. Real connections, committed rows."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.teams import queries, services
from apps.teams.models import AccessGroup, Membership, Team
from apps.teams.types import TeamAccess
from apps.wallet.models import Account

pytestmark = pytest.mark.live

CALLERS = 4

T = TypeVar("T")


@pytest.fixture
def newcomer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Somebody without a team, known to every connection; gone again after the test."""
    with django_db_blocker.unblock():
        group, is_new = AccessGroup.objects.get_or_create(code="default")
        user = User.objects.create_user(f"{uuid7()}@example.com")
        yield user
        mine = Membership.objects.filter(user=user)
        teams = list(mine.values_list("team_id", "team__wallet_id"))
        with transaction.atomic():
            mine.delete()
            Team.objects.filter(pk__in=[team for team, _ in teams]).delete()
        Account.objects.filter(pk__in=[wallet for _, wallet in teams]).delete()
        user.delete()
        AccessGroup.objects.filter(code="default", pk=group.pk if is_new else None).delete()
        connection.close()


def test_callers_that_arrive_together_share_one_team(newcomer: User) -> None:
    wallets = Account.objects.count()
    with ThreadPoolExecutor(CALLERS) as pool, transaction.atomic():
        first = services.personal_team_of(newcomer)
        others = [pool.submit(on_own_connection, services.personal_team_of, newcomer) for _ in range(CALLERS)]
        wait_until_they_wait(CALLERS)

    assert [other.result() for other in others] == [first] * CALLERS
    assert Account.objects.count() == wallets + 1


def test_control_looking_first_alone_would_found_several(newcomer: User) -> None:
    def look_then_found(user: User) -> TeamAccess:
        found = queries.personal_team_for(user.pk)
        looked.append(found)
        while len(looked) < CALLERS:
            time.sleep(0.01)
        return found or services.create_team("Personal", owner=user)

    looked: list[TeamAccess | None] = []
    with ThreadPoolExecutor(CALLERS) as pool:
        futures: list[Future[TeamAccess]] = [
            pool.submit(on_own_connection, look_then_found, newcomer) for _ in range(CALLERS)
        ]

    assert len({future.result().id for future in futures}) == CALLERS


def on_own_connection(act: Callable[[User], T], user: User) -> T:
    try:
        return act(user)
    finally:
        connection.close()


def wait_until_they_wait(callers: int) -> None:
    """Until so many connections stand before a lock."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (callers,):
                return
            time.sleep(0.02)
    raise AssertionError("The callers never met.")
