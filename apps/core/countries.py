"""Countries and regions by their ISO 3166-1 codes, in the languages of the site (names after Unicode CLDR)."""

import json
from functools import cache
from pathlib import Path
from typing import Final

from apps.core.languages import reads_chinese

CHINA: Final = "CN"


@cache
def _names() -> dict[str, tuple[str, str]]:
    rows = json.loads((Path(__file__).parent / "countries.json").read_text())
    return {code: (english, chinese) for code, (english, chinese) in rows.items()}


def is_country(code: str) -> bool:
    return code in _names()


def country_name(code: str) -> str:
    """The name in the reader's language; an unknown code stays as it is."""
    names = _names().get(code)
    return code if names is None else names[reads_chinese()]


def country_choices() -> list[tuple[str, str]]:
    """Code and name, by name in the reader's language; the Chinese mainland first."""
    rest = sorted(((code, country_name(code)) for code in _names() if code != CHINA), key=lambda choice: choice[1])
    return [(CHINA, country_name(CHINA)), *rest]
