"""The door of Celery to rewards that are due. May run twice, late, or out of order."""

from celery import shared_task

from apps.core import clock
from apps.promotions import services

ROUNDS = 50


@shared_task(name="promotions.release_due_rewards", ignore_result=True)
def release_due_rewards(**_: object) -> int:
    """Every minute: pending rewards whose day has come, a hundred a round."""
    released = [services.release_due_rewards(at=clock.now())]
    while released[-1] == services.AT_MOST and len(released) < ROUNDS:
        released.append(services.release_due_rewards(at=clock.now()))
    return sum(released)
