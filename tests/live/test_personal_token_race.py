"""Personal access tokens made at once: nobody passes the limit. A control shows it without the lock."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.teams import limits, queries, services
from apps.teams.errors import TokenLimitReached
from apps.teams.models import Membership, PersonalAccessToken
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token
from tests.committed import committed_database, on_own_connection, wait_until_they_wait

pytestmark = pytest.mark.live

CALLERS = 4
MOST = 2


@pytest.fixture(scope="module")
def _committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with committed_database(django_db_blocker), override_settings(PERSONAL_TOKENS_PER_USER=MOST):
        yield


@pytest.fixture
def team(_committed: None) -> TeamAccess:
    """Somebody's personal team, known to every connection."""
    return services.personal_team_of(User.objects.create_user(f"{uuid7()}@example.com"))


def test_callers_that_arrive_together_make_as_many_as_there_is_room_for(team: TeamAccess) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        with transaction.atomic():
            Membership.objects.select_for_update(no_key=True).get(user_id=team.user_id)
            callers = [pool.submit(on_own_connection, lambda: is_made(team)) for _ in range(CALLERS)]
            wait_until_they_wait(CALLERS)

        assert sorted(caller.result() for caller in callers) == [False, False, True, True]

    assert len(queries.live_tokens_of(team.user_id, at=clock.now())) == MOST


def test_control_counting_first_alone_would_make_too_many(team: TeamAccess) -> None:
    def count_then_make() -> None:
        counted.append(len(queries.live_tokens_of(team.user_id, at=clock.now())))
        while len(counted) < CALLERS:
            time.sleep(0.01)
        if limits.has_room(counted[0], most=MOST):
            store_token(team)

    counted: list[int] = []
    with ThreadPoolExecutor(CALLERS) as pool:
        for caller in [pool.submit(on_own_connection, count_then_make) for _ in range(CALLERS)]:
            caller.result()

    assert len(queries.live_tokens_of(team.user_id, at=clock.now())) == CALLERS


def is_made(team: TeamAccess) -> bool:
    try:
        make_personal_token(team)
    except TokenLimitReached:
        return False
    return True


def store_token(team: TeamAccess) -> None:
    """The row alone, as the service stores it after its check."""
    at = clock.now()
    PersonalAccessToken.objects.create(
        user_id=team.user_id,
        team_id=team.id,
        name="script",
        digest=uuid7().bytes * 2,
        last_four="1234",
        scopes=["read"],
        created_at=at,
        expires_at=at + timedelta(days=7),
    )
