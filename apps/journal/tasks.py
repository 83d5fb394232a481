"""The journal's upkeep that runs by the clock."""

from celery import shared_task

from apps.core import clock
from apps.journal import services


@shared_task(name="journal.forget_expired_keys", ignore_result=True)
def forget_expired_keys(**_: object) -> int:
    """Idempotency keys past their 24 hours."""
    return services.forget_expired_keys(at=clock.now())
