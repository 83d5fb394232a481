"""Which figures of a pricing_config a list shows: what goes in and what comes out, or the one thing that is counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final

from apps.core.money import NANOS_PER_CREDIT

MILLION: Final = 1_000_000

_IN: Final = ("input_tokens", "image_input_tokens", "audio_input_tokens")
_OUT: Final = ("output_tokens", "image_output_tokens", "audio_output_tokens")
_ALONE: Final = ("images", "video_seconds", "audio_seconds", "characters", "search_units", "calls")


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Credits for `unit` of a meter, at the smallest size, under the conditions that make it cheapest.

    `begins_at` is where another price takes over: None where size changes nothing. `is_lowest` where other conditions
    cost more.
    """

    meter: str
    unit: int
    credits: Decimal
    conditions: Mapping[str, str | bool]
    is_lowest: bool
    begins_at: int | None

    @property
    def nanos(self) -> Fraction:
        return Fraction(self.credits) * NANOS_PER_CREDIT

    @property
    def credits_text(self) -> str:
        """Every decimal there is: `"1.05"`."""
        text = f"{self.credits:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    @property
    def for_a_million(self) -> Decimal:
        return self.credits if self.unit == MILLION else self.credits * MILLION / self.unit

    def times(self, multiplier: Decimal) -> "UnitPrice":
        """Without a rest: prices and multipliers are decimals, and so is what they make."""
        with localcontext(prec=80):
            return replace(self, credits=self.credits * multiplier)


def leading_prices(pricing_config: Mapping[str, Any] | None) -> tuple[UnitPrice, ...]:
    """At most two prices, of a config that was published."""
    by_meter: dict[str, list[Mapping[str, Any]]] = {}
    for item in pricing_config["items"] if pricing_config else ():
        by_meter.setdefault(item["meter"], []).append(item)
    return tuple(_price_of(by_meter[meter]) for meter in _leading_meters(by_meter))


def _leading_meters(meters: Mapping[str, object]) -> Iterator[str]:
    first = {name: next((meter for meter in group if meter in meters), None) for name, group in _GROUPS.items()}
    pair = [meter for meter in (first["in"], first["out"]) if meter]
    if first["out"] or not first["alone"]:
        yield from pair
    else:
        yield first["alone"]


_GROUPS: Final = {"in": _IN, "out": _OUT, "alone": _ALONE}


def _price_of(items: Sequence[Mapping[str, Any]]) -> UnitPrice:
    """The item without conditions, for it is what a plain call pays; else the cheapest one."""
    plain = next((item for item in items if not item.get("conditions")), None)
    item = plain or min(items, key=_for_one)
    tiers = item["tiers"]
    return UnitPrice(
        meter=item["meter"],
        unit=item["unit"],
        credits=Decimal(tiers[0]["price"]),
        conditions=item.get("conditions") or {},
        is_lowest=plain is None and _for_one(max(items, key=_for_one)) > _for_one(item),
        begins_at=tiers[1]["from"] if len(tiers) > 1 else None,
    )


def _for_one(item: Mapping[str, Any]) -> Fraction:
    return Fraction(item["tiers"][0]["price"]) / int(item["unit"])
