"""The relay's background work: the net below what every web process does for itself."""

from celery import shared_task

from apps.wallet import services as wallet


@shared_task(name="relay.expire_holds", ignore_result=True)
def expire_holds(**_: object) -> int:
    """Gives back the holds of dead processes and those past their end, also while no web process runs.

    After an outage of the database every lease has run out. Then the net's own has too, and it looks again next time.
    """
    return wallet.expire_holds(patience=wallet.NET_LEASE) if wallet.net_was_awake() else 0
