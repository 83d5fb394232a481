"""Leases of processes: whose holds are alive."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from apps.wallet.models import Owner

LEASE = timedelta(seconds=30)
NET_LEASE = timedelta(minutes=2)
"""Of the sweep that expires what nobody else does: longer than its interval, so that it ends only in an outage."""
NET = "net"


def register_owner(label: str = "") -> int:
    """A lease for this process; returns the owner id its holds carry."""
    return int(Owner.objects.create(label=label, lease_until=Now() + LEASE).pk)


def heartbeat(owner_id: int) -> bool:
    """Renews the lease. False: there is no such owner any more, register again."""
    return bool(Owner.objects.filter(pk=owner_id).update(lease_until=Now() + LEASE))


def net_was_awake() -> bool:
    """Renews the net's lease; False when it had run out: the database was away, or nobody swept, so no lease of others
    proves anything before its owner had the time to renew it."""
    with transaction.atomic():
        net, _is_new = Owner.objects.select_for_update().get_or_create(
            label=NET, defaults={"lease_until": Now() - NET_LEASE}
        )
        was_awake = Owner.objects.filter(pk=net.pk, lease_until__gt=Now()).exists()
        Owner.objects.filter(pk=net.pk).update(lease_until=Now() + NET_LEASE)
    return was_awake


def end_owner(owner_id: int) -> None:
    """Ends the lease at once, so that what is left open is expired by others."""
    Owner.objects.filter(pk=owner_id).update(lease_until=Now())


def forget_owners() -> int:
    """Deletes owners whose lease ended a day ago and that hold nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM wallet_owner o WHERE lease_until < now() - interval '1 day' "
            "AND NOT EXISTS (SELECT 1 FROM wallet_hold h WHERE h.owner_id = o.id)"
        )
        return int(cursor.rowcount)
