"""Which channels may serve a call, in which order: the group's own first, then by priority, then by weight.

Those that just failed come last.
"""

import logging
import random
import time
from collections.abc import Callable
from functools import partial

from apps.relay.errors import RateLimited, RelayError, UpstreamError, UpstreamUnavailable
from apps.relay.types import Admission, ChannelSnapshot, GroupSnapshot, Route, Snapshots

MAX_CHANNELS = 3
_REST_SECONDS: tuple[tuple[type[RelayError], float], ...] = (
    (UpstreamUnavailable, 30.0),
    (RateLimited, 2.0),
    (UpstreamError, 5.0),
)
_draw = random.Random().random  # noqa: S311  spreads load, guards nothing

logger = logging.getLogger(__name__)

Pools = dict[tuple[str, bool, str], tuple[ChannelSnapshot, ...]]


class Router:
    """One process's view of its channels. A channel that failed rests for a while, unless there is no other."""

    def __init__(self, *, draw: Callable[[], float] = _draw, clock: Callable[[], float] = time.monotonic) -> None:
        self._draw = draw
        self._clock = clock
        self._channels: tuple[ChannelSnapshot, ...] = ()
        self._pools: Pools = {}
        self._resting_until: dict[int, float] = {}

    def route(self, snapshots: Snapshots, admission: Admission) -> Route:
        """At most three channels that serve the model: the group's own, then, if it has all lines, those of any other.

        `UpstreamUnavailable` when there is none.
        """
        group = admission.group
        pool = self._pool(snapshots.channels, group, admission.model.code)
        if not pool:
            raise UpstreamUnavailable
        if len(pool) == 1:
            return Route(pool)
        return Route(tuple(sorted(pool, key=partial(self._rank, group.code))[:MAX_CHANNELS]))

    def note_failure(self, channel: ChannelSnapshot, error: RelayError) -> None:
        seconds = next((rest for kind, rest in _REST_SECONDS if isinstance(error, kind)), 0.0)
        if seconds:
            logger.warning("A channel failed.", extra={"channel": channel.name, "error": error.noted_code})
            self._resting_until[channel.id] = self._clock() + seconds

    def _pool(
        self, channels: tuple[ChannelSnapshot, ...], group: GroupSnapshot, model: str
    ) -> tuple[ChannelSnapshot, ...]:
        if channels is not self._channels:
            self._channels, self._pools = channels, {}
        key = group.code, group.all_lines, model
        pool = self._pools.get(key)
        if pool is None:
            pool = tuple(channel for channel in channels if model in channel.models and _is_open_to(channel, group))
            self._pools[key] = pool
        return pool

    def _rank(self, group_code: str, channel: ChannelSnapshot) -> tuple[bool, bool, int, float]:
        """Sorting by an exponential draw over the weight picks in proportion to the weights."""
        is_resting = self._resting_until.get(channel.id, 0.0) > self._clock()
        is_borrowed = group_code not in channel.groups
        return is_resting, is_borrowed, -channel.priority, -(self._draw() ** (1 / channel.weight))


def _is_open_to(channel: ChannelSnapshot, group: GroupSnapshot) -> bool:
    """A channel that stands in no group serves nobody: so one is taken out of use for a while."""
    return group.code in channel.groups or (group.all_lines and bool(channel.groups))
