"""Every amount of a config by a percentage. Pure.

As it was entered, in its own currency: a price in dollars stays one. Rounded half up to six significant digits.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final

DIGITS: Final = 6


def by_percent(config: Mapping[str, Any], percent: Decimal) -> dict[str, Any]:
    """The config with each price, and the most that is ever held, changed alike."""
    changed = {**config, "items": [_item(entry, percent) for entry in config["items"]]}
    hold = config.get("hold") or {}
    if "max" in hold:
        changed["hold"] = {**hold, "max": _amount(hold["max"], percent)}
    return changed


def _item(entry: Mapping[str, Any], percent: Decimal) -> dict[str, Any]:
    return {**entry, "tiers": [{**tier, "price": _amount(tier["price"], percent)} for tier in entry["tiers"]]}


def _amount(amount: str, percent: Decimal) -> str:
    with localcontext(prec=80):
        exact = Decimal(amount) * (100 + percent) / 100
    with localcontext(prec=DIGITS, rounding=ROUND_HALF_UP):
        rounded = +exact
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
