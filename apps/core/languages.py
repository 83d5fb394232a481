"""Texts kept by language, such as `{"en": "Chat", "zh-hans": "对话"}`: written once, read in the reader's."""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.utils.translation import get_language, override

FALLBACK: Final = "en"


def reads_chinese() -> bool:
    """Whether what is being written now is for a reader of Chinese."""
    return (get_language() or "").startswith("zh")


def in_each_language(write: Callable[[], str]) -> dict[str, str]:
    """What `write` says in every language of the site, for texts that are stored and read later."""
    texts = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts[code] = str(write())
    return texts


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, else in English, else in whichever there is; empty where there is none."""
    return texts.get(language) or texts.get(FALLBACK) or next((text for text in texts.values() if text), "")
