"""The journal's upkeep that runs by the clock."""

from celery import shared_task

from apps.core import clock
from apps.journal import services


@shared_task(name="journal.forget_expired_keys", ignore_result=True)
def forget_expired_keys(**_: object) -> int:
    """Idempotency keys past their 24 hours."""
    return services.forget_expired_keys(at=clock.now())


@shared_task(name="journal.refuse_expired_approvals", ignore_result=True)
def refuse_expired_approvals(**_: object) -> int:
    """Requests for approval that nobody decided in time."""
    return services.refuse_expired_approvals(at=clock.now())
