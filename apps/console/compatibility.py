"""What front ends written for New API read of the caller. One balance only, in that system's unit; writes nothing."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils.crypto import salted_hmac

from apps.console.moving.quota_rate import QuotaRate
from apps.marketplace import queries as marketplace
from apps.promotions import queries as promotions
from apps.teams.types import TeamAccess
from apps.usage import queries as usage
from apps.wallet import queries as wallet

if TYPE_CHECKING:
    from apps.accounts.models import User

USER: Final = 1
ENABLED: Final = 1
_ID_BYTES: Final = 6  # what a JavaScript number holds without loss


def own_user(user: "User", team: TeamAccess, *, at: datetime) -> dict[str, Any]:
    """The user, and the balance of one team as quota. Operators are users here too: their power is not for scripts."""
    rate = QuotaRate.of(marketplace.credit_rate("USD", at=at).credits_per_unit)
    spent_nanos, calls = usage.totals_of(team.id)
    return {
        "id": _number_of(user),
        "username": user.email,
        "display_name": user.get_short_name(),
        "email": user.email,
        "role": USER,
        "status": ENABLED,
        "group": team.main_group,
        "quota": rate.quota_of(max(wallet.balance_of(team.wallet_id).available_nanos, 0)),
        "used_quota": rate.quota_of(spent_nanos),
        "request_count": calls,
        "aff_code": promotions.referral_link_of(user.pk).code,
        "aff_count": 0,
        "aff_quota": 0,
        "aff_history_quota": 0,
        "inviter_id": 0,
    }


def _number_of(user: "User") -> int:
    """A number, as those front ends want it, that says nothing of how many users there are."""
    return int.from_bytes(salted_hmac("sluice.compatibility.user", str(user.pk)).digest()[:_ID_BYTES], "big")
