"""Small pricing_configs for the tests of this app."""

from typing import Any


def item(meter: str, price: str, *, unit: int = 1_000_000, **conditions: str | bool) -> dict[str, Any]:
    return {"meter": meter, "unit": unit, "conditions": conditions, "tiers": [{"from": 0, "to": None, "price": price}]}


def tiered(meter: str, *tiers: tuple[int, str], unit: int = 1_000_000) -> dict[str, Any]:
    """`tiered("input_tokens", (0, "2.5"), (32_000, "4"))`: each tier ends where the next begins."""
    ends = [start for start, _ in tiers[1:]] + [None]
    return {
        "meter": meter,
        "unit": unit,
        "tiers": [{"from": start, "to": end, "price": price} for (start, price), end in zip(tiers, ends, strict=True)],
    }


def config(*items: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"schema": 2, "items": list(items), **more}
