"""Which channels are asked, and in which order."""

from collections import Counter
from dataclasses import replace
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


def order(router: Router, *channels: ChannelSnapshot, all_lines: bool = False) -> list[int]:
    admitted = admission()
    admitted = replace(admitted, group=replace(admitted.group, all_lines=all_lines))
    return [found.id for found in router.route(Known(*channels), admitted).channels]  # type: ignore[arg-type]


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


def test_a_group_with_all_lines_asks_its_own_channels_first_and_then_those_of_any_other() -> None:
    foreign = channel(1, groups=frozenset({"vip"}), priority=9)
    parked, without_it = channel(2, groups=frozenset()), channel(3, groups=frozenset({"vip"}), models={"gpt-5": "x"})

    assert order(Router(), foreign, parked, without_it, channel(4, priority=-1), all_lines=True) == [4, 1]
    assert order(Router(), foreign, parked, without_it, all_lines=True) == [1]


def test_another_groups_channel_serves_while_the_own_ones_rest() -> None:
    now = [0.0]
    router, own, foreign = Router(clock=lambda: now[0]), channel(1), channel(2, groups=frozenset({"vip"}))

    router.note_failure(own, UpstreamUnavailable())

    assert order(router, own, foreign, all_lines=True) == [2, 1]
    now[0] = 31.0
    assert order(router, own, foreign, all_lines=True) == [1, 2]


def test_one_router_keeps_the_lines_of_a_group_and_of_a_granted_model_apart() -> None:
    router, own, foreign = Router(), channel(1), channel(2, groups=frozenset({"vip"}))

    assert order(router, own, foreign, all_lines=True) == [1, 2]
    assert order(router, own, foreign) == [1]
