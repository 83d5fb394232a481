"""The link by which somebody ends one kind of mail without signing in: it names both, and we signed it."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT: Final = "sluice.unsubscribe"


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
