"""What is left to do about people, by the clock."""

from celery import shared_task

from apps.accounts import services
from apps.core import clock
from apps.journal import services as journal


@shared_task(name="accounts.forget_addresses", ignore_result=True)
def forget_addresses(**_: object) -> int:
    """Addresses of accounts whose closing was cut off after it was done."""
    return services.forget_addresses()


@shared_task(name="accounts.drop_expired_sessions")
def drop_expired_sessions(**_: object) -> int:
    """Every night: sessions that ended, and the addresses noted for them."""
    with journal.run_of("expired_sessions", now=clock.now):
        return services.drop_expired_sessions(at=clock.now())
