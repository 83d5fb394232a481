"""The catalogue's upkeep that runs by the clock."""

from celery import shared_task

from apps.core import clock
from apps.journal import services as journal
from apps.marketplace import services


@shared_task(name="marketplace.prune_marks")
def prune_marks(**_: object) -> int:
    """Every night: marks of changes that everybody who remembers the catalogue has seen."""
    with journal.run_of("catalogue_marks", now=clock.now):
        return services.prune_marks(at=clock.now())


@shared_task(name="marketplace.forget_old_alerts", ignore_result=True)
def forget_old_alerts(**_: object) -> int:
    """Every night: price alerts that ended, and addresses that never answered, thirty days ago."""
    return services.forget_old_alerts(at=clock.now())
