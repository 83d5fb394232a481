"""Reads a pricing_config (schema 2): refuses what cannot be priced, says where and why. No prices are computed here.

{"schema": 2, "currency": "CREDIT", "tier_mode": "volume", "tier_by": "input_tokens",
 "items": [{"meter": "input_tokens", "unit": 1000000, "conditions": {"thinking": false},
            "tiers": [{"from": 0, "to": 32000, "price": "2.4"}, {"from": 32000, "to": null, "price": "3.8"}]}],
 "hold": {"max": "40", "hidden_output": false, "pass_unknown_priced": false, "part_tokens": {"image": 1600}}}
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, combinations
from math import lcm
from typing import Any, TypeGuard

from django.utils.translation import gettext_lazy as _

from apps.core.money import NANOS_PER_CREDIT, Nanos, round_half_up
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.meters import FAMILIES, METERS
from apps.marketplace.price_list import HoldTerms, Item, PriceList
from apps.wallet.errors import StandardQuotaGone
from apps.wallet.quota_types import gone_field

CREDIT = "CREDIT"
CURRENCIES = (CREDIT, "USD", "CNY")
TIER_MODES = ("volume", "graduated")
POLICIES = ("floating", "pegged")
# Facts of a version and not of its config: shown with it, left out of what is stored.
VERSION_FACTS = frozenset({"version", "effective_at", "expires_at"})

_KEYS = VERSION_FACTS | {"schema", "template", "currency", "tier_mode", "tier_by", "policy", "items", "hold"}
_TEMPLATE_KEYS = frozenset({"code", "version"})
_ITEM_KEYS = frozenset({"meter", "unit", "conditions", "tiers"})
_TIER_KEYS = frozenset({"from", "to", "price"})
PART_KINDS = frozenset({"image", "audio", "video", "file"})
_HOLD_KEYS = frozenset({"strategy", "max", "hidden_output", "pass_unknown_priced", "part_tokens"})
_PRICE = re.compile(r"\d{1,15}(\.\d{1,40})?", re.ASCII)
_MOST = 10**12
# Credits for one. With the longest context there can be (10^8 tokens) a call stays within what the ledger can hold.
MOST_FOR_A_TOKEN = 10
MOST_FOR_ONE = 1_000_000

Config = dict[str, Any]


def parse_config(config: Mapping[str, Any]) -> PriceList:
    """The price list of a config in credits, ready for `rating.charge_nanos`.

    Raises `PricingConfigError` with the path of the first thing that is wrong.
    """
    validate_config(config)
    if config.get("currency", CREDIT) != CREDIT:
        raise PricingConfigError("currency", _("Convert the prices to credits before calls are priced by them."))
    fractions = [_rates_of(entry) for entry in config["items"]]
    denominator = lcm(*(rate.denominator for rates in fractions for rate in rates))
    items = tuple(
        _item(entry, tuple(int(rate * denominator) for rate in rates))
        for entry, rates in zip(config["items"], fractions, strict=True)
    )
    tier_by = config.get("tier_by") or "input_tokens"
    return PriceList(
        items=items,
        denominator=denominator,
        graduated=config.get("tier_mode", "volume") == "graduated",
        tiered_by=FAMILIES.get(tier_by, frozenset((tier_by,))),
        condition_values=_condition_values(items),
        hold=_hold_terms(config.get("hold") or {}),
    )


def in_credits(config: Mapping[str, Any], credits_per_unit: Decimal) -> Config:
    """The same config with every amount in credits, exactly. Raises as `parse_config` does."""
    validate_config(config)
    converted = {**config, "currency": CREDIT}
    converted["items"] = [
        {**entry, "tiers": [{**tier, "price": _product(tier["price"], credits_per_unit)} for tier in entry["tiers"]]}
        for entry in config["items"]
    ]
    hold = config.get("hold") or {}
    if "max" in hold:
        converted["hold"] = {**hold, "max": _product(hold["max"], credits_per_unit)}
    return converted


def check_range(config: Mapping[str, Any]) -> None:
    """Raises `PricingConfigError` for a price in credits at which a plain call would be beyond the ledger's range.

    For new prices only: what was once published stays readable.
    """
    for index, entry in enumerate(config["items"]):
        most = MOST_FOR_A_TOKEN if entry["meter"].endswith("tokens") else MOST_FOR_ONE
        for place, tier in enumerate(entry["tiers"]):
            if Fraction(tier["price"]) > most * entry["unit"]:
                raise PricingConfigError(
                    f"items[{index}].tiers[{place}].price",
                    _("This is more than %(most)d credits for one: write a lower price or a larger unit.")
                    % {"most": most},
                )


def without_version_facts(config: Mapping[str, Any]) -> Config:
    """What a version stores of a config that may have been copied from an answer of ours."""
    return {key: value for key, value in config.items() if key not in VERSION_FACTS}


def with_version_facts(
    config: Mapping[str, Any], *, number: int, starts_at: datetime, ends_at: datetime | None
) -> Config:
    """The config with the facts of its version, as answers show it."""
    return {
        "policy": "floating",
        **config,
        "version": number,
        "effective_at": starts_at.isoformat(),
        "expires_at": ends_at and ends_at.isoformat(),
    }


def validate_config(config: Mapping[str, Any]) -> None:
    """Raises `PricingConfigError` unless the config can be priced, in whatever currency it stands."""
    _check_keys(config, _KEYS, "pricing_config")
    if config.get("schema") != 2:
        raise PricingConfigError("schema", _("Write 2, the only schema there is."))
    _check_choice(config.get("currency", CREDIT), CURRENCIES, "currency")
    _check_choice(config.get("tier_mode", "volume"), TIER_MODES, "tier_mode")
    _check_choice(config.get("policy", "floating"), POLICIES, "policy")
    _check_template(config.get("template"))
    _check_tier_by(config)
    entries = _list(config.get("items"), "items")
    for index, entry in enumerate(entries):
        _check_item(entry, f"items[{index}]")
    _check_apart(entries)
    _check_hold(config.get("hold"))


def _check_template(reference: object) -> None:
    """Which version of which pricing template the config keeps to, if any."""
    if reference is None:
        return
    template = _object(reference, "template")
    _check_keys(template, _TEMPLATE_KEYS, "template")
    if not isinstance(template.get("code"), str):
        raise PricingConfigError("template.code", _("Write the code of a pricing template."))
    if not _is_whole(template.get("version")) or not 1 <= template["version"] <= _MOST:
        raise PricingConfigError("template.version", _("Write the template's version, a whole number from 1."))


def _check_tier_by(config: Mapping[str, Any]) -> None:
    tier_by = config.get("tier_by")
    if tier_by is None:
        return
    _check_choice(tier_by, tuple(METERS), "tier_by")
    if config.get("tier_mode", "volume") == "graduated":
        raise PricingConfigError(
            "tier_by", _("Leave this out: graduated tiers go by the quantity of the item's own meter.")
        )


def _check_item(entry: object, path: str) -> None:
    item = _object(entry, path)
    _check_keys(item, _ITEM_KEYS, path)
    _check_choice(item.get("meter"), tuple(METERS), f"{path}.meter")
    unit = item.get("unit")
    if not _is_whole(unit) or not 1 <= unit <= _MOST:
        raise PricingConfigError(f"{path}.unit", _("Write how many the price is for, a whole number from 1."))
    for name, value in _object(item.get("conditions", {}), f"{path}.conditions").items():
        if not isinstance(value, str | bool):
            raise PricingConfigError(f"{path}.conditions.{name}", _("Write a text, true or false."))
    _check_tiers(_list(item.get("tiers"), f"{path}.tiers"), f"{path}.tiers")


def _check_tiers(tiers: Sequence[object], path: str) -> None:
    """Whole, without gap or overlap: from 0, each beginning where the last ended, the last one open."""
    expected: int | None = 0
    for index, entry in enumerate(tiers):
        here = f"{path}[{index}]"
        tier = _object(entry, here)
        _check_keys(tier, _TIER_KEYS, here)
        _check_decimal(tier.get("price"), f"{here}.price")
        if expected is None:
            raise PricingConfigError(here, _("No tier can follow one whose `to` is null."))
        _check_bounds(tier, expected, here)
        expected = tier.get("to")
    if expected is not None:
        raise PricingConfigError(f"{path}[{len(tiers) - 1}].to", _("Write null: the last tier is open."))


def _check_bounds(tier: Mapping[str, Any], expected: int, path: str) -> None:
    start, end = tier.get("from"), tier.get("to")
    if not _is_whole(start):
        raise PricingConfigError(f"{path}.from", _("Write a whole number."))
    if start > expected:
        raise PricingConfigError(f"{path}.from", _gap(expected))
    if start < expected:
        raise PricingConfigError(f"{path}.from", _overlap(expected))
    if end is not None and (not _is_whole(end) or not start < end <= _MOST):
        raise PricingConfigError(f"{path}.to", _("Write a whole number above `from`, or null for no end."))


def _gap(expected: int) -> str:
    return _("There is a gap before this tier: begin at %(start)d, where the one before ends.") % {"start": expected}


def _overlap(expected: int) -> str:
    return _("This tier overlaps the one before: begin at %(start)d, where that one ends.") % {"start": expected}


def _check_apart(entries: Sequence[Mapping[str, Any]]) -> None:
    """No two items of a meter may both be the best fit of one call."""
    keys = [(entry["meter"], frozenset(entry.get("conditions", {}).items())) for entry in entries]
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        last = len(keys) - 1 - keys[::-1].index(twice)
        raise PricingConfigError(f"items[{last}]", _("Another item has the same meter and conditions: keep one."))
    for (first, (meter, some)), (second, (other_meter, others)) in combinations(enumerate(keys), 2):
        if meter == other_meter and not (some < others or others < some) and _can_both_hold(some, others):
            raise PricingConfigError(
                f"items[{second}].conditions",
                _("A call can meet these and those of items[%(first)d]: add a condition that tells which one wins.")
                % {"first": first},
            )


def _can_both_hold(some: frozenset[tuple[str, Any]], others: frozenset[tuple[str, Any]]) -> bool:
    names = Counter(name for name, _value in some | others)
    return all(count == 1 for count in names.values())


def _check_hold(hold: object) -> None:
    if hold is None:
        return
    terms = _object(hold, "hold")
    _check_keys(terms, _HOLD_KEYS, "hold")
    if "max" in terms:
        _check_decimal(terms["max"], "hold.max")
    for name in ("hidden_output", "pass_unknown_priced"):
        if not isinstance(terms.get(name, False), bool):
            raise PricingConfigError(f"hold.{name}", _("Write true or false."))
    parts = _object(terms.get("part_tokens", {}), "hold.part_tokens")
    _check_keys(parts, PART_KINDS, "hold.part_tokens")
    for part, tokens in parts.items():
        if not _is_whole(tokens) or not 0 <= tokens <= _MOST:
            raise PricingConfigError(f"hold.part_tokens.{part}", _("Write a whole number of tokens."))


def _check_keys(entry: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    gone = gone_field(entry)
    if gone is not None:
        raise PricingConfigError(f"{path}.{gone}", StandardQuotaGone.text)
    unknown = sorted(set(entry) - known)
    if unknown:
        raise PricingConfigError(
            f"{path}.{unknown[0]}",
            _("There is no such key here. Known are: %(keys)s.") % {"keys": ", ".join(sorted(known))},
        )


def _check_choice(value: object, choices: tuple[str, ...], path: str) -> None:
    if not isinstance(value, str) or value not in choices:
        raise PricingConfigError(path, _("Write one of: %(choices)s.") % {"choices": ", ".join(choices)})


def _check_decimal(value: object, path: str) -> None:
    if not isinstance(value, str):
        raise PricingConfigError(path, _('Write the amount as text, such as "2.4": numbers lose digits.'))
    if _PRICE.fullmatch(value) is None:
        raise PricingConfigError(path, _('Write a plain decimal of at least 0, such as "2.4".'))


def _object(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PricingConfigError(path, _("Write an object in braces."))
    return value


def _list(value: object, path: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise PricingConfigError(path, _("Write a list with at least one entry."))
    return value


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _item(entry: Mapping[str, Any], rates: tuple[int, ...]) -> Item:
    return Item(
        meter=entry["meter"],
        unit=entry["unit"],
        conditions=dict(entry.get("conditions", {})),
        starts=tuple(tier["from"] for tier in entry["tiers"]),
        prices=tuple(tier["price"] for tier in entry["tiers"]),
        rates=rates,
        dearest=tuple(accumulate(rates, max)),
    )


def _rates_of(entry: Mapping[str, Any]) -> list[Fraction]:
    """Nanocredits for one of the meter, exact."""
    return [Fraction(tier["price"]) * NANOS_PER_CREDIT / entry["unit"] for tier in entry["tiers"]]


def _condition_values(items: tuple[Item, ...]) -> Mapping[str, frozenset[str | bool]]:
    names = sorted({name for item in items for name in item.conditions})
    return {name: frozenset(_values_of(name, items)) for name in names}


def _values_of(name: str, items: tuple[Item, ...]) -> Iterator[str | bool]:
    return (item.conditions[name] for item in items if name in item.conditions)


def _hold_terms(hold: Mapping[str, Any]) -> HoldTerms:
    most = Fraction(hold["max"]) * NANOS_PER_CREDIT if "max" in hold else None
    return HoldTerms(
        max_nanos=None if most is None else Nanos(round_half_up(most.numerator, most.denominator)),
        hidden_output=hold.get("hidden_output", False),
        pass_unknown_priced=hold.get("pass_unknown_priced", False),
        part_tokens=dict(hold.get("part_tokens", {})),
    )


def _product(amount: str, rate: Decimal) -> str:
    with localcontext(prec=80):
        return _plain(Decimal(amount) * rate)


def _plain(amount: Decimal) -> str:
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
