"""The doors of Celery to the roll-ups. All may run twice, late or out of order."""

from celery import shared_task

from apps.core import clock
from apps.journal import services as journal
from apps.usage import limit_alerts, low_balances, services, verification


@shared_task(name="usage.roll_up")
def roll_up(**_: object) -> int:
    """Every minute: settled calls into minutes and days."""
    return services.roll_up()


@shared_task(name="usage.tell_of_limits")
def tell_of_limits(**_: object) -> int:
    """Every minute: who answers for a limit hears when half, four fifths and all of it is used."""
    return limit_alerts.tell_of_limits(at=clock.now())


@shared_task(name="usage.tell_of_low_balances")
def tell_of_low_balances(**_: object) -> int:
    """Every five minutes: who answers for a wallet hears that it will soon be empty."""
    return low_balances.tell_of_low_balances(at=clock.now())


@shared_task(name="usage.drop_expired_origins")
def drop_expired_origins(**_: object) -> int:
    """Every night: addresses whose retention ended."""
    with journal.run_of("expired_addresses", now=clock.now):
        return services.drop_expired_origins(at=clock.now())


@shared_task(name="usage.drop_old_minutes")
def drop_old_minutes(**_: object) -> int:
    """Every night: minutes that no chart shows any more."""
    with journal.run_of("old_minutes", now=clock.now):
        return services.drop_old_minutes(at=clock.now())


@shared_task(name="usage.verify_ledger")
def verify_ledger(**_: object) -> int:
    """Every night, and after a pause of more than a day: what breaks a rule of the books becomes an alert."""
    return len(verification.verify_ledger(now=clock.now).violations)
