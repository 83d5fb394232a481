"""Links by which somebody ends mails without signing in: they name what ends, and we signed them."""

from collections.abc import Collection
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT: Final = "sluice.unsubscribe"
_ALERTS: Final = "sluice.price_alerts"


def unsubscribe_url(user_id: int, kind: str) -> str:
    """Absolute, and good for ever: a mail may be read years later."""
    token = signing.dumps([user_id, kind], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('console:unsubscribe', args=[token])}"


def unsubscribed(token: str) -> tuple[int, str] | None:
    """Who ends which kind; None for what we did not sign."""
    try:
        user_id, kind = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return user_id, kind


def alerts_token(alerts: Collection[str]) -> str:
    """Good for ever: it opens the alerts of an address to whoever got a mail there, and ends these."""
    return signing.dumps(sorted(alerts), salt=_ALERTS, compress=True)


def alerts_url(alerts: Collection[str]) -> str:
    """Absolute, for the mails that these price alerts bring."""
    return f"{settings.PUBLIC_URL}{reverse('console:alert_link', args=[alerts_token(alerts)])}"


def alerts_behind(token: str) -> list[str] | None:
    """Which price alerts a link is about; None for what we did not sign."""
    try:
        alerts: list[str] = signing.loads(token, salt=_ALERTS)
    except signing.BadSignature:
        return None
    return alerts
