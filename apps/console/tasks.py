"""What leaves by the clock: mails, and notices that need several apps."""

from datetime import timedelta

from celery import shared_task

from apps.console.exporting import making
from apps.console.mail import endpoints, sending
from apps.core import clock
from apps.marketplace import services as marketplace
from apps.relay import queries as relay

LONGEST_EXPORT_SECONDS = 3600
ALERTS_ROUND = timedelta(seconds=50)


@shared_task(name="console.send_mails", ignore_result=True)
def send_mails(**_: object) -> int:
    """Every ten seconds and at the start of a worker: what waits in the outbox as mail."""
    return sending.send_mails()


@shared_task(
    name="console.make_exports",
    ignore_result=True,
    soft_time_limit=LONGEST_EXPORT_SECONDS,
    time_limit=LONGEST_EXPORT_SECONDS + 60,
)
def make_exports(**_: object) -> int:
    """Every ten seconds: data that people asked for. Runs beside its own redelivery without harm: each is claimed."""
    return making.make_exports(now=clock.now)


@shared_task(name="console.tell_of_webhooks", ignore_result=True)
def tell_of_webhooks(**_: object) -> int:
    """Every minute: who may mend a webhook that was turned off hears of it."""
    return endpoints.tell_of_disabled(at=clock.now())


@shared_task(name="console.tell_of_prices", ignore_result=True)
def tell_of_prices(**_: object) -> int:
    """Every minute: announced prices, and planned models that started, to whoever wants to hear of them."""
    at = clock.now()
    marketplace.spread_changes(at=at)
    told = marketplace.tell_subscribers(impact_of=relay.impact_of, now=clock.now, until=at + ALERTS_ROUND)
    return told + marketplace.tell_of_launches(at=at)
