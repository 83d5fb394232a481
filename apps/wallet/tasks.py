"""The ledger's upkeep that runs by the clock."""

from celery import shared_task

from apps.core import clock
from apps.journal import services as journal
from apps.wallet import services


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
    """Every minute: lots that ended and limits to refill of accounts that nobody calls."""
    return services.tend_due()
