"""Which channels are asked, and in which order."""

from collections import Counter
from typing import Any

import pytest

from apps.relay.errors import UpstreamRefusal, UpstreamUnavailable
from apps.relay.routing import Router
from apps.relay.types import ChannelSnapshot
from tests.relay.snapshots import admission, channel


class Known:
    """Snapshots that know channels only."""

    def __init__(self, *channels: ChannelSnapshot) -> None:
        self.channels = channels
        self.models: dict[str, Any] = {}


def order(router: Router, *channels: ChannelSnapshot) -> list[int]:
    return [found.id for found in router.route(Known(*channels), admission()).channels]  # type: ignore[arg-type]


def test_only_channels_of_the_group_that_serve_the_model_are_asked() -> None:
    others = channel(1, groups=frozenset({"vip"})), channel(2, models={"gpt-5": "gpt-5"})

    assert order(Router(), *others, channel(3)) == [3]


def test_no_channel_is_our_fault() -> None:
    with pytest.raises(UpstreamUnavailable):
        order(Router())


def test_the_higher_priority_is_asked_first() -> None:
    assert order(Router(), channel(1), channel(2, priority=5), channel(3, priority=-1)) == [2, 1, 3]


def test_at_most_three_are_asked() -> None:
    assert len(order(Router(), *(channel(number) for number in range(1, 9)))) == 3


def test_weights_share_the_load_in_proportion() -> None:
    router, pair = Router(), (channel(1, weight=3), channel(2, weight=1))

    first = Counter(order(router, *pair)[0] for _ in range(4_000))

    assert 2_800 < first[1] < 3_200


def test_a_channel_that_failed_comes_last_for_a_while() -> None:
    now = [0.0]
    router, pair = Router(clock=lambda: now[0]), (channel(1, priority=1), channel(2))

    router.note_failure(pair[0], UpstreamUnavailable())
    assert order(router, *pair) == [2, 1]

    now[0] = 31.0
    assert order(router, *pair) == [1, 2]


def test_the_callers_mistake_is_no_failure_of_the_channel() -> None:
    router, pair = Router(), (channel(1, priority=1), channel(2))

    router.note_failure(pair[0], UpstreamRefusal("no", status=400))

    assert order(router, *pair) == [1, 2]
