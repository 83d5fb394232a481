"""The door of Celery to verifications. May run twice, late or out of order."""

from celery import shared_task

from apps.core import clock
from apps.verification import services


@shared_task(name="verification.examine_waiting")
def examine_waiting(**_: object) -> int:
    """Every minute: submissions that wait for the scanner or the automatic check."""
    return services.examine_waiting(at=clock.now())
