"""The words for what the catalogue knows by codes. A code that operators made up themselves reads as it is written."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Names = Mapping[str, Promise]

CAPABILITY_NAMES: Final[Names] = {
    "audio": _("Audio"),
    "chat": _("Chat"),
    "embeddings": _("Embeddings"),
    "image_editing": _("Image editing"),
    "image_generation": _("Image generation"),
    "image_to_video": _("Image to video"),
    "moderation": _("Moderation"),
    "prompt_caching": _("Prompt caching"),
    "realtime": _("Realtime"),
    "reasoning": _("Reasoning"),
    "rerank": _("Rerank"),
    "speech": _("Speech"),
    "structured_output": _("Structured output"),
    "text_to_image": _("Text to image"),
    "text_to_video": _("Text to video"),
    "tools": _("Tools"),
    "transcription": _("Transcription"),
    "vision": _("Vision"),
    "web_search": _("Web search"),
}
MODALITY_NAMES: Final[Names] = {
    "audio": _("Audio"),
    "embedding": _("Embeddings"),
    "file": _("Files"),
    "image": _("Images"),
    "text": _("Text"),
    "video": _("Video"),
}
BADGE_NAMES: Final[Names] = {
    "new": _("New"),
    "popular": _("Popular"),
    "preview": _("Preview"),
    "updated": _("Updated"),
}
USE_NAMES: Final[Names] = {
    "chat": _("Chat"),
    "coding": _("Coding"),
    "images": _("Images"),
    "long_documents": _("Long documents"),
    "maths": _("Mathematics"),
    "reasoning": _("Reasoning"),
    "video": _("Video"),
}
LIFECYCLE_NAMES: Final[Names] = {
    "planned": _("Planned"),
    "beta": _("Beta"),
    "ga": _("Available"),
    "retired": _("Retired"),
}
LIFECYCLE_TONES: Final[Mapping[str, str]] = {"planned": "info", "beta": "info", "ga": "positive", "retired": ""}
CONDITION_NAMES: Final[Names] = {
    "audio": _("Sound"),
    "cache_ttl": _("Cache lifetime"),
    "mode": _("Mode"),
    "prompt_extend": _("Prompt rewriting"),
    "quality": _("Quality"),
    "region": _("Region"),
    "resolution": _("Resolution"),
    "service_tier": _("Service tier"),
    "size": _("Size"),
    "speed": _("Speed"),
    "thinking": _("Thinking"),
    "voice": _("Voice"),
}
LINK_NAMES: Final[Names] = {
    "documentation": _("Documentation"),
    "docs": _("Documentation"),
    "model_card": _("Model card"),
    "vendor": _("Vendor’s page"),
    "vendor_privacy": _("Vendor’s privacy policy"),
    "pricing": _("Vendor’s price list"),
    "terms": _("Vendor’s terms"),
}


def name_of(code: str, names: Names) -> str:
    """`text_to_video` → “Text to video”; the code itself, made readable, where nobody gave it a word."""
    known = names.get(code)
    return str(known) if known is not None else code.replace("_", " ")


COLUMN_NAMES: Final[Names] = {
    "input_tokens": _("Input"),
    "cached_input_tokens": _("Cached input"),
    "cache_write_tokens": _("Cache write"),
    "cache_write_1h_tokens": _("Cache write, 1 h"),
    "cache_write_12h_tokens": _("Cache write, 12 h"),
    "image_input_tokens": _("Image input"),
    "audio_input_tokens": _("Audio input"),
    "cached_image_input_tokens": _("Cached image input"),
    "cached_audio_input_tokens": _("Cached audio input"),
    "output_tokens": _("Output"),
    "reasoning_tokens": _("Reasoning"),
    "image_output_tokens": _("Image output"),
    "audio_output_tokens": _("Audio output"),
}
"""Heads of price columns, where `METER_NAMES` are too long; other meters are as short there."""
PART_NAMES: Final[Names] = {
    "cached_input_tokens": _("of which cached"),
    "cache_write_tokens": _("of which written to cache"),
    "cache_write_1h_tokens": _("of which written to cache for 1 h"),
    "cache_write_12h_tokens": _("of which written to cache for 12 h"),
    "image_input_tokens": _("of which images"),
    "audio_input_tokens": _("of which audio"),
    "cached_image_input_tokens": _("of which cached images"),
    "cached_audio_input_tokens": _("of which cached audio"),
    "reasoning_tokens": _("of which reasoning"),
    "image_output_tokens": _("of which images"),
    "audio_output_tokens": _("of which audio"),
}
MULTIPLIER_NAMES: Final[Names] = {
    "completion": _("Completion multiplier"),
    "cache": _("Multiplier of cached input"),
    "create_cache": _("Multiplier of cache writes"),
    "image": _("Multiplier of image input"),
    "audio": _("Multiplier of audio input"),
    "audio_completion": _("Multiplier of audio output"),
}
_ONE_OF: Final[Names] = {
    "calls": _("per call"),
    "images": _("per image"),
    "video_seconds": _("per second of video"),
    "audio_seconds": _("per second of audio"),
    "characters": _("per character"),
    "search_units": _("per search unit"),
    "web_searches": _("per web search"),
}
_MANY_OF: Final[Names] = {
    "calls": _("per %(count)s calls"),
    "images": _("per %(count)s images"),
    "video_seconds": _("per %(count)s seconds of video"),
    "audio_seconds": _("per %(count)s seconds of audio"),
    "characters": _("per %(count)s characters"),
    "search_units": _("per %(count)s search units"),
    "web_searches": _("per %(count)s web searches"),
}


def per_unit(meter: str, unit: int) -> str:
    """`per 1M tokens`, `per image`: what a price of this meter is for."""
    if unit == 1:
        return str(_ONE_OF.get(meter, _("per token")))
    return str(_MANY_OF.get(meter, _("per %(count)s tokens"))) % {"count": short_count(unit)}


def short_count(count: int) -> str:
    """1000000 → `1M`, 128000 → `128K`, 272001 → `272,001`."""
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if count >= size and count % size == 0:
            return f"{count // size:,}{letter}"
    return f"{count:,}"


def about(count: int) -> str:
    """A length for the eye: 128000 → `128K`, 991808 → `992K`, 1047576 → `1.05M`."""
    if count < 1_000:
        return str(count)
    thousands = (count + 500) // 1_000
    if thousands < 1_000:
        return f"{thousands}K"
    whole, hundredths = divmod((count + 5_000) // 10_000, 100)
    return f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".") + "M"
