"""The types of models there usually are: they exist without being listed, and an operator renames or adds as data."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UsualType:
    """`endpoints`: the paths that serve such models; `facets`: what they are told apart by."""

    name: Mapping[str, str]
    endpoints: tuple[str, ...]
    facets: tuple[str, ...]


USUAL_TYPES: Mapping[str, UsualType] = {
    "chat": UsualType(
        {"en": "Chat", "zh-hans": "对话"},
        ("/v1/chat/completions", "/v1/completions"),
        ("context_length", "tools", "vision", "reasoning", "prompt_caching"),
    ),
    "embedding": UsualType({"en": "Embeddings", "zh-hans": "向量"}, ("/v1/embeddings",), ("context_length",)),
    "rerank": UsualType({"en": "Rerank", "zh-hans": "重排序"}, ("/v1/rerank",), ("context_length",)),
    "image": UsualType(
        {"en": "Images", "zh-hans": "图像"},
        ("/v1/images/generations", "/v1/images/edits"),
        ("text_to_image", "image_editing", "size", "quality"),
    ),
    "video": UsualType(
        {"en": "Video", "zh-hans": "视频"},
        ("/v1/videos",),
        ("text_to_video", "image_to_video", "resolution", "seconds", "audio"),
    ),
    "tts": UsualType({"en": "Speech", "zh-hans": "语音合成"}, ("/v1/audio/speech",), ("languages", "voices")),
    "transcription": UsualType(
        {"en": "Transcription", "zh-hans": "语音识别"},
        ("/v1/audio/transcriptions", "/v1/audio/translations"),
        ("languages",),
    ),
    "realtime": UsualType({"en": "Realtime", "zh-hans": "实时"}, (), ("tools", "audio")),
    "moderation": UsualType({"en": "Moderation", "zh-hans": "内容审核"}, ("/v1/moderations",), ()),
}
