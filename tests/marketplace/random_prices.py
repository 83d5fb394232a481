"""Random price lists and calls for the laws that hold for all of them."""

from typing import Any

from hypothesis import strategies as st

from apps.marketplace import rating
from apps.marketplace.meters import QUOTED_AS
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
