"""Devices that a person signed in with: the owner of an account hears of one that was never seen."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import override

from apps.accounts.devices import device_name
from apps.accounts.models import KnownDevice, User
from apps.accounts.services.notices import notify
from apps.accounts.types import NEW_DEVICE, Visit
from apps.core import secret_tokens

MOST_DEVICES: Final = 50
_PREFIX: Final = "dev_"
_SESSIONS: Final = "/console/security/sessions"


def device_secret(offered: str) -> str:
    """The secret that a browser keeps: the one it offers, if it can be ours, else a new one."""
    return offered if secret_tokens.is_well_formed(_PREFIX, offered) else secret_tokens.mint(_PREFIX)


def note_sign_in(user_id: int, *, secret: str, visit: Visit, at: datetime) -> bool:
    """Remembers the device and tells the person of one that is new; True if it is.

    Nobody is told of their very first device, nor twice in a day of the same browser at the same address. Safe to
    repeat, also at once: the person's row is locked, so that of two first devices one is the second.
    """
    digest = secret_tokens.digest_of(secret)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        devices = KnownDevice.objects.filter(user_id=user_id)
        if devices.filter(secret_digest=digest).update(last_seen_at=at):
            return False
        is_first = not devices.exists()
        KnownDevice.objects.create(user_id=user_id, secret_digest=digest, first_seen_at=at, last_seen_at=at)
        _forget_oldest(user_id)
        if not is_first:
            _tell(user, digest=digest, visit=visit, at=at)
    return True


def _forget_oldest(user_id: int) -> None:
    """A script that throws its cookies away must not fill the table."""
    devices = KnownDevice.objects.filter(user_id=user_id)
    kept = devices.order_by("-last_seen_at", "-pk")[:MOST_DEVICES].values("pk")
    devices.exclude(pk__in=kept).delete()


def _tell(user: User, *, digest: bytes, visit: Visit, at: datetime) -> None:
    with override(user.language):
        name = device_name(visit.user_agent)
    notify(
        [user.pk],
        NEW_DEVICE,
        payload={"device": name, "ip": visit.address, "at": at.isoformat(), "path": _SESSIONS},
        dedupe_key=f"{NEW_DEVICE.code}:{digest.hex()}",
        subject=f"{name}/{visit.address}",
        at=at,
    )
