"""What a hostile caller or a broken upstream tried once, and what it gets now."""

import pytest

from apps.relay import events
from apps.relay.services.tokens import _network
from apps.relay.upstreams.openai import error_of_answer


def test_an_upstreams_refusal_without_a_code_is_an_invalid_request() -> None:
    body = b'{"error": {"message": "bad temperature", "type": "invalid_request_error", "code": null}}'

    refusal = error_of_answer(400, (), body)

    assert (refusal.status, refusal.code) == (400, "invalid_request")


@pytest.mark.parametrize("count", [10**18, 2**63, -1, 100_000_001])
def test_a_usage_beyond_belief_is_no_usage(count: int) -> None:
    assert events.usage_of(b'{"usage": {"prompt_tokens": 2, "completion_tokens": %d}}' % count) is None


def test_the_largest_believable_usage_counts() -> None:
    usage = events.usage_of(b'{"usage": {"prompt_tokens": 100000000, "completion_tokens": 1}}')

    assert usage is not None
    assert usage.input_tokens == 100_000_000


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("2001:db8::1", "2001:db8::1/128"),
    ],
)
def test_an_allowed_address_is_stored_as_callers_are_seen(written: str, stored: str) -> None:
    assert str(_network(written)) == stored


def test_an_address_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        _network("fe80::1%eth0")
