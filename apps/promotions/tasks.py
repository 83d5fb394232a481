"""The doors of Celery to rewards that are due and to the books. May run twice, late, or out of order."""

from celery import shared_task

from apps.core import clock
from apps.journal import services as journal
from apps.promotions import services

ROUNDS = 50


@shared_task(name="promotions.release_due_rewards", ignore_result=True)
def release_due_rewards(**_: object) -> int:
    """Every minute: pending rewards whose day has come, a hundred a round."""
    released = [services.release_due_rewards(at=clock.now())]
    while released[-1] == services.AT_MOST and len(released) < ROUNDS:
        released.append(services.release_due_rewards(at=clock.now()))
    return sum(released)


@shared_task(name="promotions.check_books", ignore_result=True)
def check_books(**_: object) -> int:
    """Every night: what campaigns and balances count is what their rows add up to."""
    with journal.run_of("promotions_books", now=clock.now):
        return services.check_books()
