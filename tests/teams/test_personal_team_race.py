"""Two doors at once: a person still gets one team, and no wallet is left behind. Real connections, committed rows."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.teams import queries, services
from apps.teams.types import TeamAccess
from apps.wallet.models import Account
from tests.committed import committed_database, on_own_connection, wait_until_they_wait

pytestmark = pytest.mark.live

CALLERS = 4


@pytest.fixture
def newcomer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Somebody without a team, known to every connection."""
    with committed_database(django_db_blocker):
        yield User.objects.create_user(f"{uuid7()}@example.com")


def test_callers_that_arrive_together_share_one_team(newcomer: User) -> None:
    wallets = Account.objects.count()
    with ThreadPoolExecutor(CALLERS) as pool, transaction.atomic():
        first = services.personal_team_of(newcomer)
        others = [pool.submit(on_own_connection, lambda: services.personal_team_of(newcomer)) for _ in range(CALLERS)]
        wait_until_they_wait(CALLERS)

    assert [other.result() for other in others] == [first] * CALLERS
    assert Account.objects.count() == wallets + 1


def test_control_looking_first_alone_would_found_several(newcomer: User) -> None:
    def look_then_found(user: User) -> TeamAccess:
        found = queries.personal_team_for(user.pk)
        looked.append(found)
        while len(looked) < CALLERS:
            time.sleep(0.01)
        return found or services.create_team("Personal", owner=user, at=clock.now())

    looked: list[TeamAccess | None] = []
    with ThreadPoolExecutor(CALLERS) as pool:
        futures: list[Future[TeamAccess]] = [
            pool.submit(on_own_connection, lambda: look_then_found(newcomer)) for _ in range(CALLERS)
        ]

    assert len({future.result().id for future in futures}) == CALLERS
