"""Random price lists and calls for the laws that hold for all of them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from apps.marketplace import rating
from apps.marketplace.meters import METERS, QUOTED_AS
from apps.marketplace.samples import Usage
from tests.marketplace.configs import config, tiered

PROMPT = sorted(QUOTED_AS["input_tokens"])
OUTPUT = sorted(QUOTED_AS["output_tokens"])

prices = st.decimals("0", "999", places=6).map(str)
quantities = st.integers(0, 300_000)
multipliers = st.decimals("0", "3", places=4)
calls = st.fixed_dictionaries(dict.fromkeys([*PROMPT, *OUTPUT], quantities))


@st.composite
def tiered_items(draw: st.DrawFn, meter: str) -> dict[str, Any]:
    starts = sorted({0, *draw(st.lists(st.integers(1, 400_000), max_size=3))})
    return tiered(meter, *((start, draw(prices)) for start in starts), unit=draw(st.sampled_from([1, 1000, 1_000_000])))


@st.composite
def price_configs(draw: st.DrawFn) -> dict[str, Any]:
    meters = draw(st.sets(st.sampled_from([*PROMPT, *OUTPUT, "calls"]), min_size=1))
    mode = draw(st.sampled_from(["volume", "graduated"]))
    return config(*(draw(tiered_items(meter)) for meter in sorted(meters)), tier_mode=mode)


@st.composite
def price_lists(draw: st.DrawFn) -> rating.PriceList:
    return rating.parse_config(draw(price_configs()))


MODES = ("fast", "slow")
few_prices = st.sampled_from(["0", "0.000001", "0.15", "2.5", "4", "999"])
few_starts = st.sampled_from([1, 500, 1_000, 32_000])


@st.composite
def any_items(draw: st.DrawFn, meter: str) -> list[dict[str, Any]]:
    """One price of the meter, or one for each mode, or both."""
    cases = draw(
        st.sampled_from([({},), ({"mode": "fast"},), ({}, {"mode": "slow"}), tuple({"mode": mode} for mode in MODES)])
    )
    return [
        {
            **tiered(
                meter,
                *((start, draw(few_prices)) for start in sorted({0, *draw(st.sets(few_starts, max_size=2))})),
                unit=draw(st.sampled_from([1_000, 1_000_000])),
            ),
            "conditions": case,
        }
        for case in cases
    ]


@st.composite
def any_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Of any meters, with and without conditions, in both ways of tiering, tiered by anything."""
    meters = draw(st.sets(st.sampled_from(sorted(METERS)), min_size=1, max_size=4))
    items = [entry for meter in sorted(meters) for entry in draw(any_items(meter))]
    if draw(st.booleans()):
        return config(*items, tier_mode="graduated")
    return config(*items, tier_by=draw(st.sampled_from(sorted(METERS))))


@st.composite
def thinking_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Of text that may cost another price when the model thinks, or when it does not, from a few tokens on."""
    cases = st.sampled_from(
        [({},), *(({}, {"thinking": value}) for value in (True, False)), ({"thinking": True}, {"thinking": False})]
    )
    starts = st.sets(st.sampled_from([1, 100, 150, 5_000]), max_size=2)
    items = [
        {**tiered(meter, *((start, draw(few_prices)) for start in sorted({0, *draw(starts)}))), "conditions": case}
        for meter in sorted(draw(st.sets(st.sampled_from([*PROMPT, *OUTPUT, "calls"]), min_size=1, max_size=4)))
        for case in draw(cases)
    ]
    return config(*items, tier_mode=draw(st.sampled_from(["volume", "graduated"])))


@st.composite
def any_usages(draw: st.DrawFn) -> Usage:
    sizes = st.one_of(st.sampled_from([0, 1, 499, 500, 999, 1_000, 31_999, 32_000]), st.integers(0, 300_000))
    quantities = draw(st.dictionaries(st.sampled_from(sorted(METERS)), sizes, min_size=1))
    return Usage(quantities, draw(st.sampled_from([{}, *({"mode": mode} for mode in MODES)])))


@st.composite
def changed_configs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A config and what became of it: amounts that mostly stay or fall, an item less, other tiering."""
    old = draw(any_configs())
    factors = st.sampled_from(draw(st.sampled_from([(1,), (1, 0), (0, 1, 3), (3, 1)])))
    items = [_times(entry, draw(factors)) for entry in old["items"]]
    if len(items) > 1 and draw(st.integers(0, 4)) == 0:
        items.pop(draw(st.integers(0, len(items) - 1)))
    if draw(st.integers(0, 4)) == 0:
        return old, config(*items, tier_mode=draw(st.sampled_from(["volume", "graduated"])))
    return old, {**old, "items": items}


def _times(entry: dict[str, Any], factor: int) -> dict[str, Any]:
    return {**entry, "tiers": [{**tier, "price": f"{Decimal(tier['price']) * factor:f}"} for tier in entry["tiers"]]}
