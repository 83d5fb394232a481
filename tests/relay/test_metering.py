"""What a stream's meter lets pass, holds back and counts."""

import pytest

from apps.relay import meter as metering
from apps.relay.meter import Meter
from apps.relay.types import Usage

HELLO = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}],"usage":null}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_chunks_pass_untouched() -> None:
    meter = Meter(asked_for_usage=False)

    assert meter.take(HELLO + FINISH) == HELLO + FINISH
    assert not meter.ended


def test_usage_that_the_caller_did_not_ask_for_is_dropped() -> None:
    meter = Meter(asked_for_usage=False)

    passed = meter.take(HELLO + USAGE + DONE)

    assert (passed, meter.tail, meter.ended) == (HELLO, DONE, True)
    assert meter.usage == Usage(12, 5)


def test_usage_that_the_caller_asked_for_waits_with_the_end_mark() -> None:
    meter = Meter(asked_for_usage=True)

    passed = meter.take(FINISH + USAGE) + meter.take(DONE)

    assert (passed, meter.tail) == (FINISH, USAGE + DONE)


def test_usage_beside_content_passes_and_counts() -> None:
    both = HELLO.replace(b"null", b'{"prompt_tokens":3,"completion_tokens":1}')
    meter = Meter(asked_for_usage=False)

    assert meter.take(both) == both
    assert meter.usage == Usage(3, 1)


def test_the_latest_usage_wins_and_nothing_is_added_up() -> None:
    meter = Meter(asked_for_usage=False)

    meter.take(HELLO.replace(b"null", b'{"prompt_tokens":3,"completion_tokens":1}'))
    meter.take(HELLO.replace(b"null", b'{"prompt_tokens":3,"completion_tokens":2}'))

    assert meter.usage == Usage(3, 2)


def test_a_first_event_without_choices_is_not_usage() -> None:
    azure = b'data: {"choices":[],"prompt_filter_results":[]}\n\n'
    meter = Meter(asked_for_usage=False)

    assert meter.take(azure) == azure


def test_the_end_mark_in_a_text_is_no_end() -> None:
    said = HELLO.replace(b"Hello", b"[DONE]")
    meter = Meter(asked_for_usage=False)

    assert meter.take(said) == said
    assert not meter.ended


def test_a_stream_without_end_mark_has_finished_when_the_model_said_why_it_stopped() -> None:
    meter = Meter(asked_for_usage=False)
    meter.take(HELLO)
    assert not meter.is_finished

    meter.take(FINISH)

    assert meter.is_finished


def test_text_is_read_only_when_asked_for() -> None:
    meter = Meter(asked_for_usage=False)
    meter.take(HELLO)
    meter.take(HELLO)

    assert meter.text() == "HelloHello"


def test_a_long_stream_is_folded_into_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "KEPT_BYTES_A_STREAM", 3 * len(HELLO))
    before = metering.kept_bytes()
    meter = Meter(asked_for_usage=False)

    for _ in range(10):
        meter.take(HELLO)

    assert metering.kept_bytes() - before <= 3 * len(HELLO)
    assert meter.text() == "Hello" * 10


def test_memory_is_given_back() -> None:
    before = metering.kept_bytes()
    meter = Meter(asked_for_usage=False)
    meter.take(HELLO)

    meter.close()

    assert metering.kept_bytes() == before


def test_progress_is_guessed_from_sizes_alone() -> None:
    meter = Meter(asked_for_usage=False)
    for _ in range(10):
        meter.take(HELLO)

    assert meter.output_with(HELLO) == 11
    assert meter.output_with(HELLO * 5) == 15
    assert meter.output_with(HELLO.replace(b"Hello", b"x" * 305)) == 100


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_text_in_events_of_equal_size_is_no_envelope(line_end: bytes) -> None:
    paragraph = HELLO.replace(b"Hello", b"x" * 308).replace(b"\n", line_end)
    meter = Meter(asked_for_usage=False)
    for _ in range(10):
        meter.take(paragraph * 5)

    assert meter.output_with(paragraph * 5) == 55 * (308 - metering.TOKEN_BYTES) // 3


def test_small_events_count_one_each_whatever_their_line_ends() -> None:
    hello = HELLO.replace(b"\n", b"\r\n")
    meter = Meter(asked_for_usage=False)
    meter.take(hello * 3)
    meter.take(hello * 500)

    assert meter.output_with(hello * 7) == 510


def test_a_comment_makes_no_text_of_the_envelopes() -> None:
    meter = Meter(asked_for_usage=False)
    meter.take(b": busy\n\n")
    meter.take(HELLO * 9)

    assert meter.output_with(HELLO) == 11


@pytest.mark.parametrize("after", [b": keep alive\n\n", HELLO, DONE])
def test_nothing_after_the_end_mark_lets_it_go(after: bytes) -> None:
    meter = Meter(asked_for_usage=False)

    passed = meter.take(HELLO + USAGE + DONE + after) + meter.take(after)

    assert (passed, meter.tail, meter.ended) == (HELLO, DONE, True)


def test_a_folded_stream_remembers_that_it_has_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "KEPT_BYTES_A_STREAM", 10)
    meter = Meter(asked_for_usage=False)

    meter.take(HELLO + FINISH)

    assert meter.is_finished
    assert meter.text() == "Hello"


def test_of_several_choices_those_that_have_ended_are_known() -> None:
    meter = Meter(asked_for_usage=False)
    meter.take(FINISH.replace(b'"index":0', b'"index":2'))
    meter.text()
    meter.take(HELLO + FINISH)

    assert meter.finished_choices == {0, 2}
