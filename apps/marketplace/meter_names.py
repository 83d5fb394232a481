"""What people call the meters. Programs read the codes."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
