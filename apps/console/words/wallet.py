"""What pages call movements of a wallet, sources of its lots and what calls are counted in. Programs read the codes."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.wallet.statement_lines import Code

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
METER_NAMES: Final[Mapping[str, Promise]] = {
    "input_tokens": _("Input tokens"),
    "cached_input_tokens": _("Input read from cache"),
    "cache_write_tokens": _("Input written to cache"),
    "cache_write_1h_tokens": _("Input written to cache for an hour"),
    "cache_write_12h_tokens": _("Input written to cache for 12 hours"),
    "image_input_tokens": _("Image input"),
    "audio_input_tokens": _("Audio input"),
    "cached_image_input_tokens": _("Image input read from cache"),
    "cached_audio_input_tokens": _("Audio input read from cache"),
    "output_tokens": _("Output tokens"),
    "reasoning_tokens": _("Reasoning tokens"),
    "image_output_tokens": _("Image output"),
    "audio_output_tokens": _("Audio output"),
    "calls": _("Calls"),
    "images": _("Images"),
    "video_seconds": _("Seconds of video"),
    "audio_seconds": _("Seconds of audio"),
    "characters": _("Characters"),
    "search_units": _("Search units"),
    "web_searches": _("Web searches"),
}
