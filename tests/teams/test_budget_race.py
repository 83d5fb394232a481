"""Two who set the same budget at once open one account: the team's row is where they wait. Committed rows, threads."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.money import NANOS_PER_CREDIT
from apps.teams import queries, services
from apps.teams.models import Membership
from apps.teams.types import TeamAccess
from apps.wallet import queries as ledger
from apps.wallet import services as wallet
from apps.wallet.models import Account
from apps.wallet.types import LimitKind
from tests.committed import committed_database, on_own_connection, wait_until_they_wait

pytestmark = pytest.mark.live

CALLERS = 4


@dataclass(frozen=True)
class Stage:
    team: TeamAccess
    owner: User

    @property
    def limits(self) -> int:
        """How many accounts of members the wallet has."""
        return Account.objects.filter(wallet_id=self.team.wallet_id, kind=LimitKind.MEMBER).count()

    @property
    def budget(self) -> int | None:
        account = queries.member_budget_accounts({(self.team.id, self.owner.pk)})[self.team.id, self.owner.pk]
        return ledger.limit_use([account])[account].limit_nanos


@pytest.fixture
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """A team that every connection knows."""
    with committed_database(django_db_blocker):
        owner = User.objects.create_user(f"{uuid7()}@example.com")
        yield Stage(services.create_team("Race", owner=owner, at=clock.now()), owner)


def set_budget(stage: Stage, credits: int) -> None:  # noqa: A002
    limit = credits * NANOS_PER_CREDIT
    services.set_member_budget(stage.team, stage.owner.pk, limit_nanos=limit, refill="", at=clock.now())


def test_callers_that_arrive_together_open_one_account(stage: Stage) -> None:
    with ThreadPoolExecutor(CALLERS) as pool, transaction.atomic():
        services.lock_team(stage.team.id)
        calls = [pool.submit(on_own_connection, partial(set_budget, stage, n)) for n in range(1, CALLERS + 1)]
        wait_until_they_wait(CALLERS)
    for call in calls:
        call.result()

    assert stage.limits == 1
    assert stage.budget in {number * NANOS_PER_CREDIT for number in range(1, CALLERS + 1)}


def test_control_looking_before_opening_would_open_several(stage: Stage) -> None:
    looked: list[int | None] = []

    def look_then_open() -> None:
        row = Membership.objects.get(team_id=stage.team.id, user=stage.owner)
        looked.append(row.budget_id)
        while len(looked) < CALLERS:
            time.sleep(0.01)
        if row.budget_id is None:
            account = wallet.open_limit(stage.team.wallet_id, kind=LimitKind.MEMBER, label="", limit_nanos=1)
            Membership.objects.filter(pk=row.pk).update(budget_id=account)

    with ThreadPoolExecutor(CALLERS) as pool:
        for call in [pool.submit(on_own_connection, look_then_open) for _ in range(CALLERS)]:
            call.result()

    assert stage.limits == CALLERS
