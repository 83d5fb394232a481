"""The quote is an upper bound: no usage the request can lead to costs more."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.relay import quote, wire
from apps.relay.charging import charge_of
from apps.relay.errors import BadRequest
from apps.relay.types import Ask, ModelSnapshot, Quote, Usage
from tests.marketplace.random_prices import multipliers, thinking_configs
from tests.relay.snapshots import PLAIN, admission, conditions_of, model, price_config

HI = [{"role": "user", "content": "hi"}]


def ask_for(**fields: Any) -> Ask:
    return wire.peek(json.dumps({"model": "m", "messages": HI, **fields}, separators=(",", ":")).encode(), wire.CHAT)


def quoted(of: ModelSnapshot | None = None, multiplier: str = "1", **fields: Any) -> Quote:
    ask = ask_for(**fields)
    return quote.quote(ask, wire.shape_of(ask), admission(of, multiplier=multiplier))


def test_text_counts_its_bytes_sixteen_a_message_and_an_overhead() -> None:
    # {"model":"m","messages":[{"role":"user","content":"hi"}]} is 57 bytes: 57 + 16 + 64 = 137
    assert quoted().input_tokens == 137


def test_a_plain_call_holds_its_bound() -> None:
    found = quoted(max_tokens=1_000)

    # 155 input tokens at 2 and 1,000 output tokens at 8 credits a million
    assert found.input_tokens == 155
    assert found.hold_nanos == found.bound_nanos == 155 * 2_000 + 1_000 * 8_000


def test_without_a_limit_the_models_own_counts() -> None:
    assert quoted().output_tokens == 16_384


def test_a_limit_above_the_models_is_lowered_to_it() -> None:
    assert quoted(max_tokens=128_000).output_tokens == 16_384


def test_every_choice_may_be_as_long() -> None:
    assert quoted(max_tokens=100, n=3).output_tokens == 300


def test_a_stream_begins_with_a_step() -> None:
    found = quoted(stream=True)

    assert (found.held_output, found.output_tokens) == (4_096, 16_384)
    assert found.hold_nanos == found.input_tokens * 2_000 + 4_096 * 8_000
    assert found.bound_nanos == found.input_tokens * 2_000 + 16_384 * 8_000


def test_a_model_that_hides_its_output_holds_the_whole_bound_of_a_stream() -> None:
    found = quoted(model(hidden_output=True), stream=True)

    assert found.hold_nanos == found.bound_nanos
    assert found.held_output == 16_384


def test_the_multiplier_of_the_group_comes_last() -> None:
    assert quoted(multiplier="1.5", max_tokens=1).hold_nanos == round((152 * 2_000 + 8_000) * 1.5)


def test_an_image_counts_its_known_maximum_instead_of_its_bytes() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 50_000}}

    found = quoted(model(part_tokens={"image": 1_600}), messages=[{"role": "user", "content": [image]}])

    assert 1_600 < found.input_tokens < 1_800


def test_a_part_of_unknown_size_counts_all_there_is_room_for() -> None:
    file = {"type": "file", "file": {"file_id": "f"}}

    assert quoted(messages=[{"role": "user", "content": [file]}]).input_tokens == 128_000


def test_a_cache_write_is_the_dearest_an_input_token_can_be() -> None:
    config = price_config(("input_tokens", "2"), ("cache_write_tokens", "2.5"), ("output_tokens", "8"))

    assert quoted(model(config=config), max_tokens=1).hold_nanos == 152 * 2_500 + 8_000


@pytest.mark.parametrize(
    ("part", "meter"),
    [
        ({"type": "input_audio", "input_audio": {"data": "A", "format": "wav"}}, "audio_input_tokens"),
        ({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}, "image_input_tokens"),
        ({"type": "file", "file": {"file_id": "f"}}, "audio_input_tokens"),
    ],
)
def test_a_part_with_a_price_of_its_own_is_held_at_it(part: dict[str, Any], meter: str) -> None:
    config = price_config(("input_tokens", "2"), (meter, "40"), ("output_tokens", "8"))
    limits = {"audio": 500, "image": 500, "file": 500}

    found = quoted(
        model(config=config, part_tokens=limits), max_tokens=1, messages=[{"role": "user", "content": [part]}]
    )

    assert found.hold_nanos == found.input_tokens * 40_000 + 8_000
    usage = Usage(found.input_tokens, 1, other={meter: found.input_tokens})
    assert charge_of(usage, admission(model(config=config)), found.extras) <= found.hold_nanos


def test_tools_are_rendered_with_words_of_the_providers_own() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    size = len(',"tools":[{"type":"function","function":{"name":"f"}}]')

    assert quoted(tools=tools).input_tokens == 137 + size + 512


def test_a_price_a_call_is_held_once() -> None:
    assert quoted(model(config=price_config(("calls", "0.05"))), max_tokens=1).hold_nanos == 50_000_000


def test_the_config_may_cap_the_hold() -> None:
    capped = model(config={**PLAIN, "hold": {"max": "0.001"}})

    assert quoted(capped).hold_nanos == 1_000_000


def test_embeddings_have_no_output() -> None:
    ask = wire.peek(b'{"model":"m","input":"hello"}', wire.EMBEDDINGS)

    found = quote.quote(ask, wire.shape_of(ask), admission())

    assert found.output_tokens == 0
    assert found.hold_nanos == (29 + 16 + 64) * 2_000


def test_each_text_of_a_list_may_fill_the_context() -> None:
    body = json.dumps({"model": "m", "input": ["x" * 8_000] * 20}).encode()
    ask = wire.peek(body, wire.EMBEDDINGS)

    found = quote.quote(ask, wire.shape_of(ask), admission(model(context_length=8_192)))

    # 20 texts of up to 8,000 tokens each, not one context
    assert 20 * 8_000 <= found.input_tokens <= 20 * 8_192


def test_one_text_of_many_commas_is_one_context() -> None:
    ask = wire.peek(json.dumps({"model": "m", "input": "a, " * 10_000}).encode(), wire.EMBEDDINGS)

    assert quote.quote(ask, wire.shape_of(ask), admission(model(context_length=8_192))).input_tokens == 8_192


def test_no_hold_is_more_than_the_ledger_can_count() -> None:
    body = json.dumps({"model": "m", "prompt": ["a"] * 100_000, "best_of": 128, "max_tokens": 16_384}).encode()
    ask = wire.peek(body, wire.COMPLETIONS)
    dear = model(config=price_config(("input_tokens", "2"), ("output_tokens", "1000000")))

    # 200 of them in one batch are still a number of 64 bits
    assert 200 * quote.quote(ask, wire.shape_of(ask), admission(dear)).hold_nanos < 2**63


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("web_search_options", {"search_context_size": "low"}),
        ("web_search_options", {}),
        ("modalities", ["text", "image"]),
        ("enable_search", True),
        ("search_parameters", {"mode": "on"}),
        ("service_tier", "priority"),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy", "format": "wav"}),
        ("prompt_cache_options", {"mode": "implicit", "ttl": "12h"}),
        ("plugins", [{"id": "web"}]),
    ],
)
def test_a_priced_field_without_a_price_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(BadRequest, match=f"'{field}' has no price") as refused:
        quoted(**{field: value})

    assert refused.value.details["param"] == field
    assert quoted(model(pass_unknown_priced=True), **{field: value}).hold_nanos


def test_a_hosted_tool_without_a_price_is_refused_by_its_place() -> None:
    functions = [{"type": "function", "function": {"name": "f"}}]
    assert quoted(tools=functions).hold_nanos

    with pytest.raises(BadRequest, match=r"tools\[1\]\.type"):
        quoted(tools=[*functions, {"type": "web_search"}])


def test_the_price_of_a_search_pays_for_no_other_hosted_tool() -> None:
    config = price_config(("input_tokens", "2"), ("output_tokens", "8"), ("web_searches", "0.07"))
    assert quoted(model(config=config), tools=[{"type": "web_search_preview"}]).hold_nanos

    with pytest.raises(BadRequest, match=r"tools\[0\]\.type"):
        quoted(model(config=config), tools=[{"type": "code_interpreter"}])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enable_search", False),
        ("service_tier", "auto"),
        ("service_tier", None),
        ("modalities", ["text"]),
        ("web_search_options", None),
    ],
)
def test_a_priced_field_that_is_off_costs_nothing(field: str, value: object) -> None:
    assert quoted(**{field: value}).extras.quantities == {}


def test_a_priced_search_is_held_and_charged() -> None:
    config = price_config(("input_tokens", "2"), ("output_tokens", "8"), ("web_searches", "0.07"))

    found = quoted(model(config=config), max_tokens=1, web_search_options={"a": 1})

    assert found.extras.quantities == {"web_searches": 1}
    assert found.hold_nanos - quoted(model(config=config), max_tokens=1).hold_nanos > 70_000_000


THINKING: dict[str, Any] = {
    "schema": 2,
    "currency": "CREDIT",
    "items": [
        {"meter": "input_tokens", "unit": 1_000_000, **conditions_of("1")},
        {"meter": "output_tokens", "unit": 1_000_000, "conditions": {"thinking": False}, **conditions_of("4")},
        {"meter": "output_tokens", "unit": 1_000_000, "conditions": {"thinking": True}, **conditions_of("12")},
    ],
}


def test_who_does_not_say_whether_to_think_is_quoted_the_dearer() -> None:
    dearer, cheaper = quoted(model(config=THINKING)), quoted(model(config=THINKING), enable_thinking=False)

    assert dearer.bound_nanos == 137 * 1_000 + 16_384 * 12_000
    assert cheaper.bound_nanos == 161 * 1_000 + 16_384 * 4_000


def test_a_price_for_thinking_alone_bounds_no_call_that_does_not_think() -> None:
    items = [THINKING["items"][0], {**THINKING["items"][1], "conditions": {}}, THINKING["items"][2]]
    cheaper_when_thinking = {**THINKING, "items": [*items[:2], {**items[2], **conditions_of("2")}]}

    found = quoted(model(config=cheaper_when_thinking))

    assert found.bound_nanos == 137 * 1_000 + 16_384 * 4_000
    assert charge_of(Usage(137, 16_384), admission(model(config=cheaper_when_thinking)), found.extras) == (
        found.bound_nanos
    )


def test_a_model_that_only_has_a_price_for_thinking_is_quoted_by_it() -> None:
    only_thinking = {**THINKING, "items": [THINKING["items"][0], THINKING["items"][2]]}

    assert quoted(model(config=only_thinking)).bound_nanos == 137 * 1_000 + 16_384 * 12_000


def test_who_did_think_is_told_by_the_usage() -> None:
    admitted = admission(model(config=THINKING))

    without = charge_of(Usage(100, 10), admitted, quoted(model(config=THINKING)).extras)
    with_ = charge_of(Usage(100, 10, reasoning_tokens=4), admitted, quoted(model(config=THINKING)).extras)

    assert (without, with_) == (100_000 + 10 * 4_000, 100_000 + 10 * 12_000)


def test_the_charge_prices_each_part_once() -> None:
    config = price_config(
        ("input_tokens", "2"), ("cached_input_tokens", "0.1"), ("cache_write_tokens", "2.5"), ("output_tokens", "10")
    )

    charge = charge_of(Usage(12_000, 700, 8_000, 1_000), admission(model(config=config)), quoted().extras)

    # 3,000 * 2 + 8,000 * 0.1 + 1,000 * 2.5 + 700 * 10 = 16,300 millionths
    assert charge == 16_300_000


def test_what_have_buys_is_what_the_402_advises() -> None:
    ask = ask_for(max_tokens=16_000)
    admitted = admission()
    found = quote.quote(ask, wire.shape_of(ask), admitted)
    have = found.input_tokens * 2_000 + 500 * 8_000 + 7_999

    assert quote.affordable_output(ask, found, admitted, have) == 500
    assert quote.affordable_output(ask, found, admitted, 100) == 0


@settings(deadline=None)
@given(
    config=thinking_configs(),
    multiplier=multipliers,
    asked=st.sampled_from([{}, {"enable_thinking": True}, {"enable_thinking": False}]),
    prompt=st.integers(1, 137),
    parts=st.tuples(st.integers(0, 137), st.integers(0, 137)),
    out=st.sampled_from([0, 1, 99, 4_999, 16_384]),
    reasoning=st.sampled_from([0, 0, 1, 16_384]),
)
def test_no_usage_within_the_bounds_costs_more_than_the_hold(
    config: dict[str, Any],
    multiplier: Decimal,
    asked: dict[str, bool],
    prompt: int,
    parts: tuple[int, int],
    out: int,
    reasoning: int,
) -> None:
    cached = min(parts[0], prompt)
    usage = Usage(prompt, out, cached, min(parts[1], prompt - cached), min(reasoning, out))
    found = quoted(model(config=config), multiplier=str(multiplier), **asked)

    charge = charge_of(usage, admission(model(config=config), multiplier=str(multiplier)), found.extras)

    assert charge <= found.bound_nanos
