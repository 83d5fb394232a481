"""What an operator calls a line of a price list: `display_config.price_lines` beside what the list prices."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from apps.core.languages import text_in
from apps.marketplace.rating import Conditions

Priced = tuple[str, Conditions]
"""The meter of an item, and the conditions it has."""


def label_of(
    display_config: Mapping[str, Any],
    priced: Sequence[Priced],
    *,
    meters: Collection[str],
    conditions: Conditions,
    language: str,
) -> str:
    """The label of these meters under exactly these conditions; empty without conditions, without one, or with two.

    `priced` is in the order of the price list, to which lines point by their index.
    """
    labels = {
        text_in(line.get("label") or {}, language)
        for line in display_config.get("price_lines") or ()
        if conditions and _is_of(priced, line["item"], meters, conditions)
    }
    return labels.pop() if len(labels) == 1 else ""


def _is_of(priced: Sequence[Priced], index: int, meters: Collection[str], conditions: Conditions) -> bool:
    if index >= len(priced):
        return False
    meter, under = priced[index]
    return meter in meters and under == conditions
