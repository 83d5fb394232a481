"""Tokens counted here: OpenAI's own ids, and bounded time whatever the text."""

import time

import pytest

from apps.relay import counting, wire
from tests.relay.snapshots import model


def count(body: bytes) -> int:
    return counting.count_input(wire.peek(body, wire.CHAT), model())


@pytest.mark.parametrize(
    ("text", "code", "tokens"),
    [
        ("hello world", "gpt-4o", 2),
        ("hello world", "gpt-3.5-turbo", 2),
        ("你好，世界", "gpt-4o", 3),
        ("", "gpt-4o", 0),
    ],
)
def test_texts_have_the_tokens_of_their_encoding(text: str, code: str, tokens: int) -> None:
    assert counting.count_text(text, code) == tokens


def test_special_tokens_that_a_user_typed_are_text() -> None:
    assert counting.count_text("<|endoftext|>", "gpt-4o") > 1


def test_a_chat_has_three_tokens_a_message_and_three_for_the_answer() -> None:
    # 3 + (3 + user 1 + hello world 2)
    assert count(b'{"model":"m","messages":[{"role":"user","content":"hello world"}]}') == 9


def test_parts_are_counted_one_by_one() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hello world"},'
        b'{"type":"image_url","image_url":{"url":"x"}}]}]}'
    )

    assert count(body) == 9 + counting.PART_TOKENS


def test_lists_of_tokens_count_themselves() -> None:
    ask = wire.peek(b'{"model":"m","input":[[1,2,3],[4,5]]}', wire.EMBEDDINGS)

    assert counting.count_input(ask, model()) == 5


@pytest.mark.parametrize("text", ["a" * 100_000, " " * 100_000, "!" * 100_000, "ab" * 1_000_000])
def test_no_text_takes_long(text: str) -> None:
    counting.warm_up()
    started = time.perf_counter()

    tokens = counting.count_text(text, "gpt-4o")

    assert 0 < tokens <= len(text)
    assert time.perf_counter() - started < 3


def test_only_what_the_endpoint_sends_to_the_model_counts() -> None:
    ask = wire.peek(b'{"model":"m","input":[1,2,3,4],"prompt":"a","messages":[]}', wire.EMBEDDINGS)

    assert counting.count_input(ask, model()) == 4
