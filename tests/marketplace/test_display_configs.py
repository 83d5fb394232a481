"""A display_config is checked when it is saved, and whoever wrote it reads what to write instead."""

from typing import Any

import pytest

from apps.marketplace.display_config import display_fault, with_model_facts, without_model_facts

WHOLE: dict[str, Any] = {
    "title": {"en": "Wan Video", "zh-hans": "万相视频"},
    "summary": {"en": "Text to video."},
    "icon": "wan",
    "order": 120,
    "badge": "new",
    "capabilities": ["text_to_video", "image_to_video"],
    "modalities": {"input": ["text", "image"], "output": ["video"]},
    "context_length": None,
    "max_output": None,
    "max_parts": {"image": 9},
    "price_lines": [{"label": {"en": "1080p"}, "template": "{price} credits / second", "item": 1}],
    "recommended_for": [{"use": "coding", "note": {"en": "best cost-performance"}}],
    "links": {"vendor_privacy": "https://example.com/privacy"},
}


def test_a_config_with_everything_is_accepted() -> None:
    assert display_fault(WHOLE) is None
    assert display_fault({}) is None


@pytest.mark.parametrize(
    ("part", "path", "problem"),
    [
        ({"context_length": "8k"}, "context_length", "Write a whole number of tokens, at most 100,000,000, or null"),
        ({"title": {"EN": "Wan"}}, "title", "Name the language in small letters, such as en or zh-hans."),
        ({"title": {"en": 5}}, "title.en", "Write a text in quotes."),
        ({"badge": "-50%"}, "badge", "Write one of: new, popular, preview, updated, null."),
        ({"capabilities": ["Vision"]}, "capabilities[0]", "Write a code of small letters, digits and underscores"),
        ({"capabilities": ["a", "a"]}, "capabilities", "List each entry once."),
        ({"modalities": {"input": ["smell"]}}, "modalities.input[0]", "Write one of: text, image, audio"),
        ({"price_lines": [{"item": 0}]}, "price_lines[0]", "Add template."),
        ({"price_lines": [{"template": "cheap", "item": 0}]}, "price_lines[0].template", "Write a text with {price}"),
        ({"links": {"site": "javascript:alert(1)"}}, "links.site", "Write an address that begins with https://."),
        ({"order": -1}, "order", "Write a number of at least 0."),
        ({"contextlength": 1}, "", "There is no key contextlength here. Known are: badge, capabilities"),
        ({"recommended_for": [{"use": "chat"}, {"use": "chat"}]}, "recommended_for[1].use", "for each use once"),
    ],
)
def test_a_wrong_part_is_named_with_what_to_write(part: dict[str, Any], path: str, problem: str) -> None:
    fault = display_fault(part)

    assert fault is not None
    assert fault.path == path
    assert problem in str(fault.problem)


def test_a_copy_of_an_answer_is_accepted_without_what_the_model_says_itself() -> None:
    shown = with_model_facts(WHOLE, vendor="aliyun", lifecycle="ga", successor=None)

    assert (shown["vendor"], shown["lifecycle"], shown["successor"]) == ("aliyun", "ga", None)
    assert display_fault(shown) is None
    assert without_model_facts(shown) == WHOLE
