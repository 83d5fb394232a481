"""What pages call movements of a wallet, sources of its lots and what calls are counted in. Programs read the codes."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.marketplace.meter_names import METER_NAMES
from apps.wallet.statement_lines import Code

__all__ = ["METER_NAMES", "MOVEMENT_NAMES", "SOURCE_NAMES"]

MOVEMENT_NAMES: Final[Mapping[str, Promise]] = {
    Code.TOP_UP: _("Top-up"),
    Code.CODE: _("Redeemed code"),
    Code.GIFT: _("Gift"),
    Code.VERIFICATION: _("Verification credits"),
    Code.REFERRAL: _("Referral reward"),
    Code.CAMPAIGN: _("Campaign"),
    Code.MIGRATION: _("Moved from another system"),
    Code.COMPUTE: _("Model calls"),
    Code.STORAGE: _("Project storage"),
    Code.CLOUD: _("Cloud"),
    Code.REFUND: _("Refund of a call"),
    Code.PAID_BACK: _("Paid back"),
    Code.EXPIRY: _("Expired"),
    Code.ADJUSTMENT: _("Adjustment"),
    Code.WITHDRAWAL: _("Taken back"),
    Code.REVERSAL: _("Reversal"),
}
SOURCE_NAMES: Final[Mapping[str, Promise]] = {
    "purchase": _("Top-up"),
    "wire": _("Wire transfer"),
    "code": _("Redeemed code"),
    "gift": _("Gift"),
    "verification": _("Verification credits"),
    "referral": _("Referral reward"),
    "campaign": _("Campaign"),
    "refund_restore": _("Restored by a refund"),
    "adjustment": _("Adjustment"),
    "migration": _("Moved from another system"),
}
