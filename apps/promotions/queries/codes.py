"""Whose code is this."""

from apps.promotions import referral_codes
from apps.promotions.models import ReferralCode


def usable_code(text: str) -> ReferralCode | None:
    """The code in a text, if it is in use and its owner is neither closed nor suspended. For services of this app."""
    code = referral_codes.normalised(text)
    rows = ReferralCode.objects.filter(retired_at=None, user__is_active=True).select_related("user")
    return None if code is None else rows.filter(code=code).first()


def is_code_in_use(text: str) -> bool:
    """Whether somebody could be bound by this text."""
    return usable_code(text) is not None
