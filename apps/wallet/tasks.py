"""The ledger's upkeep that runs by the clock."""

from celery import shared_task

from apps.core import clock
from apps.journal import services as journal
from apps.wallet import services

ROUNDS = 2_000
"""A hundred thousand limits that are refilled at the same midnight."""


@shared_task(name="wallet.drop_echoes", ignore_result=True)
def drop_echoes(**_: object) -> int:
    """Every minute: second holds of calls that have ended."""
    return services.drop_echoes()


@shared_task(name="wallet.forget_owners", ignore_result=True)
def forget_owners(**_: object) -> int:
    """Every night: processes that ended a day ago."""
    with journal.run_of("forgotten_processes", now=clock.now):
        return services.forget_owners()


@shared_task(name="wallet.tend", ignore_result=True)
def tend(**_: object) -> int:
    """Every minute: lots that ended and limits to refill of accounts that nobody calls, 50 a transaction."""
    met = [services.tend_due()]
    while met[-1] and len(met) < ROUNDS:  # fewer than 50 may mean that one of them could not be tended
        met.append(services.tend_due())
    return sum(met)
