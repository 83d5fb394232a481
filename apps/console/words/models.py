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
