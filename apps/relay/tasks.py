"""The relay's background work: the net below what every web process does for itself."""

from celery import shared_task

from apps.wallet import services as wallet


@shared_task(name="relay.expire_holds", ignore_result=True)
def expire_holds(**_: object) -> int:
    """Gives back the holds of dead processes and those past their end, also while no web process runs.

    After an outage of the database every lease has run out: web processes get the time to renew theirs.
    """
    return wallet.expire_holds(patience=wallet.LEASE)
